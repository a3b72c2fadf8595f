/** Where a run may be broken on purpose: each hook wraps one dependency of the engine or of a device. */
import type { Archive } from "#durable-objects/conversation/archive.ts";
import type { ConversationAlarm } from "#durable-objects/conversation/room.ts";
import type { ConversationStore } from "#durable-objects/conversation/store.ts";
import { type After, Alarms } from "#durable-objects/support/alarms.ts";
import type { Sql } from "#durable-objects/support/sql.ts";
import type { ConversationHost } from "./conversation-host.ts";
import { OutputGate } from "./gate.ts";
import { StrictShelf } from "./shelf.ts";
import type { SimSocket } from "./sockets.ts";

export interface Variant {
  gate(isDirty: () => boolean): OutputGate;
  store(store: ConversationStore, host: ConversationHost): ConversationStore;
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
  archive: (archive) => archive,
  alarms: (sql, setAlarm, now, after) => new Alarms(sql, setAlarm, now, after),
  frame: (text) => text,
  shelf: () => new StrictShelf(),
  isAckEarly: false,
};
