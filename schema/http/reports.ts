/** Reports to the moderators of this server (CRYPTO 2.14): sealed, so that the server learns who reports and not what. */
import * as v from "valibot";
import { base64UrlUpTo, conversationIdSchema, sequenceSchema, timestampMsSchema } from "../ids.ts";
import { limits } from "../limits.ts";
import { route } from "./route.ts";

/**
 * For a member: the server's tags over messages that it has accepted, which a report carries as proof. The sequence numbers ascend and
 * lie within one page. `not_found`: one of them is no message, or no longer kept.
 */
export const frankingTags = route({
  method: "POST",
  path: "/api/conversations/:conversation/tags",
  access: "session",
  request: v.strictObject({
    sequences: v.pipe(
      v.array(v.pipe(sequenceSchema, v.minValue(1))),
      v.minLength(1),
      v.maxLength(limits.reportMessages),
      v.check((list) => list.every((seq, at) => at === 0 || seq > list[at - 1]!), "not ascending"),
      v.check((list) => list.at(-1)! - list[0]! < limits.pageMax, "too far apart"),
    ),
  }),
  answer: v.looseObject({
    /** `ft`, 32 bytes, in the order asked for, each with the time that it vouches for. */
    tags: v.array(v.looseObject({ seq: sequenceSchema, serverTimeMs: timestampMsSchema, tag: v.string() })),
  }),
  errors: ["not_found"],
});

/** `not_found`: reports are off, or the caller is no member of the conversation, which is not stored with the report. */
export const sendReport = route({
  method: "POST",
  path: "/api/reports",
  access: "session",
  request: v.strictObject({
    conversation: conversationIdSchema,
    /** Layout in frontend/core/crypto/report/sealed-report.ts. */
    sealed: base64UrlUpTo(limits.reportBytes, 100),
  }),
  answer: v.looseObject({}),
  errors: ["not_found"],
  maxBytes: limits.reportRequestBytes,
});
