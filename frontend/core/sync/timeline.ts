/** Message pages from the local store, with the newest messages of a conversation kept in memory. */
import type { AccountId, ConversationId } from "#schema/ids.ts";
import type { ClientEvent, DeliveryState, GroupChangeView, MessageView, PersonView } from "../client-api.ts";
import { viewAttachment } from "../attachments/stored-attachment.ts";
import type { StoredChange } from "../store/group-tables.ts";
import type { Records } from "../store/records.ts";
import {
  type ConversationRecord,
  messageKey,
  messageTable,
  type OutboxRecord,
  outboxTable,
  type StoredAttachment,
  type StoredMessage,
  type UploadRecord,
  under,
} from "../store/tables.ts";
import type { Self } from "./self.ts";

/** Messages kept in memory per conversation that was looked at. */
const tailMax = 400;
const tailMin = 200;

export class Timeline {
  readonly #records: Records;
  readonly #tails = new Map<ConversationId, StoredMessage[]>();
  readonly #outbox = new Map<ConversationId, OutboxRecord[]>();

  constructor(records: Records, emit: (event: ClientEvent) => void) {
    this.#records = records;
    records.watch(messageTable, (_, value) => {
      if (value === undefined) return;
      this.#place(value);
      emit({ type: "messages", conversationId: value.conversationId });
    });
    records.watch(outboxTable, (key, value) => {
      const conversationId = key.slice(0, key.indexOf("/")) as ConversationId;
      const position = Number(key.slice(key.indexOf("/") + 1));
      this.forget(conversationId, position);
      const others = [...this.outbox(conversationId)];
      if (value !== undefined) others.push(value);
      this.#outbox.set(
        conversationId,
        others.sort((a, b) => a.position - b.position),
      );
      emit({ type: "messages", conversationId });
      emit({ type: "conversations" });
    });
  }

  async load(): Promise<void> {
    for (const { value } of await this.#records.list(outboxTable)) {
      this.#outbox.set(value.conversationId, [...this.outbox(value.conversationId), value]);
    }
  }

  /** Unsequenced own messages in the order of writing. */
  outbox(conversationId: ConversationId): readonly OutboxRecord[] {
    return this.#outbox.get(conversationId) ?? [];
  }

  /** Another owner of the store wrote messages: the tail is read again when it is needed. */
  reset(conversationId: ConversationId): void {
    this.#tails.delete(conversationId);
  }

  /** The outbox row is gone from the store. */
  forget(conversationId: ConversationId, position: number): void {
    const others = this.outbox(conversationId).filter((row) => row.position !== position);
    this.#outbox.set(conversationId, others);
  }

  /** Conversations with something in the outbox. */
  waiting(): ConversationId[] {
    return [...this.#outbox].filter(([, rows]) => rows.length > 0).map(([conversationId]) => conversationId);
  }

  /** The newest message that has a bubble. */
  async newest(conversationId: ConversationId): Promise<StoredMessage | undefined> {
    return (await this.#tail(conversationId)).findLast(isVisible);
  }

  /** At most `limit` stored messages with a sequence number below `before`, ascending. */
  async page(conversationId: ConversationId, before: number, limit: number): Promise<StoredMessage[]> {
    const tail = await this.#tail(conversationId);
    const older = tail.filter(({ seq }) => seq < before);
    if (older.length >= limit) return older.slice(-limit);
    const first = older[0]?.seq ?? before;
    const stored = await this.#records.list(messageTable, {
      from: `${conversationId}/`,
      below: messageKey(conversationId, first),
      descending: true,
      limit: limit - older.length,
    });
    return [...stored.reverse().map(({ value }) => value), ...older];
  }

  async #tail(conversationId: ConversationId): Promise<readonly StoredMessage[]> {
    const known = this.#tails.get(conversationId);
    if (known !== undefined) return known;
    const stored = await this.#records.list(messageTable, {
      ...under(conversationId),
      descending: true,
      limit: tailMin,
    });
    const raced = this.#tails.get(conversationId);
    if (raced !== undefined) return raced;
    const tail = stored.reverse().map(({ value }) => value);
    this.#tails.set(conversationId, tail);
    return tail;
  }

  #place(message: StoredMessage): void {
    const tail = this.#tails.get(message.conversationId);
    if (tail === undefined) return;
    const at = tail.findLastIndex(({ seq }) => seq <= message.seq);
    if (tail[at]?.seq === message.seq) tail[at] = message;
    else if (at >= 0 || tail.length === 0) tail.splice(at + 1, 0, message);
    if (tail.length > tailMax) tail.splice(0, tail.length - tailMin);
  }
}

export function isVisible(message: StoredMessage): boolean {
  return message.content.type !== "nothing";
}

/** Whether a file of a conversation is on this device. */
export type IsLocal = (conversationId: ConversationId, attachment: StoredAttachment) => boolean;
/** The username of an account, or nothing. */
export type NameOf = (account: AccountId) => string;

