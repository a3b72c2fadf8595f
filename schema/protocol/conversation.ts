/** Joining a conversation's socket after a known sequence number, and its summary in the inbox. */
import * as v from "valibot";
import { accountIdSchema, conversationIdSchema, sequenceSchema, timestampMsSchema } from "../ids.ts";
import { messageNewSchema } from "./message.ts";
import { receiptLowSchema, receiptSchema } from "./receipt.ts";

/** Up, first frame on a conversation socket (and again while `more`): send me everything after `after`. */
export const conversationResumeSchema = v.strictObject({
  type: v.literal("conversation:resume"),
  conversationId: conversationIdSchema,
  after: sequenceSchema,
});
export type ConversationResume = v.InferOutput<typeof conversationResumeSchema>;

/**
 * Down, after the missed messages: from here on the socket is live. `more` asks for another resume after the
 * last sequence number received; until then nothing live is sent. With `hotFrom` no message came, because what was
 * asked for is older than what the object keeps: the history pages have everything before that sequence number, and
 * the next resume comes after it.
 */
export const conversationResumedSchema = v.looseObject({
  type: v.literal("conversation:resumed"),
  conversationId: conversationIdSchema,
  lastSeq: sequenceSchema,
  more: v.boolean(),
  hotFrom: v.optional(sequenceSchema),
  /** Of every member in a direct conversation; in a group the account's own, with `low` for the others. */
  receipts: v.array(receiptSchema),
  low: v.optional(receiptLowSchema),
});

const summaryEntries = {
  conversationId: conversationIdSchema,
  createdAtMs: timestampMsSchema,
  lastSeq: sequenceSchema,
  /** This account's read watermark. */
  read: sequenceSchema,
  /** Messages of others after the read watermark, at most `limits.unreadMax`. */
  unread: v.number(),
  updatedAtMs: timestampMsSchema,
};

export const directSummarySchema = v.looseObject({
  ...summaryEntries,
  kind: v.literal("direct"),
  peer: v.looseObject({ account: accountIdSchema, username: v.string() }),
});

/** Name and picture are sealed settings inside the group's operations. */
export const groupSummarySchema = v.looseObject({
  ...summaryEntries,
  kind: v.literal("group"),
  group: v.looseObject({
    epoch: v.number(),
    members: v.number(),
    /** This account is out: it keeps what it has and gets nothing more. */
    left: v.boolean(),
  }),
});

/** What a chat list shows of a conversation before anything is decrypted. */
export const conversationSummarySchema = v.variant("kind", [directSummarySchema, groupSummarySchema]);
export type DirectSummary = v.InferOutput<typeof directSummarySchema>;
export type ConversationSummary = v.InferOutput<typeof conversationSummarySchema>;

/** Down on the inbox: this conversation changed. `messages` are the newest ones, when small enough to come along. */
export const conversationUpdateSchema = v.looseObject({
  type: v.literal("conversation:update"),
  summary: conversationSummarySchema,
  messages: v.optional(v.array(messageNewSchema)),
  receipts: v.optional(v.array(receiptSchema)),
  low: v.optional(receiptLowSchema),
});
