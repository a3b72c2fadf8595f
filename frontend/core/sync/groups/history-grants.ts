/** How much of what was said before comes with being added to a group (CRYPTO 2.7, decision 140). */
import type { HistoryGrant } from "#schema/envelope/group-change.ts";
import { limits } from "#schema/limits.ts";
import type { HistoryChoice } from "../../client-views.ts";
import type { ConversationRecord } from "../../store/tables.ts";
import { firstReadable } from "../conversations.ts";
import { type KeySources, shareableKeys } from "./shareable-keys.ts";

/** How many messages a choice is at most. */
const messagesMax: Record<HistoryChoice, number> = {
  none: 0,
  recent: limits.recentMessages,
  all: limits.sharedMessages,
};

/** What a choice comes to in this group now; undefined when there is nothing to give. */
export async function planGrant(
  sources: KeySources,
  record: ConversationRecord,
  choice: HistoryChoice,
): Promise<HistoryGrant | undefined> {
  let [fromSeq, messages] = [0, 0];
  if (messagesMax[choice] === 0) return undefined;
  const { conversationId, cursor } = record;
  const first = firstReadable(record);
  for await (const { entries } of shareableKeys(sources, conversationId, first, cursor + 1)) {
    const taken = entries.slice(-(messagesMax[choice] - messages));
    messages += taken.length;
    fromSeq = taken[0]?.seq ?? fromSeq;
    if (messages === messagesMax[choice]) return { fromSeq, messages };
  }
  // Everything, and with it what was done to the group before the first word.
  return messages === 0 ? undefined : { fromSeq: first, messages };
}
