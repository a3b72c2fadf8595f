/** A direct conversation as it is made of its two members. */
import type { InitialiseInput } from "#schema/rpc/conversation.ts";
import type { DeviceSet } from "#schema/rpc/shared.ts";
import { refusal } from "../support/error-events.ts";
import type { Arrivals } from "./arrivals.ts";
import { type ConversationStore, freshMember } from "./store.ts";

/** Nothing of it is archived, swept, pruned, told or counted. */
export const freshMarks = {
  archivedSeq: 0,
  sweptSeq: 0,
  prunedSeq: 0,
  toldSeq: 0,
  countedSeq: 0,
  keyGeneration: 0,
} as const;

/** In one transaction: a set that came meanwhile was confirmed, so it must not be lost to a failure after the creation. */
export function createDirect(
  store: ConversationStore,
  arrivals: Arrivals,
  input: InitialiseInput,
  registered: readonly DeviceSet[],
): void {
  const sets = registered.map((set) => arrivals.newest(set));
  const members = input.members.map((member) => {
    const set = sets.find(({ account }) => account === member.account);
    if (set === undefined) throw refusal("not_found");
    return { ...member, listVersion: set.version, setEpoch: set.epoch, ...freshMember };
  });
  const { conversationId, kind, archiveShard, createdAtMs } = input;
  store.create({ conversationId, kind, archiveShard, createdAtMs, ...freshMarks }, members, sets);
}
