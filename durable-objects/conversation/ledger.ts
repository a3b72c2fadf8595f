/** Where one message is: for its sender, who asks. */
import type { AccountId, Sequence } from "#schema/ids.ts";
import type { Delivery, GroupMembers, OperationPage } from "#schema/rpc/conversation.ts";
import { refusal } from "../support/error-events.ts";
import type { GroupStore } from "./group-store.ts";
import type { ConversationState } from "./state.ts";
import type { ConversationStore } from "./store.ts";

/** Throws `not_found` for a message that is not the account's own, or that the object no longer keeps. */
export function deliveryOf(
  state: ConversationState,
  store: ConversationStore,
  account: AccountId,
  seq: Sequence,
): Delivery {
  const [message] = store.page({ after: seq - 1, limit: 1, capsulesOf: "" });
  const isOwn = message?.seq === seq && message.senderAccount === account && message.content === 1;
  if (!isOwn) throw refusal("not_found");
  return {
    devices: message.devices,
    acknowledged: store.acknowledged(message),
    members: [...state.members.values()]
      .filter((member) => member.account !== account && member.joinedSeq <= seq)
      .map((member) => ({
        account: member.account,
        delivered: member.delivered >= seq,
        read: member.read >= seq,
      })),
  };
}

export function membersOf({ epoch, members }: ConversationState): GroupMembers {
  return {
    epoch,
    members: [...members.values()].map(({ account, username, role, joinedEpoch, listVersion }) => {
      return { account, username, role, joinedEpoch, listVersion };
    }),
  };
}

/** Characters of operations in one page, besides the one that passes them. */
const operationsChars = 512 * 1024;

export function operationPage(groupStore: GroupStore, after: number, limit: number): OperationPage {
  const found = groupStore.operations(after, limit + 1);
  const operations: { epoch: number; seq: Sequence; operation: string }[] = [];
  let chars = 0;
  for (const each of found.slice(0, limit)) {
    if (chars >= operationsChars) break;
    operations.push(each);
    chars += each.operation.length;
  }
  return { operations, more: operations.length < found.length };
}
