/** Who is online: asked for while someone looks, computed from open sockets, stored nowhere. */
import * as v from "valibot";
import { accountIdSchema, timestampMsSchema } from "../ids.ts";
import { limits } from "../limits.ts";

/** Who may see when an account is online: everyone with a common conversation, people it wrote to or began with, nobody. */
export const presenceAudiences = ["everyone", "contacts", "nobody"] as const;
export type PresenceAudience = (typeof presenceAudiences)[number];

/** Up on the inbox: where are these? Answered by one `presence:state`; asked again as long as it is looked at. */
export const presenceGetSchema = v.strictObject({
  type: v.literal("presence:get"),
  accounts: v.pipe(v.array(accountIdSchema), v.minLength(1), v.maxLength(limits.presenceAccounts)),
});
export type PresenceGet = v.InferOutput<typeof presenceGetSchema>;

/**
 * Down: `hidden` also stands for unknown. `lastSeenMs` is coarse: to the minute within a day, to the day (UTC) before;
 * it is missing while online and where it is not known.
 */
export const presenceStateSchema = v.looseObject({
  type: v.literal("presence:state"),
  presences: v.array(
    v.looseObject({
      account: accountIdSchema,
      state: v.picklist(["online", "offline", "hidden"]),
      lastSeenMs: v.optional(timestampMsSchema),
    }),
  ),
});
export type Presence = v.InferOutput<typeof presenceStateSchema>["presences"][number];
