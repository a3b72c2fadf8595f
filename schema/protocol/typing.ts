/** Typing marks: never stored, forwarded to the other accounts that have the conversation on screen. */
import * as v from "valibot";
import { accountIdSchema, conversationIdSchema } from "../ids.ts";

export const typingUpSchema = v.strictObject({
  type: v.picklist(["typing:start", "typing:stop"]),
  conversationId: conversationIdSchema,
});
export type TypingUp = v.InferOutput<typeof typingUpSchema>;

export const typingDownSchema = v.looseObject({
  type: v.picklist(["typing:start", "typing:stop"]),
  conversationId: conversationIdSchema,
  account: accountIdSchema,
});
export type TypingDown = v.InferOutput<typeof typingDownSchema>;
