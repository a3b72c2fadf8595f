/** Where a run may be broken on purpose: each hook wraps one dependency of the engine or of a device. */
import type { Archive } from "#durable-objects/conversation/archive.ts";
import type { GroupStore } from "#durable-objects/conversation/group-store.ts";
import type { ConversationAlarm, Room } from "#durable-objects/conversation/room.ts";
import type { ConversationStore } from "#durable-objects/conversation/store.ts";
import type { InboxRpc, RegisterConversationInput, Registration } from "#schema/rpc/inbox.ts";
import type { RpcResult } from "#schema/rpc/result.ts";
import { type After, Alarms } from "#durable-objects/support/alarms.ts";
import type { Sql } from "#durable-objects/support/sql.ts";
import type { ConversationHost } from "./conversation-host.ts";
import { OutputGate } from "./gate.ts";
import { StrictShelf } from "./shelf.ts";
import type { SimSocket } from "./sockets.ts";

type GroupInbox = Pick<InboxRpc, "deviceSet" | "registerConversation">;

export interface Variant {
  gate(isDirty: () => boolean): OutputGate;
  store(store: ConversationStore, host: ConversationHost): ConversationStore;
  groupStore(store: GroupStore, host: ConversationHost): GroupStore;
  /** A conversation that woke. */
  room(room: Room, host: ConversationHost): void;
  /** Makes an inbox know a group. */
  register(
    inbox: GroupInbox,
    input: RegisterConversationInput,
    host: ConversationHost,
  ): Promise<RpcResult<Registration>>;
  archive(archive: Archive, host: ConversationHost): Archive;
  alarms(
    sql: Sql,
    setAlarm: (atMs: number) => void,
    now: () => number,
    after: After,
  ): Alarms<ConversationAlarm>;
  /** What a conversation gets to see of a frame. */
  frame(text: string, host: ConversationHost, socket: SimSocket): string;
  shelf(): StrictShelf;
  /** Whether a device says "delivered" before it has stored. */
  readonly isAckEarly: boolean;
}

/** Nothing broken. */
export const intact: Variant = {
  gate: (isDirty) => new OutputGate(isDirty),
  store: (store) => store,
  groupStore: (store) => store,
  room: () => undefined,
  register: (inbox, input) => inbox.registerConversation(input),
  archive: (archive) => archive,
  alarms: (sql, setAlarm, now, after) => new Alarms(sql, setAlarm, now, after),
  frame: (text) => text,
  shelf: () => new StrictShelf(),
  isAckEarly: false,
};
