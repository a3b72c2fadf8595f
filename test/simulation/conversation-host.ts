/** A conversation object: the real room over simulated storage, with the wiring that the hibernating class has. */
import type { CloseReason } from "#schema/errors.ts";
import { type AccountId, type ConversationId, deviceAddressKey, type SessionId } from "#schema/ids.ts";
import type { AccountChange, InitialiseInput, PageInput, ReceiptInput } from "#schema/rpc/conversation.ts";
import { answerRpc, type RpcResult, unwrap } from "#schema/rpc/result.ts";
import type { DeviceSet, HotPage, Summary } from "#schema/rpc/shared.ts";
import { recordOf } from "#durable-objects/conversation/log-events.ts";
import { type ConversationAlarm, Room } from "#durable-objects/conversation/room.ts";
import { SqliteConversationStore } from "#durable-objects/conversation/sqlite-store.ts";
import type { ConversationStore } from "#durable-objects/conversation/store.ts";
import type { Alarms } from "#durable-objects/support/alarms.ts";
import { errorEvent, refusal } from "#durable-objects/support/error-events.ts";
import { ObjectHost } from "./host.ts";
import { Journal } from "./journal.ts";
import type { Link } from "./link.ts";
import type { Sim } from "./sim.ts";
import type { SimSocket } from "./sockets.ts";
import type { World } from "./world.ts";

const endedSessionMs = 60 * 60_000;

interface Awake {
  readonly alarms: Alarms<ConversationAlarm>;
  readonly early: Map<AccountId, DeviceSet>;
  room: Room | undefined;
}

export class ConversationHost extends ObjectHost {
  readonly id: ConversationId;
  readonly journal = new Journal();
  readonly #world: World;
  readonly #messagesPerSecond: number;
  readonly #store: ConversationStore;
  #awake: Awake | undefined;

  constructor(sim: Sim, world: World, id: ConversationId, messagesPerSecond: number) {
    super(sim, "conversation", `conversation ${id.slice(-3, -1)}`);
    this.id = id;
    this.#world = world;
    this.#messagesPerSecond = messagesPerSecond;
    const store = new SqliteConversationStore(this.disk, () => undefined);
    this.#store = sim.variant.store(this.journal.watch(store), this);
  }

  /** The room, if the conversation exists; for the oracle and for variants. */
  get room(): Room | undefined {
    return this.#awake?.room;
  }

  protected get isAwake(): boolean {
    return this.#awake !== undefined;
  }

  protected wake(): void {
    const { variant } = this.sim;
    const alarms = variant.alarms(this.disk, (atMs) => this.setAlarm(atMs), this.now, this.after);
    this.#awake = { alarms, early: new Map(), room: undefined };
    this.#awake.room = this.#openRoom(alarms);
  }

  protected forget(): void {
    this.#awake = undefined;
  }

  protected flushed(): void {
    this.journal.flushed();
    this.sim.oracle.conversationOnDisk(this);
  }

  protected lost(): void {
    this.journal.lost();
  }

  protected async runAlarm(): Promise<void> {
    const room = this.#awake?.room;
    if (room === undefined) return;
    await this.#awake?.alarms.run(room.handlers, () => undefined);
  }

  accept(link: Link): void {
    this.turn(() => {
      const { identity, server } = link;
      if (server === undefined) return;
      const reason = this.#refusalOf(identity.account, identity.device, identity.session);
      if (reason !== undefined) return server.close(reason);
      this.roster.add(server);
      this.gate.pass(() => link.sendDown({ type: "opened" }));
    });
  }

  protected frame(socket: SimSocket, text: string): void {
    const room = this.#awake?.room;
    if (room === undefined || !this.roster.has(socket)) return socket.close("unavailable");
    try {
      room.core.receive(socket, this.sim.variant.frame(text, this, socket));
    } catch {
      socket.send(errorEvent("internal"));
    }
  }

