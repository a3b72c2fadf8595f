/** Pages of the log for one member: what the object still keeps of it, and where the rest is. */
import type { PageInput } from "#schema/rpc/conversation.ts";
import type { HotPage } from "#schema/rpc/shared.ts";
import { recordOf } from "./log-events.ts";
import type { MemberState } from "./member-state.ts";
import type { ConversationState } from "./state.ts";
import type { ConversationStore } from "./store.ts";

/** What came before a member joined is not there for it, but for what the operation gave along that brought it in. */
export function historyPage(
  state: ConversationState,
  store: ConversationStore,
  member: MemberState,
  { identity, limit, before, after }: PageInput,
): HotPage {
  const { conversationId, archiveShard, prunedSeq } = state.record;
  const capsulesOf = `${identity.account}.${identity.device}`;
  const floor = member.historyFloor;
  const range =
    after === undefined ? (before === undefined ? {} : { before }) : { after: Math.max(after, floor) };
  const found = store.page({ ...range, limit: limit + 1, capsulesOf }).filter(({ seq }) => seq > floor);
  const more = found.length > limit;
  const page = more ? (after === undefined ? found.slice(1) : found.slice(0, limit)) : found;
  const messages = page.map((message) => {
    const bare = recordOf(conversationId, message);
    return message.capsule === null ? bare : { ...bare, capsule: message.capsule };
  });
  return { messages, more, archive: { shard: archiveShard, after: floor, upTo: Math.max(prunedSeq, floor) } };
}
