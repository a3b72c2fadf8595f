/** A conversation awake in plain Node: its room over SQLite in memory, sockets, inboxes and archive that record. */
import { D1LikeArchive } from "./fake-archive.ts";
import { type ConversationAlarm, Room } from "#durable-objects/conversation/room.ts";
import { Arrivals } from "#durable-objects/conversation/arrivals.ts";
import { SqliteGroupStore } from "#durable-objects/conversation/group-store.ts";
import { freshMember, type Losses } from "#durable-objects/conversation/store.ts";
import { SqliteConversationStore } from "#durable-objects/conversation/sqlite-store.ts";
import { Alarms } from "#durable-objects/support/alarms.ts";
import { migrate } from "#durable-objects/support/migrate.ts";
import type { AccountId, ConversationId, SessionId } from "#schema/ids.ts";
import type { MessageSend } from "#schema/protocol/message.ts";
import type { AdvanceInput, TypingInput } from "#schema/rpc/inbox.ts";
import type { DeviceSet } from "#schema/rpc/shared.ts";
import { FakeRoster, FakeSocket } from "./fake-socket.ts";
import { migrationsOf, type NodeSql, nodeSql } from "./node-sql.ts";
import { rawMessage } from "./raw-frames.ts";
import { receivedFrame } from "./up-frames.ts";

export const anna = "AAAAAAAAAAAAAAAAAAAAAA" as AccountId;
export const ben = "BBBBBBBBBBBBBBBBBBBBBA" as AccountId;
export const conversationId = "CCCCCCCCCCCCCCCCCCCCCA" as ConversationId;
export const startMs = 1_000_000;

export class ConversationRig {
  readonly sql: NodeSql = nodeSql();
  readonly store: SqliteConversationStore;
  readonly groupStore = new SqliteGroupStore(this.sql);
  readonly arrivals = new Arrivals();
  readonly losses: Losses[] = [];
  readonly departed: { readonly account: AccountId; readonly epoch: number }[] = [];
  readonly registered: AccountId[] = [];
  /** Something that happens while an inbox answers. */
  onRegister: (account: AccountId) => void = () => undefined;
  readonly archive = new D1LikeArchive();
  readonly notices: { readonly account: AccountId; readonly input: AdvanceInput }[] = [];
  readonly typing: { readonly to: AccountId; readonly input: TypingInput }[] = [];
  readonly failures: unknown[] = [];
  readonly sets = new Map<AccountId, DeviceSet>();
  readonly pauses: number[] = [];
  readonly alarmsSet: number[] = [];
  roster = new FakeRoster();
  alarms!: Alarms<ConversationAlarm>;
  room!: Room;
  nowMs = startMs;
  isInboxDown = false;
  #deferred: (() => void)[] = [];
  #sockets = 0;

  /** `later`: someone else creates what is in the store, and wakes the rig. */
  constructor(devices: { anna: number[]; ben: number[] } | "later" = { anna: [1, 2], ben: [1] }) {
    this.store = new SqliteConversationStore(this.sql, () => migrate(this.sql, migrationsOf("conversation")));
    if (devices === "later") return;
    const sets = [deviceSet(anna, devices.anna), deviceSet(ben, devices.ben)];
    for (const set of sets) this.sets.set(set.account, set);
    this.store.create(
      {
        conversationId,
        kind: "direct",
        archiveShard: 0,
        createdAtMs: startMs,
        archivedSeq: 0,
        sweptSeq: 0,
        prunedSeq: 0,
        toldSeq: 0,
        countedSeq: 0,
        keyGeneration: 0,
      },
      sets.map(({ account, epoch, version }) => ({
        account,
        username: account === anna ? "anna" : "ben",
        listVersion: version,
        setEpoch: epoch,
        ...freshMember,
      })),
      sets,
    );
    this.alarms = this.#openAlarms();
    this.room = this.#openRoom();
  }

  /** Forgets everything in memory, as an eviction does; sockets stay. */
  wake(): void {
    this.#deferred = [];
    this.alarms = this.#openAlarms();
    this.room = this.#openRoom();
  }