  initialise(input: InitialiseInput): Promise<RpcResult<Summary>> {
    return answerRpc(async () => {
      const awake = this.#awake;
      const sets = await Promise.all(
        input.members.map(async ({ account }) => {
          const peer = input.members.find((member) => member.account !== account);
          if (peer === undefined) throw refusal("forbidden");
          const { conversationId, kind, createdAtMs } = input;
          const visible = account === input.initiator;
          const registration = { conversationId, kind, peer, createdAtMs, visible };
          return unwrap(await this.#world.inboxFor(this, account).registerConversation(registration));
        }),
      );
      if (awake !== undefined && awake.room === undefined) this.#create(awake, input, sets);
      for (const set of sets) awake?.room?.applySet(set);
      const summary = awake?.room?.summaryFor(input.initiator);
      if (summary === undefined) throw refusal("not_found");
      return summary;
    });
  }

  accountChanged({ set, endedSessions }: AccountChange): Promise<RpcResult<null>> {
    return answerRpc(() => {
      const room = this.#awake?.room;
      if (room === undefined) {
        const early = this.#awake?.early.get(set.account);
        if (early === undefined || early.epoch < set.epoch) this.#awake?.early.set(set.account, set);
        return null;
      }
      if (!room.state.members.has(set.account)) throw refusal("not_found");
      const ended = new Set<SessionId>(endedSessions);
      this.#store.transaction(() => {
        this.#store.forgetSessions(this.now() - endedSessionMs);
        for (const session of ended) this.#store.endSession(session, this.now());
      });
      room.applySet(set);
      this.roster.closeWhere(
        ({ account, device, session }) =>
          account === set.account && (ended.has(session) || !set.devices.includes(device)),
        "session_revoked",
      );
      return null;
    });
  }

  receipts({ account, device, delivered, read }: ReceiptInput): Promise<RpcResult<null>> {
    return answerRpc(async () => {
      const room = this.#awake?.room;
      if (room?.state.members.has(account) !== true) throw refusal("not_found");
      await room.core.receiptsFor(account, device, delivered, read);
      return null;
    });
  }

  page({ identity, limit, before, after }: PageInput): Promise<RpcResult<HotPage>> {
    return answerRpc(() => {
      const room = this.#awake?.room;
      if (room?.state.members.has(identity.account) !== true) throw refusal("not_found");
      const { record } = room.state;
      const range = after === undefined ? (before === undefined ? {} : { before }) : { after };
      const capsulesOf = deviceAddressKey(identity.account, identity.device);
      const found = this.#store.page({ ...range, limit: limit + 1, capsulesOf });
      const more = found.length > limit;
      const kept = more ? (after === undefined ? found.slice(1) : found.slice(0, limit)) : found;
      const messages = kept.map((message) => {
        const bare = recordOf(record.conversationId, message);
        return message.capsule === null ? bare : { ...bare, capsule: message.capsule };
      });
      return { messages, more, archive: { shard: record.archiveShard, upTo: record.prunedSeq } };
    });
  }

  #refusalOf(account: AccountId, device: number, session: SessionId): CloseReason | undefined {
    const room = this.#awake?.room;
    if (room === undefined) return "not_found";
    const member = room.state.members.get(account);
    if (member === undefined) return "forbidden";
    const isOver = !member.isActive(device) || this.#store.isSessionEnded(session);
    return isOver ? "session_revoked" : undefined;
  }

  #openRoom(alarms: Alarms<ConversationAlarm>): Room | undefined {
    const snapshot = this.#store.load();
    if (snapshot === undefined) return undefined;
    const archive = this.#world.archive.reachedBy(this);
    return new Room(
      {
        store: this.#store,
        sockets: this.roster,
        alarms,
        archive: this.sim.variant.archive(archive, this),
        // Typing marks may be lost; nothing that the oracle watches depends on them.
        inboxOf: (account) => ({
          ...this.#world.inboxFor(this, account),
          typing: () => Promise.resolve({ ok: true, value: null }),
        }),
        now: this.now,
        messagesPerSecond: this.#messagesPerSecond,
        pause: (delayMs) => new Promise((resolve) => this.later(delayMs, "pause", resolve)),
        defer: (flush) => this.later(0, "flush", flush),
        onArchiveIncomplete: () => this.sim.oracle.violate(`${this.name}: the archive lost rows`),
        onFailure: (place) => {
          if (place === "flush_failed") this.sim.faults.count("flush_refused");
        },
      },
      snapshot,
    );
  }

  #create(awake: Awake, input: InitialiseInput, registered: readonly DeviceSet[]): void {
    const sets = registered.map((set) => {
      const early = awake.early.get(set.account);
      return early !== undefined && early.epoch > set.epoch ? early : set;
    });
    const members = input.members.map((member, position) => {
      const set = sets.find(({ account }) => account === member.account);
      if (set === undefined) throw refusal("not_found");
      const { version, epoch } = set;
      return {
        ...member,
        position,
        listVersion: version,
        setEpoch: epoch,
        readSeq: 0,
        readCount: 0,
        notifiedSeq: 0,
      };
    });
    const { conversationId, kind, archiveShard, createdAtMs } = input;
    const record = {
      conversationId,
      kind,
      archiveShard,
      createdAtMs,
      archivedSeq: 0,
      sweptSeq: 0,
      prunedSeq: 0,
    };
    this.#store.create(record, members, sets);
    awake.room = this.#openRoom(awake.alarms);
    awake.early.clear();
  }
}
