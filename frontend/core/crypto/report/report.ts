import { type Bytes, Reader, Writer } from "#schema/envelope/bytes.ts";
import { type FrankedDelivery } from "#schema/envelope/franking-tag.ts";
import { contentMaxBytes } from "../cbor.ts";
import { assertOr, parsing } from "../errors.ts";
import { type FrankedContent } from "../franking.ts";

/** One message as evidence: what it said, what opens its commitment, and what the server said when it took it in. */
export interface ReportedMessage extends FrankedDelivery, FrankedContent {
  readonly clientMsgId: Uint8Array;
  /** `ft`, 32 bytes. */
  readonly tag: Uint8Array;
}

export const reportReasons = { spam: 1, abuse: 2, illegal: 3, other: 4 } as const;
export type ReportReason = keyof typeof reportReasons;

/** What one person tells the moderators (CRYPTO 2.14). Files come with it through the pointers in the content. */
export interface Report {
  readonly reporterAccountId: Uint8Array;
  readonly reason: ReportReason;
  /** In the reporter's words; may be empty. */
  readonly note: string;
  /** The reported one first, then up to 5 before it that the reporter chose; all of one conversation. */
  readonly messages: readonly ReportedMessage[];
}

const version = 1;
const messagesMax = 6;
const noteMaxBytes = 2_000;
const layout = "report";
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * `ver 1 | reporter 16 | reason u8 | len u16 | note | n u8 | n × (convId 16 | seq u64 | clientMsgId 16 | senderAccount 16 | senderDevice u32 |
 * serverTime u64 | kf 32 | fc 32 | ft 32 | len u32 | content)`. Throws `CryptoError` MALFORMED for what `parseReport` would refuse.
 */
export function encodeReport(report: Report): Bytes {
  const note = new TextEncoder().encode(report.note);
  const writer = new Writer()
    .u8(version)
    .bytes(report.reporterAccountId, 16)
    .u8(reportReasons[report.reason])
    .u16(note.length)
    .bytes(note)
    .u8(report.messages.length);
  for (const message of report.messages) {
    writer
      .bytes(message.conversationId, 16)
      .u64(message.sequence)
      .bytes(message.clientMsgId, 16)
      .bytes(message.senderAccountId, 16)
      .u32(message.senderDeviceId)
      .u64(message.serverTimeMs)
      .bytes(message.frankingKey, 32)
      .bytes(message.commitment, 32)
      .bytes(message.tag, 32)
      .u32(message.encoded.length)
      .bytes(message.encoded);
  }
  const bytes = writer.done();
  parseReport(bytes);
  return bytes;
}

/** The inverse of `encodeReport`; nothing in it is verified. Throws `CryptoError` MALFORMED or UNSUPPORTED_VERSION. */
export function parseReport(bytes: Uint8Array): Report {
  return parsing(() => {
    const reader = new Reader(bytes, layout);
    reader.version(version);
    const head = { reporterAccountId: reader.take(16), reason: reader.name(reportReasons) };
    const note = decodeNote(reader.take(reader.u16()));
    const count = reader.u8();
    assertOr(count >= 1 && count <= messagesMax, "MALFORMED", "report: number of messages");
    const messages = Array.from({ length: count }, () => readMessage(reader));
    reader.end();
    return { ...head, note, messages };
  });
}

function readMessage(reader: Reader): ReportedMessage {
  const message = {
    conversationId: reader.take(16),
    sequence: reader.u64(),
    clientMsgId: reader.take(16),
    senderAccountId: reader.take(16),
    senderDeviceId: reader.u32(),
    serverTimeMs: reader.u64(),
    frankingKey: reader.take(32),
    commitment: reader.take(32),
    tag: reader.take(32),
  };
  const length = reader.u32();
  assertOr(length <= contentMaxBytes, "MALFORMED", "report: content too large");
  return { ...message, encoded: reader.take(length) };
}

function decodeNote(bytes: Uint8Array): string {
  assertOr(bytes.length <= noteMaxBytes, "MALFORMED", "report: note too long");
  let note: string | undefined;
  try {
    note = decoder.decode(bytes);
  } catch {
    // told as malformed below
  }
  assertOr(note !== undefined, "MALFORMED", "report: note is no text");
  return note;
}