  socket(account: AccountId, device: number, isLive = true): FakeSocket {
    this.#sockets += 1;
    const session = String(this.#sockets).padStart(22, "S") as SessionId;
    return this.roster.add(new FakeSocket({ account, device, session, username: "someone" }, isLive));
  }

  /** A message that is right for the device sets of this moment. */
  message(from: AccountId, device: number): MessageSend {
    const sets = [...this.sets.values()];
    const to = sets.flatMap(({ account, devices }) =>
      devices
        .filter((each) => !(account === from && each === device))
        .map((each) => ({ account, device: each })),
    );
    return rawMessage(
      conversationId,
      to,
      sets.map(({ account, version }) => ({ account, version })),
    );
  }

  receive(socket: FakeSocket, frame: unknown): void {
    this.room.core.receive(socket, receivedFrame(JSON.stringify(frame)));
  }

  /** What a zero timer would do. */
  flush(): void {
    for (const flush of this.#deferred.splice(0)) flush();
  }

  get flushesDue(): number {
    return this.#deferred.length;
  }

  /** Sends frames in one turn of the event loop. */
  turn(socket: FakeSocket, ...frames: readonly unknown[]): void {
    for (const frame of frames) this.receive(socket, frame);
    this.flush();
  }

  async alarm(afterMs: number): Promise<void> {
    this.nowMs += afterMs;
    await this.alarms.run(this.room.handlers, (_name, error) => this.failures.push(error));
  }

  storedBodies(): string[] {
    return this.store.page({ after: 0, limit: this.store.load()?.newest?.seq ?? 0 }).map(({ body }) => body);
  }

  #openAlarms(): Alarms<ConversationAlarm> {
    return new Alarms(
      this.sql,
      (atMs) => this.alarmsSet.push(atMs),
      () => this.nowMs,
    );
  }

  #openRoom(): Room {
    const snapshot = this.store.load();
    if (snapshot === undefined) throw new Error("no conversation");
    return new Room(
      {
        store: this.store,
        groupStore: this.groupStore,
        arrivals: this.arrivals,
        sockets: this.roster,
        alarms: this.alarms,
        archive: this.archive,
        inboxOf: (account) => this.#inboxOf(account),
        now: () => this.nowMs,
        messagesPerSecond: 30,
        pause: (delayMs) => {
          this.pauses.push(delayMs);
          return Promise.resolve();
        },
        defer: (flush) => this.#deferred.push(flush),
        onFailure: (_place, error) => this.failures.push(error),
        onLosses: (losses) => this.losses.push(losses),
        onArchiveIncomplete: () => this.failures.push(new Error("archive incomplete")),
      },
      snapshot,
    );
  }

  #inboxOf(account: AccountId) {
    return {
      advance: (input: AdvanceInput) => {
        if (this.isInboxDown) return Promise.reject(new Error("inbox down"));
        this.notices.push({ account, input });
        return Promise.resolve({ ok: true as const, value: null });
      },
      departed: ({ epoch }: { epoch: number }) => {
        if (this.isInboxDown) return Promise.reject(new Error("inbox down"));
        this.departed.push({ account, epoch });
        return Promise.resolve({ ok: true as const, value: null });
      },
      registerConversation: () => {
        if (this.isInboxDown) return Promise.reject(new Error("inbox down"));
        const set = this.sets.get(account) ?? deviceSet(account, [1]);
        this.registered.push(account);
        this.onRegister(account);
        return Promise.resolve({ ok: true as const, value: { username: `name ${account}`, set } });
      },
      typing: (input: TypingInput) => {
        this.typing.push({ to: account, input });
        return Promise.resolve({ ok: true as const, value: null });
      },
      deviceSet: () => {
        const set = this.sets.get(account);
        if (set === undefined) return Promise.reject(new Error("no such inbox"));
        return Promise.resolve({ ok: true as const, value: set });
      },
    };
  }
}

export function deviceSet(account: AccountId, devices: number[], epoch = 1): DeviceSet {
  return { account, epoch, version: epoch, devices };
}

/** Lets every promise that can go on do so. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
