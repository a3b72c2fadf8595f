import { type Bytes, Reader, sameBytes, Writer } from "#schema/envelope/bytes.ts";
import { frankingTagInput } from "#schema/envelope/franking-tag.ts";
import { label } from "#schema/envelope/labels.ts";
import { type MessageContent, parseBoundContent, parseContent } from "../content.ts";
import { assertOr, parsing } from "../errors.ts";
import { frankingCommitment } from "../franking.ts";
import { hpkeChaCha, hpkeRecipient, hpkeSender } from "../hpke/hpke.ts";
import { pad, unpad } from "../padded.ts";
import { type KeyPair, type Provider } from "../provider.ts";
import { encodeReport, parseReport, type Report, type ReportedMessage } from "./report.ts";

const version = 1;

/**
 * `ver 1 | enc 32 | HPKE base(pad(report), info = L("report"), aad = reporter 16)` to the moderators' X25519 key, which is pinned in the
 * app and never taken from the server (attack 67). The server knows who reports, not what.
 */
export function sealReport(provider: Provider, moderatorKey: Uint8Array, report: Report): Bytes {
  const { enc, context } = hpkeSender(provider, hpkeChaCha, moderatorKey, { info: label("report") });
  const sealed = context.seal(pad(encodeReport(report)), report.reporterAccountId);
  return new Writer().u8(version).bytes(enc, 32).bytes(sealed).done();
}

/**
 * The moderators' side; `reporterAccountId` is who the server says has sent it. Throws `CryptoError`: MALFORMED, UNSUPPORTED_VERSION,
 * BAD_TAG, BAD_PADDING, BAD_BINDING (names another reporter).
 */
export function openReport(
  provider: Provider,
  moderator: KeyPair,
  reporterAccountId: Uint8Array,
  bytes: Uint8Array,
): Report {
  const { enc, sealed } = parsing(() => {
    const reader = new Reader(bytes, "sealed report");
    reader.version(version);
    return { enc: reader.take(32), sealed: reader.rest() };
  });
  const context = hpkeRecipient(provider, hpkeChaCha, moderator, enc, { info: label("report") });
  const report = parseReport(unpad(context.open(sealed, reporterAccountId)));
  const isTheirs = sameBytes(report.reporterAccountId, reporterAccountId);
  assertOr(isTheirs, "BAD_BINDING", "report: of another reporter");
  return report;
}

/** The server's tag over one delivery: `ft` of CRYPTO 2.14. */
export function frankingTag(
  provider: Provider,
  dayKey: Uint8Array,
  message: Parameters<typeof frankingTagInput>[0],
): Bytes {
  return provider.hmac(dayKey, frankingTagInput(message));
}

/**
 * Checks one message of a report: that the server accepted exactly this commitment from this sender in this place and at this time, that
 * the content opens it, and that the content says the same of itself. `dayKey` is the server's key of the day of `serverTimeMs`.
 * Throws `CryptoError`: BAD_SIGNATURE (the tag is not the server's), BAD_COMMITMENT, BAD_BINDING, MALFORMED, UNSUPPORTED_VERSION.
 */
export function verifyReportedMessage(
  provider: Provider,
  dayKey: Uint8Array,
  message: ReportedMessage,
): MessageContent {
  const isTagged = provider.equal(frankingTag(provider, dayKey, message), message.tag);
  assertOr(isTagged, "BAD_SIGNATURE", "report: not what the server accepted");
  const opened = frankingCommitment(provider, message, message.encoded, message.frankingKey);
  const isSaid = provider.equal(opened, message.commitment);
  assertOr(isSaid, "BAD_COMMITMENT", "report: not what was said");
  const { encoded, conversationId, clientMsgId, senderAccountId, senderDeviceId } = message;
  const { groupEpoch } = parseContent(encoded);
  const said = { conversationId, clientMsgId, senderAccountId, senderDeviceId };
  return parseBoundContent(encoded, groupEpoch === undefined ? said : { ...said, groupEpoch });
}
