/** A conversation object: the real room over simulated storage, with the wiring that the hibernating class has. */
import type { CloseReason } from "#schema/errors.ts";
import type { AccountId, ConversationId, SessionId } from "#schema/ids.ts";
import type {
  AccountChange,
  CreateGroupInput,
  GroupMembers,
  InitialiseInput,
  InvitedInput,
  InvitePreview,
  JoinRequest,
  JoinRequestState,
  OperationAnswer,
  OperationInput,
  OperationPage,
  PageInput,
  ReceiptInput,
} from "#schema/rpc/conversation.ts";
import type { RegisterConversationInput } from "#schema/rpc/inbox.ts";
import { answerDone, answerRpc, type RpcResult, unwrap } from "#schema/rpc/result.ts";
import type { HotPage, Summary } from "#schema/rpc/shared.ts";
import { Arrivals } from "#durable-objects/conversation/arrivals.ts";
import { createDirect } from "#durable-objects/conversation/create-direct.ts";
import { createGroup } from "#durable-objects/conversation/create-group.ts";
import { type GroupStore, SqliteGroupStore } from "#durable-objects/conversation/group-store.ts";
import { historyPage } from "#durable-objects/conversation/history.ts";
import { InviteDesk } from "#durable-objects/conversation/invite-desk.ts";
import { JoinRequestStore } from "#durable-objects/conversation/join-request-store.ts";
import { membersOf, operationPage } from "#durable-objects/conversation/ledger.ts";
import { type ConversationAlarm, Room } from "#durable-objects/conversation/room.ts";
import { SqliteConversationStore } from "#durable-objects/conversation/sqlite-store.ts";
import type { ConversationStore } from "#durable-objects/conversation/store.ts";
import type { Alarms } from "#durable-objects/support/alarms.ts";
import { errorEvent, refusal } from "#durable-objects/support/error-events.ts";
import { receivedFrame } from "#test/support/up-frames.ts";
import { ObjectHost } from "./host.ts";
import { Journal } from "./journal.ts";
import type { Link } from "./link.ts";
import type { Sim } from "./sim.ts";
import type { SimSocket } from "./sockets.ts";
import type { World } from "./world.ts";

const endedSessionMs = 60 * 60_000;

interface Awake {
  readonly alarms: Alarms<ConversationAlarm>;
  readonly arrivals: Arrivals;
  readonly invites: InviteDesk;
  room: Room | undefined;
}

export class ConversationHost extends ObjectHost {
  readonly id: ConversationId;
  readonly journal = new Journal();
  readonly #world: World;
  readonly #messagesPerSecond: number;
  readonly #store: ConversationStore;
  readonly #groupStore: GroupStore;
  #awake: Awake | undefined;

