/** Reports to the moderators: evidence from the log, the server's tags over it, one sealed letter (CRYPTO 2.14). */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { parseGroupOp } from "#schema/envelope/group-op.ts";
import { SottoError } from "#schema/errors.ts";
import { frankingTags, sendReport as sendReportRoute } from "#schema/http/reports.ts";
import { limits } from "#schema/limits.ts";
import type { MessageRecord } from "#schema/protocol/message.ts";
import { ClientError } from "../client-api.ts";
import { openFrankedBody } from "../crypto/body.ts";
import type { FrankedContent } from "../crypto/franking.ts";
import { openFrankedGroupBody } from "../crypto/group/group-body.ts";
import type { ReportedMessage } from "../crypto/report/report.ts";
import { sealReport } from "../crypto/report/sealed-report.ts";
import { groupOperationKey, groupOperationTable } from "../store/group-tables.ts";
import type { Records } from "../store/records.ts";
import type { OpenedKey, StoredMessage } from "../store/tables.ts";
import type { ReportInput } from "../trust-api.ts";
import type { Engine } from "./engine.ts";

/** A message that proves something: it was opened here, and its key is kept. */
interface Provable {
  readonly stored: StoredMessage;
  readonly key: OpenedKey;
}

/**
 * `moderatorKey` comes with the build of the app, never from the server (attack 67). Throws `ClientError` cannot_report, and
 * `SottoError`.
 */
export async function sendReport(
  engine: Engine,
  records: Records,
  moderatorKey: Uint8Array | undefined,
  input: ReportInput,
): Promise<void> {
  if (moderatorKey === undefined) throw new ClientError("cannot_report");
  const { provider, own } = engine.self;
  const messages = await withProof(engine, records, await choose(engine, input));
  const sealed = sealReport(provider, moderatorKey, {
    reporterAccountId: own.cert.accountId,
    reason: input.reason,
    note: input.note.slice(0, limits.reportNoteChars),
    messages,
  });
  const body = { conversation: input.conversationId, sealed: encodeBase64url(sealed) };
  await asCannotReport(() => engine.call(sendReportRoute, { body }));
}

/** The reported message first, then those before it that the person chose to add and that prove something. */
async function choose(
  { timeline }: Engine,
  { conversationId, seq, previous }: ReportInput,
): Promise<readonly Provable[]> {
  const count = Math.min(previous, limits.reportMessages - 1);
  const page = await timeline.page(conversationId, seq + 1, limits.pageMax);
  const provable = page.flatMap((stored) => {
    const key = stored.opened ?? stored.sent;
    const isShown = stored.content.type === "text" || stored.content.type === "attachments";
    return key === undefined || !isShown || stored.seq <= seq - limits.pageMax ? [] : [{ stored, key }];
  });
  const reported = provable.pop();
  if (reported?.stored.seq !== seq) throw new ClientError("cannot_report");
  return [reported, ...provable.slice(provable.length - Math.min(count, provable.length)).toReversed()];
}

async function withProof(
  { self, call, history }: Engine,
  records: Records,
  chosen: readonly Provable[],
): Promise<ReportedMessage[]> {
  const newest = chosen[0]!.stored;
  const { conversationId } = newest;
  const sequences = chosen.map(({ stored }) => stored.seq).toReversed();
  const range = { before: newest.seq + 1, limit: newest.seq + 1 - sequences[0]! };
  const [{ messages }, { tags }] = await asCannotReport(() =>
    Promise.all([
      history.page(conversationId, range),
      call(frankingTags, { params: { conversation: conversationId }, body: { sequences } }),
    ]),
  );
  return Promise.all(
    chosen.map(async ({ stored, key }) => {
      const record = messages.find(({ seq }) => seq === stored.seq);
      const tag = tags.find(({ seq }) => seq === stored.seq);
      if (record === undefined || tag === undefined) throw new ClientError("cannot_report");
      const stateHash = await groupStateHash(records, stored, key);
      return {
        ...evidenceOf(self.provider, record, key, stateHash),
        conversationId: decodeBase64url(conversationId),
        clientMsgId: decodeBase64url(stored.clientMessageId),
        senderAccountId: decodeBase64url(stored.sender.account),
        senderDeviceId: stored.sender.device,
        sequence: stored.seq,
        serverTimeMs: tag.serverTimeMs,
        tag: decodeBase64url(tag.tag),
      };
    }),
  );
}

/** What a group's body is bound to besides its key: the operation that its sender knew last. */
async function groupStateHash(
  records: Records,
  { conversationId }: StoredMessage,
  { groupEpoch }: OpenedKey,
): Promise<Uint8Array | undefined> {
  if (groupEpoch === undefined) return undefined;
  const stored = await records.read(groupOperationTable, groupOperationKey(conversationId, groupEpoch));
  if (stored === undefined) throw new ClientError("cannot_report");
  return parseGroupOp(decodeBase64url(stored.operation)).stateHash;
}

function evidenceOf(
  provider: Engine["self"]["provider"],
  record: MessageRecord,
  { key, hash, sentAtMs }: OpenedKey,
  stateHash: Uint8Array | undefined,
): FrankedContent {
  const body = decodeBase64url(record.body);
  const bodyKey = {
    conversationId: decodeBase64url(record.conversationId),
    clientMsgId: decodeBase64url(record.clientMessageId),
    bodyKey: decodeBase64url(key),
    bodyHash: decodeBase64url(hash),
    sentAtMs,
  };
  const sender = { accountId: decodeBase64url(record.sender.account), deviceId: record.sender.device };
  return stateHash === undefined
    ? openFrankedBody(provider, body, bodyKey, sender)
    : openFrankedGroupBody(provider, body, bodyKey, sender, stateHash);
}

async function asCannotReport<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SottoError && error.kind === "not_found") {
      throw new ClientError("cannot_report", { cause: error });
    }
    throw error;
  }
}
