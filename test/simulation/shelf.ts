/** What a device keeps over a crash: its copy of each log, its outbox, the device sets it knows. */
import type { GroupHead } from "#schema/envelope/group-rules.ts";
import type { AccountId, ClientMessageId, ConversationId } from "#schema/ids.ts";
import type { DeviceSet } from "#schema/rpc/shared.ts";

export interface Row {
  readonly id: ClientMessageId;
  readonly sender: string;
  readonly isReadable: boolean;
}

export interface OutboxEntry {
  readonly id: ClientMessageId;
  /** A key entry hands out the sender key of a group and says nothing. */
  readonly type: "message" | "key";
  /** The sealed frame; it goes again byte for byte until it is refused. */
  frame: string | undefined;
  /** In a group: the sender key of the frame, and the address keys of the devices that get it with it. */
  given: GivenKey | undefined;
}

export interface GivenKey {
  readonly keyId: string;
  readonly devices: readonly string[];
}

/** What a device keeps of a group besides its log. */
export interface GroupCopy {
  /** As of the newest operation in the log. */
  head: GroupHead | undefined;
  /** Its own sender key, and who has it. */
  key: { readonly id: string; readonly holders: Set<string> } | undefined;
  /** Sender keys of others: `address key.key id`. */
  readonly held: Set<string>;
  /** The inbox says that the account is out. */
  isLeft: boolean;
  /** A message was refused because the group had come this far. */
  neededEpoch: number;
  /** It makes new keys only when it is told to. */
  readonly isLazy: boolean;
}

export interface Copy {
  readonly conversationId: ConversationId;
  /** Undefined in a group. */
  readonly peer: AccountId | undefined;
  /** Undefined in a direct conversation. */
  readonly group: GroupCopy | undefined;
  readonly log: Map<number, Row>;
  readonly outbox: OutboxEntry[];
  /** Everything up to here is stored. */
  cursor: number;
  read: number;
}

export class StrictShelf {
  readonly copies = new Map<ConversationId, Copy>();
  readonly sets = new Map<AccountId, DeviceSet>();
  /** To-device messages received, by id. */
  readonly letters = new Set<string>();
  readonly lettersToSend: { readonly id: string; readonly account: AccountId; readonly device: number }[] =
    [];

  copy(conversationId: ConversationId, make: () => Pick<Copy, "peer" | "group">): Copy {
    let copy = this.copies.get(conversationId);
    if (copy === undefined) {
      copy = { conversationId, ...make(), log: new Map(), outbox: [], cursor: 0, read: 0 };
      this.copies.set(conversationId, copy);
    }
    return copy;
  }

  /** Applies the message that follows the cursor, and only that one. */
  apply(copy: Copy, seq: number, row: Row): "applied" | "known" | "gap" {
    if (seq <= copy.cursor) return "known";
    if (seq > copy.cursor + 1) return "gap";
    copy.log.set(seq, row);
    copy.cursor = seq;
    return "applied";
  }
}