/** What a view needs to know besides the message. */
export interface Beholder {
  readonly nameOf: NameOf;
  readonly isLocal: IsLocal;
}

/** A sequenced message as the app sees it. */
export function viewStored(
  self: Self,
  conversation: ConversationRecord,
  message: StoredMessage,
  { nameOf, isLocal }: Beholder,
): MessageView {
  const mine = message.sender.account === self.account;
  const { sharedBy } = message;
  return {
    conversationId: message.conversationId,
    clientMessageId: message.clientMessageId,
    seq: message.seq,
    outboxPosition: undefined,
    mine,
    sender: message.sender.account,
    senderName: nameOf(message.sender.account),
    timeMs: message.serverTimeMs,
    content: viewContent(conversation, message, { nameOf, isLocal }),
    delivery:
      mine && message.content.type !== "group_change" ? deliveryOf(conversation, message.seq) : undefined,
    ...(sharedBy !== undefined && { sharedBy: { account: sharedBy, username: nameOf(sharedBy) } }),
  };
}

function viewContent(
  { group }: ConversationRecord,
  { conversationId, content, seq }: StoredMessage,
  { nameOf, isLocal }: Beholder,
): MessageView["content"] {
  switch (content.type) {
    case "text":
    case "attachments":
      return viewWritten(conversationId, content, isLocal);
    case "group_change":
      return { type: "group_change", change: viewChange(content.change, nameOf) };
    case "nothing":
      return { type: "unreadable", reason: "broken" };
    case "unreadable":
      if (content.reason === "before_this_device" && group !== undefined && seq < group.joinedSeq)
        return { type: "unreadable", reason: "not_shared" };
      return { type: "unreadable", reason: content.reason };
  }
}

function viewChange(change: StoredChange, nameOf: NameOf): GroupChangeView {
  const person = (account: AccountId): PersonView => ({ account, username: nameOf(account) });
  switch (change.type) {
    case "added": {
      const { sharedMessages } = change;
      const people = change.accounts.map(person);
      return { type: "added", people, ...(sharedMessages !== undefined && { sharedMessages }) };
    }
    case "created":
    case "removed":
      return { type: change.type, people: change.accounts.map(person) };
    case "left":
      return { type: "left", heir: change.heir === undefined ? undefined : person(change.heir) };
    case "role":
      return { type: "role", person: person(change.account), role: change.role };
    case "renamed":
      return { type: "renamed", title: change.title };
    case "picture":
      return { type: "picture", isSet: change.isSet };
    case "link":
      return { type: "link", isOn: change.isOn };
    case "link_terms":
      return { type: "link_terms", needsApproval: change.needsApproval };
    case "joined":
      return { type: "joined" };
    case "dissolved":
      return { type: "dissolved" };
  }
}

/** Rows of the outbox that are messages of the person. */
export function isWritten(row: OutboxRecord): boolean {
  return row.isKeyEntry !== true;
}

/** An outbox message as the app sees it. */
export function viewOutbox(self: Self, row: OutboxRecord, { nameOf, isLocal }: Beholder): MessageView {
  return {
    conversationId: row.conversationId,
    clientMessageId: row.clientMessageId,
    seq: undefined,
    outboxPosition: row.position,
    mine: true,
    sender: self.account,
    senderName: nameOf(self.account),
    timeMs: row.sentAtMs,
    content: viewWritten(row.conversationId, row, isLocal),
    delivery: row.failure === undefined ? "pending" : "failed",
  };
}

/** A message whose files are still going up: it comes after the outbox, into which it goes when they are there. */
export function viewUpload(self: Self, row: UploadRecord, { nameOf, isLocal }: Beholder): MessageView {
  return {
    conversationId: row.conversationId,
    clientMessageId: row.clientMessageId,
    seq: undefined,
    outboxPosition: Number.MAX_SAFE_INTEGER,
    mine: true,
    sender: self.account,
    senderName: nameOf(self.account),
    timeMs: row.startedAtMs,
    content: viewWritten(row.conversationId, row, isLocal),
    delivery: row.failure === undefined ? "pending" : "failed",
  };
}

function viewWritten(
  conversationId: ConversationId,
  { text, attachments }: { readonly text: string; readonly attachments?: readonly StoredAttachment[] },
  isLocal: IsLocal,
): MessageView["content"] {
  if (attachments === undefined) return { type: "text", text };
  const views = attachments.map((stored) => viewAttachment(stored, isLocal(conversationId, stored)));
  return { type: "attachments", text, attachments: views };
}

function deliveryOf(conversation: ConversationRecord, seq: number): DeliveryState {
  if (seq <= conversation.peerRead) return "read";
  return seq <= conversation.peerDelivered ? "delivered" : "sent";
}
