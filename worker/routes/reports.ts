/** Reports: tags for what is reported, and a sealed letter for the moderators. */
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { SottoError } from "#schema/errors.ts";
import type { frankingTags, sendReport } from "#schema/http/reports.ts";
import { conversationIdSchema } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import { completePage } from "../archive.ts";
import type { Handler } from "../contract.ts";
import { tryFrankingTag } from "../franking.ts";
import { addReport } from "../reports.ts";
import { callConversation } from "../stubs.ts";

export const handleFrankingTags: Handler<typeof frankingTags> = async ({ env, identity, param, body }) => {
  const conversationId = param("conversation", conversationIdSchema);
  const { sequences } = body;
  const before = sequences.at(-1)! + 1;
  const range = { limit: before - sequences[0]!, before };
  const hot = await callConversation(env, conversationId, (object) => object.page({ identity, ...range }));
  const { messages } = await completePage(env, hot, { conversationId, ...range });
  const tags = await Promise.all(
    sequences.map(async (seq) => {
      const message = messages.find((other) => other.seq === seq);
      const tag = message && (await tryFrankingTag(env.SERVER_SECRET, message));
      if (tag === undefined) throw new SottoError("not_found", "There is no such message.");
      return { seq, serverTimeMs: message!.serverTimeMs, tag };
    }),
  );
  return { tags };
};

export const handleSendReport: Handler<typeof sendReport> = async ({ env, identity, body }) => {
  if (env.REPORT_PUBLIC_KEY === "") throw new SottoError("not_found", "This server takes no reports.");
  const { conversation, sealed } = body;
  await callConversation(env, conversation, (object) => object.page({ identity, limit: 1 }));
  const reportId = encodeBase64url(crypto.getRandomValues(new Uint8Array(16)));
  const row = { reportId, reporter: identity.account, receivedAtMs: Date.now(), sealed };
  const isTaken = await addReport(env.DB, row, limits.reportsPerDay);
  if (!isTaken) {
    throw new SottoError("rate_limited", "Too many reports today.", { retryAfterMs: 3_600_000 });
  }
  return {};
};
