/** Conversations: create or get, list, history pages. */
import * as v from "valibot";
import { accountIdSchema, deviceAddressSchema, sequenceSchema, timestampMsSchema } from "../ids.ts";
import { limits } from "../limits.ts";
import { directSummarySchema, groupSummarySchema } from "../protocol/conversation.ts";
import { route } from "./route.ts";

const count = v.pipe(
  v.string(),
  v.regex(/^\d{1,3}$/),
  v.transform(Number),
  v.minValue(1),
  v.maxValue(limits.pageMax),
);
/** The newest message, still sealed; the client decrypts the preview. */
const lastMessage = v.optional(
  v.looseObject({
    seq: sequenceSchema,
    sender: deviceAddressSchema,
    clientMessageId: v.string(),
    serverTimeMs: timestampMsSchema,
    body: v.string(),
  }),
);
const sequenceText = v.pipe(v.string(), v.regex(/^\d{1,15}$/), v.transform(Number), sequenceSchema);

/** Idempotent on the pair of members; the id is random and says nothing about them. */
export const createConversation = route({
  method: "POST",
  path: "/api/conversations",
  access: "session",
  request: v.strictObject({ kind: v.literal("direct"), account: accountIdSchema }),
  answer: directSummarySchema,
  errors: ["not_found", "forbidden"],
});

/** Newest first. `cursor` is the `next` of the page before. */
export const listConversations = route({
  method: "GET",
  path: "/api/conversations",
  access: "session",
  request: undefined,
  query: v.strictObject({
    limit: v.optional(count),
    cursor: v.optional(v.pipe(v.string(), v.maxLength(100))),
  }),
  answer: v.looseObject({
    conversations: v.array(
      v.variant("kind", [
        v.looseObject({ ...directSummarySchema.entries, lastMessage }),
        v.looseObject({ ...groupSummarySchema.entries, lastMessage }),
      ]),
    ),
    next: v.optional(v.string()),
  }),
  errors: [],
});

/** One page in ascending order: the messages just `before` a sequence number (newest page without), or just `after`. */
export const listMessages = route({
  method: "GET",
  path: "/api/conversations/:conversation/messages",
  access: "session",
  request: undefined,
  query: v.strictObject({
    limit: v.optional(count),
    before: v.optional(sequenceText),
    after: v.optional(sequenceText),
  }),
  answer: v.looseObject({
    messages: v.array(
      v.looseObject({
        conversationId: v.string(),
        seq: sequenceSchema,
        sender: deviceAddressSchema,
        clientMessageId: v.string(),
        serverTimeMs: timestampMsSchema,
        body: v.string(),
        capsule: v.optional(v.string()),
      }),
    ),
    /** Whether the conversation goes on beyond this page in the direction asked. */
    more: v.boolean(),
  }),
  errors: ["not_found"],
});
