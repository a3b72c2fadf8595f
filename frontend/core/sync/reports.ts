/** Reports to the moderators: evidence from the log, the server's tags over it, one sealed letter (CRYPTO 2.14). */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { bodyType } from "#schema/envelope/body.ts";
import { SottoError } from "#schema/errors.ts";
import { frankingTags, sendReport } from "#schema/http/reports.ts";
import { limits } from "#schema/limits.ts";
import type { MessageRecord } from "#schema/protocol/message.ts";
import type { SessionCall } from "../api/session-api.ts";
import { ClientError } from "../client-api.ts";
import { openFrankedBody } from "../crypto/body.ts";
import type { FrankedContent } from "../crypto/franking.ts";
import type { ReportedMessage } from "../crypto/report/report.ts";
import { sealReport } from "../crypto/report/sealed-report.ts";
import type { OpenedKey, StoredMessage } from "../store/tables.ts";
import type { ReportInput } from "../trust-api.ts";
import type { HistoryPager } from "./history.ts";
import type { Self } from "./self.ts";
import type { Timeline } from "./timeline.ts";

/** A message that proves something: it was opened here, and its key is kept. */
interface Provable {
  readonly stored: StoredMessage;
  readonly key: OpenedKey;
}

export class Reports {
  readonly #self: Self;
  readonly #timeline: Timeline;
  readonly #history: HistoryPager;
  readonly #call: SessionCall;
  readonly #moderatorKey: Uint8Array | undefined;

  /** `moderatorKey` comes with the build of the app, never from the server (attack 67). */
  constructor(
    self: Self,
    timeline: Timeline,
    history: HistoryPager,
    call: SessionCall,
    moderatorKey: Uint8Array | undefined,
  ) {
    this.#self = self;
    this.#timeline = timeline;
    this.#history = history;
    this.#call = call;
    this.#moderatorKey = moderatorKey;
  }

  /** Throws `ClientError` cannot_report, and `SottoError`. */
  async send(input: ReportInput): Promise<void> {
    if (this.#moderatorKey === undefined) throw new ClientError("cannot_report");
    const chosen = await this.#choose(input);
    const messages = await this.#withProof(chosen);
    const sealed = sealReport(this.#self.provider, this.#moderatorKey, {
      reporterAccountId: this.#self.own.cert.accountId,
      reason: input.reason,
      note: input.note.slice(0, limits.reportNoteChars),
      messages,
    });
    const body = { conversation: input.conversationId, sealed: encodeBase64url(sealed) };
    await asCannotReport(() => this.#call(sendReport, { body }));
  }

  /** The reported message first, then those before it that the person chose to add and that prove something. */
  async #choose({ conversationId, seq, previous }: ReportInput): Promise<readonly Provable[]> {
    const count = Math.min(previous, limits.reportMessages - 1);
    const page = await this.#timeline.page(conversationId, seq + 1, limits.pageMax);
    const provable = page.flatMap((stored) => {
      const key = stored.opened ?? stored.sent;
      const isShown = stored.content.type !== "unreadable" && stored.content.type !== "nothing";
      return key === undefined || !isShown || stored.seq <= seq - limits.pageMax ? [] : [{ stored, key }];
    });
    const reported = provable.pop();
    if (reported?.stored.seq !== seq) throw new ClientError("cannot_report");
    return [reported, ...provable.slice(provable.length - Math.min(count, provable.length)).toReversed()];
  }

  async #withProof(chosen: readonly Provable[]): Promise<ReportedMessage[]> {
    const newest = chosen[0]!.stored;
    const { conversationId } = newest;
    const sequences = chosen.map(({ stored }) => stored.seq).toReversed();
    const range = { before: newest.seq + 1, limit: newest.seq + 1 - sequences[0]! };
    const [{ messages }, { tags }] = await asCannotReport(() =>
      Promise.all([
        this.#history.page(conversationId, range),
        this.#call(frankingTags, { params: { conversation: conversationId }, body: { sequences } }),
      ]),
    );
    return chosen.map(({ stored, key }) => {
      const record = messages.find(({ seq }) => seq === stored.seq);
      const tag = tags.find(({ seq }) => seq === stored.seq);
      if (record === undefined || tag === undefined) throw new ClientError("cannot_report");
      return {
        ...evidenceOf(this.#self, record, key),
        conversationId: decodeBase64url(conversationId),
        clientMsgId: decodeBase64url(stored.clientMessageId),
        senderAccountId: decodeBase64url(stored.sender.account),
        senderDeviceId: stored.sender.device,
        sequence: stored.seq,
        serverTimeMs: tag.serverTimeMs,
        tag: decodeBase64url(tag.tag),
      };
    });
  }
}

function evidenceOf(self: Self, record: MessageRecord, { key, hash, sentAtMs }: OpenedKey): FrankedContent {
  const body = decodeBase64url(record.body);
  if (body[1] !== bodyType) throw new ClientError("cannot_report");
  const bodyKey = {
    conversationId: decodeBase64url(record.conversationId),
    clientMsgId: decodeBase64url(record.clientMessageId),
    bodyKey: decodeBase64url(key),
    bodyHash: decodeBase64url(hash),
    sentAtMs,
  };
  const sender = { accountId: decodeBase64url(record.sender.account), deviceId: record.sender.device };
  return openFrankedBody(self.provider, body, bodyKey, sender);
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
