/** What a device keeps over a crash: its copy of each log, its outbox, the device sets it knows. */
import type { AccountId, ClientMessageId, ConversationId } from "#schema/ids.ts";
import type { DeviceSet } from "#schema/rpc/shared.ts";

export interface Row {
  readonly id: ClientMessageId;
  readonly sender: string;
  readonly isReadable: boolean;
}

export interface OutboxEntry {
  readonly id: ClientMessageId;
  /** The sealed frame; it goes again byte for byte until it is refused. */
  frame: string | undefined;
}

export interface Copy {
  readonly conversationId: ConversationId;
  readonly peer: AccountId;
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

  copy(conversationId: ConversationId, peer: AccountId): Copy {
    let copy = this.copies.get(conversationId);
    if (copy === undefined) {
      copy = { conversationId, peer, log: new Map(), outbox: [], cursor: 0, read: 0 };
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