  constructor(sim: Sim, world: World, id: ConversationId, name: string, messagesPerSecond: number) {
    super(sim, "conversation", name);
    this.id = id;
    this.#world = world;
    this.#messagesPerSecond = messagesPerSecond;
    const store = new SqliteConversationStore(this.disk, () => undefined);
    this.#store = sim.variant.store(this.journal.watch(store), this);
    const groupStore = this.journal.watchGroup(new SqliteGroupStore(this.disk));
    this.#groupStore = sim.variant.groupStore(groupStore, this);
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
    const arrivals = new Arrivals();
    const invites = new InviteDesk({
      state: () => this.#awake?.room?.state,
      groupStore: this.#groupStore,
      requests: new JoinRequestStore(this.disk),
      now: this.now,
      // Only a hint to look again.
      tell: () => undefined,
    });
    this.#awake = { alarms, arrivals, invites, room: undefined };
    this.#awake.room = this.#openRoom(alarms, arrivals);
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
      room.core.receive(socket, receivedFrame(this.sim.variant.frame(text, this, socket)));
    } catch {
      socket.send(errorEvent("internal"));
    }
  }

  initialise(input: InitialiseInput): Promise<RpcResult<Summary>> {
    return answerRpc(async () => {
      const awake = this.#awake;
      awake?.arrivals.expect(input.members.map(({ account }) => account));
      const sets = await Promise.all(
        input.members.map(async ({ account }) => {
          const peer = input.members.find((member) => member.account !== account);
          if (peer === undefined) throw refusal("forbidden");
          const { conversationId, kind, createdAtMs } = input;
          const visible = account === input.initiator;
          const registration = { conversationId, kind, peer, createdAtMs, visible };
          return unwrap(await this.#world.inboxFor(this, account).registerConversation(registration)).set;
        }),
      );
      if (awake !== undefined) {
        if (awake.room === undefined) createDirect(this.#store, awake.arrivals, input, sets);
        awake.room ??= this.#openRoom(awake.alarms, awake.arrivals);
        for (const set of sets) awake.room?.applySet(set);
      }
      const summary = awake?.room?.summaryFor(input.initiator);
      if (summary === undefined) throw refusal("not_found");
      return summary;
    });
  }

  createGroup(input: CreateGroupInput): Promise<RpcResult<Summary>> {
    return answerRpc(async () => {
      const awake = this.#awake;
      if (awake === undefined) throw refusal("unavailable");
      const isNew = awake.room === undefined;
      const register = async (account: AccountId, conversationId: ConversationId, createdAtMs: number) => {
        const registration = { conversationId, kind: "group", createdAtMs, visible: false } as const;
        return unwrap(await this.#inboxOf(account).registerConversation(registration));
      };
      const exists = () => awake.room !== undefined;
      const { arrivals } = awake;
      const [store, groupStore] = [this.#store, this.#groupStore];
      await createGroup({ store, groupStore, arrivals, register, exists }, input);
      awake.room ??= this.#openRoom(awake.alarms, arrivals);
      if (isNew) awake.room?.start();
      const summary = awake.room?.summaryFor(input.identity.account);
      if (summary === undefined) throw refusal("not_found");
      return summary;
    });
  }

  postOperation(input: OperationInput): Promise<RpcResult<OperationAnswer>> {
    return answerRpc(() => {
      const room = this.#awake?.room;
      if (room === undefined) throw refusal("not_found");
      return room.group.post(input);
    });
  }

  operations(account: AccountId, after: number, limit: number): Promise<RpcResult<OperationPage>> {
    return answerRpc(() => {
      this.#memberRoom(account);
      return operationPage(this.#groupStore, after, limit);
    });
  }

  groupMembers(account: AccountId): Promise<RpcResult<GroupMembers>> {
    return answerRpc(() => membersOf(this.#memberRoom(account).state));
  }

  assertMember(account: AccountId): Promise<RpcResult<null>> {
    return answerRpc(() => {
      this.#memberRoom(account);
      return null;
    });
  }

  previewInvite(publicKey: string): Promise<RpcResult<InvitePreview>> {
    return answerRpc(() => this.#invites.preview(publicKey));
  }

  invitedOperations(input: InvitedInput & { readonly after: number }): Promise<RpcResult<OperationPage>> {
    return answerRpc(() => this.#invites.operations(input));
  }

  requestJoin(input: InvitedInput & { readonly proof: string }): Promise<RpcResult<JoinRequestState>> {
    return answerRpc(() => this.#invites.request(input));
  }

  joinRequestState(input: InvitedInput): Promise<RpcResult<JoinRequestState>> {
    return answerRpc(() => this.#invites.stateOf(input));
  }

  joinRequests(account: AccountId): Promise<RpcResult<readonly JoinRequest[]>> {
    return answerRpc(() => this.#invites.waiting(account));
  }

  refuseJoin(account: AccountId, refused: AccountId): Promise<RpcResult<null>> {
    return answerDone(() => this.#invites.refuse(account, refused));
  }

  accountChanged({ set, endedSessions }: AccountChange): Promise<RpcResult<null>> {
    return answerRpc(() => {
      const room = this.#awake?.room;
      if (room?.state.members.has(set.account) !== true) {
        if (this.#awake?.arrivals.keep(set) !== true) throw refusal("not_found");
        return null;
      }
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

  page(input: PageInput): Promise<RpcResult<HotPage>> {
    return answerRpc(() => {
      const state = this.#awake?.room?.state;
      const member = state?.members.get(input.identity.account);
      if (state === undefined || member === undefined) throw refusal("not_found");
      return historyPage(state, this.#store, member, input);
    });
  }

  get #invites(): InviteDesk {
    if (this.#awake === undefined) throw refusal("unavailable");
    return this.#awake.invites;
  }

  #memberRoom(account: AccountId): Room {
    const room = this.#awake?.room;
    if (room?.state.members.has(account) !== true) throw refusal("not_found");
    return room;
  }

  #refusalOf(account: AccountId, device: number, session: SessionId): CloseReason | undefined {
    const room = this.#awake?.room;
    if (room === undefined) return "not_found";
    const member = room.state.members.get(account);
    if (member === undefined) return "forbidden";
    const isOver = !member.isActive(device) || this.#store.isSessionEnded(session);
    return isOver ? "session_revoked" : undefined;
  }

  #openRoom(alarms: Alarms<ConversationAlarm>, arrivals: Arrivals): Room | undefined {
    const snapshot = this.#store.load();
    if (snapshot === undefined) return undefined;
    const archive = this.#world.archive.reachedBy(this);
    const room = new Room(
      {
        store: this.#store,
        groupStore: this.#groupStore,
        arrivals,
        sockets: this.roster,
        alarms,
        archive: this.sim.variant.archive(archive, this),
        inboxOf: (account) => this.#inboxOf(account),
        now: this.now,
        messagesPerSecond: this.#messagesPerSecond,
        pause: (delayMs) => new Promise((resolve) => this.later(delayMs, "pause", resolve)),
        defer: (flush) => this.later(0, "flush", flush),
        onLosses: () => this.sim.oracle.violate(`${this.name}: capsules expired`),
        onArchiveIncomplete: () => this.sim.oracle.violate(`${this.name}: the archive lost rows`),
        onFailure: (place) => {
          if (place === "flush_failed") this.sim.faults.count("flush_refused");
        },
      },
      snapshot,
    );
    this.sim.variant.room(room, this);
    return room;
  }

  #inboxOf(account: AccountId) {
    const inbox = this.#world.inboxFor(this, account);
    return {
      ...inbox,
      registerConversation: (input: RegisterConversationInput) =>
        this.sim.variant.register(inbox, input, this),
      // Typing marks may be lost; nothing that the oracle watches depends on them.
      typing: () => Promise.resolve({ ok: true as const, value: null }),
    };
  }
}
