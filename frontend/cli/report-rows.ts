/** Rows of the table `reports`, opened and verified for the moderators (CRYPTO 2.14). */
import * as v from "valibot";
import { isCryptoError } from "#core/crypto/errors.ts";
import type { Provider } from "#core/crypto/provider.ts";
import type { ReportedMessage, ReportReason } from "#core/crypto/report/report.ts";
import { openReport, verifyReportedMessage } from "#core/crypto/report/sealed-report.ts";
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { frankingDayInput } from "#schema/envelope/franking-tag.ts";

const rowSchema = v.object({
  report_id: v.string(),
  reporter: v.string(),
  received_at_ms: v.number(),
  sealed: v.string(),
});
type Row = v.InferOutput<typeof rowSchema>;
/** Rows alone, or as `wrangler d1 execute --json` prints them. */
const inputSchema = v.union([
  v.array(rowSchema),
  v.pipe(
    v.array(v.object({ results: v.array(rowSchema) })),
    v.transform((sets) => sets.flatMap(({ results }) => results)),
  ),
]);

interface Place {
  readonly conversation: string;
  readonly seq: number;
  readonly sender: string;
  readonly serverTimeMs: number;
}

export interface OpenedReport {
  readonly reportId: string;
  readonly reporter: string;
  readonly receivedAtMs: number;
  readonly reason?: ReportReason;
  readonly note?: string;
  /** `content` is what was said, proven to be said by this account at this place and time. */
  readonly messages?: readonly (Place &
    ({ readonly content: unknown } | { readonly content: undefined; readonly problem: string }))[];
  /** Why the report, or a message in it, proves nothing. */
  readonly problem?: string;
}

/** Throws when the text is no such rows. */
export function parseRows(text: string): readonly Row[] {
  return v.parse(inputSchema, JSON.parse(text));
}

/** Opens one report and verifies each message in it. `secrets` are base64url. Never throws for what a reporter wrote. */
export function openRow(
  provider: Provider,
  secrets: { readonly reportKey: string; readonly frankingKey: string },
  row: Row,
): OpenedReport {
  const head = { reportId: row.report_id, reporter: row.reporter, receivedAtMs: row.received_at_ms };
  const secret = decodeBase64url(secrets.reportKey);
  const moderator = { secret, pub: provider.x25519PublicKey(secret) };
  const report = orProblem(() =>
    openReport(provider, moderator, decodeBase64url(row.reporter), decodeBase64url(row.sealed)),
  );
  if (typeof report === "string") return { ...head, problem: report };
  const frankingKey = decodeBase64url(secrets.frankingKey);
  const messages = report.messages.map((message) => {
    const dayKey = provider.hmac(frankingKey, frankingDayInput(message.serverTimeMs));
    const said = orProblem(() => verifyReportedMessage(provider, dayKey, message));
    const place = placeOf(message);
    return typeof said === "string"
      ? { ...place, content: undefined, problem: said }
      : { ...place, content: said.payload };
  });
  const { reason, note } = report;
  const isWhole = messages.every((message) => !("problem" in message));
  return {
    ...head,
    reason,
    note,
    messages,
    ...(!isWhole && { problem: "a message in it is not what was said" }),
  };
}

function placeOf(message: ReportedMessage): Place {
  return {
    conversation: encodeBase64url(message.conversationId),
    seq: message.sequence,
    sender: `${encodeBase64url(message.senderAccountId)}.${message.senderDeviceId}`,
    serverTimeMs: message.serverTimeMs,
  };
}

function orProblem<Result>(work: () => Result): Result | string {
  try {
    return work();
  } catch (error) {
    if (isCryptoError(error)) return `${error.code} ${error.message}`;
    throw error;
  }
}
