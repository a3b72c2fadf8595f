/** The Durable Object of one conversation: wakes, restores, hands on, replies. What it decides is in the room. */
import { DurableObject } from "cloudflare:workers";
import type { CloseReason } from "#schema/errors.ts";
import type { AccountId, ConversationId, SessionId } from "#schema/ids.ts";
import { pingText, pongText } from "#schema/protocol/control.ts";
import { subprotocol } from "#schema/protocol/version.ts";
import { migrations } from "#schema/db/conversation/migrations.ts";
import type {
  AccountChange,
  ConversationRpc,
  CreateGroupInput,
  Delivery,
  GroupMembers,
  InvitedInput,
  InvitePreview,
  JoinRequest,
  JoinRequestState,
  OperationAnswer,
  OperationInput,
  OperationPage,
  InitialiseInput,
  PageInput,
  ReceiptInput,
} from "#schema/rpc/conversation.ts";
import { answerDone, answerRpc, unwrap, type RpcResult } from "#schema/rpc/result.ts";
import type { HotPage, Identity, Summary } from "#schema/rpc/shared.ts";
import { Alarms } from "../support/alarms.ts";
import { answerClose, closeFor } from "../support/close.ts";
import { errorEvent, refusal } from "../support/error-events.ts";
import { faultOf, logEvent } from "../support/events.ts";
import { migrate } from "../support/migrate.ts";
import { parseUpgrade, SocketRoster } from "../support/sockets.ts";
import { durableSql } from "../support/durable-sql.ts";
import type { Sql } from "../support/sql.ts";
import { inboxStub, type ObjectEnv } from "../support/stubs.ts";
import { Arrivals } from "./arrivals.ts";
import { createDirect } from "./create-direct.ts";
import { registerDirect } from "./register-direct.ts";
import { createGroup } from "./create-group.ts";
import { SqliteGroupStore } from "./group-store.ts";
import { deliveryOf, membersOf, operationPage } from "./ledger.ts";
import { historyPage } from "./history.ts";
import { InviteDesk } from "./invite-desk.ts";
import { JoinRequestStore } from "./join-request-store.ts";
import { logFault, openRoom } from "./open-room.ts";
import type { ConversationAlarm, Room } from "./room.ts";
import { SqliteConversationStore } from "./sqlite-store.ts";
import { tellJoins } from "./tell-joins.ts";

/** Ended sessions are refused until their access tokens have run out for certain. */
const endedSessionMs = 60 * 60_000;

type ObjectAlarm = ConversationAlarm | "sockets";

export class Conversation extends DurableObject<ObjectEnv> implements ConversationRpc {
  readonly #sql: Sql;
  readonly #store: SqliteConversationStore;
  readonly #sockets: SocketRoster;
  #room: Room | undefined;
  readonly #groupStore: SqliteGroupStore;
  readonly #arrivals = new Arrivals();
  readonly #invites: InviteDesk;

  constructor(context: DurableObjectState, env: ObjectEnv) {
    super(context, env);
    this.#sql = durableSql(context.storage);
    this.#store = new SqliteConversationStore(this.#sql, () => migrate(this.#sql, migrations));
    this.#groupStore = new SqliteGroupStore(this.#sql);
    this.#invites = new InviteDesk({
      state: () => this.#room?.state,
      groupStore: this.#groupStore,
      requests: new JoinRequestStore(this.#sql),
      now: Date.now,
      tell: (conversationId, accounts) => tellJoins(this.env, conversationId, accounts),
    });
    context.setWebSocketAutoResponse(new WebSocketRequestResponsePair(pingText, pongText));
    this.#sockets = new SocketRoster(context);
    this.#room = this.#openRoom();
  }

  /** A WebSocket upgrade whose identity the Worker has stamped. */
  override fetch(request: Request): Response {
    const upgrade = parseUpgrade(request.headers);
    const { account, device, session } = upgrade.identity;
    const { 0: client, 1: server } = new WebSocketPair();
    const refused = this.#refusalOf(account, device, session);
    if (refused === undefined) {
      this.#alarms.schedule("sockets", this.#sockets.accept(server, upgrade, Date.now()));
    } else {
      server.accept();
      closeFor(server, refused);
    }
    const headers = { "sec-websocket-protocol": subprotocol };
    return new Response(null, { status: 101, webSocket: client, headers });
  }

  override webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): void {
    const known = this.#sockets.receiving(socket, Date.now());
    if (known === undefined || this.#room === undefined) return closeFor(socket, "unavailable");
    try {
      this.#room.core.receive(known, data);
    } catch (error) {
      logFault("frame_failed", error);
      known.send(errorEvent("internal"));
    }
  }

  override webSocketClose(socket: WebSocket, code: number, reason: string): void {
    this.#sockets.remove(socket);
    answerClose(socket, code, reason);
  }

  override webSocketError(socket: WebSocket): void {
    this.#sockets.remove(socket);
  }

  override async alarm(): Promise<void> {
    if (this.#room === undefined) return;
    const handlers = { ...this.#room.handlers, sockets: () => this.#tidySockets() };
    await this.#alarms.run(handlers, (alarm, error) =>
      logEvent("warn", { event: "alarm_failed", object: "conversation", alarm, fault: faultOf(error) }),
    );
  }

  async initialise(input: InitialiseInput): Promise<RpcResult<Summary>> {
    const accounts = input.members.map(({ account }) => account);
    return answerRpc(async () => {
      this.#arrivals.expect(accounts);
      try {
        const sets = await Promise.all(accounts.map((account) => registerDirect(this.env, input, account)));
        if (this.#room === undefined) createDirect(this.#store, this.#arrivals, input, sets);
        this.#room ??= this.#openRoom();
        for (const set of sets) this.#room?.applySet(set);
      } finally {
        this.#arrivals.release(accounts);
      }
      const summary = this.#room?.summaryFor(input.initiator);
      if (summary === undefined) throw refusal("not_found");
      return summary;
    });
  }

  createGroup(input: CreateGroupInput): Promise<RpcResult<Summary>> {
    return answerRpc(async () => {
      const isNew = this.#room === undefined;
      const [store, groupStore] = [this.#store, this.#groupStore];
      const register = async (account: AccountId, conversationId: ConversationId, createdAtMs: number) => {
        const registration = { conversationId, kind: "group", createdAtMs, visible: false } as const;
        return unwrap(await inboxStub(this.env, account).registerConversation(registration));
      };
      const exists = () => this.#room !== undefined;
      await createGroup({ store, groupStore, arrivals: this.#arrivals, register, exists }, input);
      this.#room ??= this.#openRoom();
      if (isNew) this.#room?.start();
      const summary = this.#room?.summaryFor(input.identity.account);
      if (summary === undefined) throw refusal("not_found");
      return summary;
    });
  }

  postOperation(input: OperationInput): Promise<RpcResult<OperationAnswer>> {
    return answerRpc(() => {
      if (this.#room === undefined) throw refusal("not_found");
      return this.#room.group.post(input);
    });
  }

  operations(input: { account: AccountId; after: number; limit: number }): Promise<RpcResult<OperationPage>> {
    return answerRpc(() => {
      this.#memberRoom(input.account);
      return operationPage(this.#groupStore, input.after, input.limit);
    });
  }

  groupMembers({ account }: { account: AccountId }): Promise<RpcResult<GroupMembers>> {
    return answerRpc(() => membersOf(this.#memberRoom(account).state));
  }

  previewInvite({ publicKey }: { publicKey: string }): Promise<RpcResult<InvitePreview>> {
    return answerRpc(() => this.#invites.preview(publicKey));
  }

  invitedOperations(input: InvitedInput & { after: number }): Promise<RpcResult<OperationPage>> {
    return answerRpc(() => this.#invites.operations(input));
  }

  requestJoin(input: InvitedInput & { proof: string }): Promise<RpcResult<JoinRequestState>> {
    return answerRpc(() => this.#invites.request(input));
  }

  joinRequestState(input: InvitedInput): Promise<RpcResult<JoinRequestState>> {
    return answerRpc(() => this.#invites.stateOf(input));
  }

  joinRequests({ account }: { account: AccountId }): Promise<RpcResult<readonly JoinRequest[]>> {
    return answerRpc(() => this.#invites.waiting(account));
  }

  refuseJoin({ account, refused }: { account: AccountId; refused: AccountId }): Promise<RpcResult<null>> {
    return answerDone(() => this.#invites.refuse(account, refused));
  }

  delivery({ account, seq }: { account: AccountId; seq: number }): Promise<RpcResult<Delivery>> {
    return answerRpc(() => deliveryOf(this.#memberRoom(account).state, this.#store, account, seq));
  }

  undecryptable({ account, count }: { account: AccountId; count: number }): Promise<RpcResult<null>> {
    return answerDone(() => this.#memberRoom(account).undecryptable(count));
  }

  accountChanged({ set, endedSessions }: AccountChange): Promise<RpcResult<null>> {
    return answerRpc(() => {
      const room = this.#room;
      if (room?.state.members.has(set.account) !== true) {
        if (!this.#arrivals.keep(set)) throw refusal("not_found");
        return null;
      }
      const ended = new Set<SessionId>(endedSessions);
      this.#store.transaction(() => {
        this.#store.forgetSessions(Date.now() - endedSessionMs);
        for (const session of ended) this.#store.endSession(session, Date.now());
      });
      room.applySet(set);
      this.#sockets.closeWhere(
        ({ account, device, session }) =>
          account === set.account && (ended.has(session) || !set.devices.includes(device)),
        "session_revoked",
      );
      return null;
    });
  }

  receipts(input: ReceiptInput): Promise<RpcResult<null>> {
    return answerRpc(async () => {
      await this.#memberRoom(input.account).core.receiptsFor(
        input.account,
        input.device,
        input.delivered,
        input.read,
      );
      return null;
    });
  }

  assertMember({ account }: Identity): Promise<RpcResult<null>> {
    return answerRpc(() => {
      this.#memberRoom(account);
      return null;
    });
  }

  page(input: PageInput): Promise<RpcResult<HotPage>> {
    return answerRpc(() => {
      const { state } = this.#memberRoom(input.identity.account);
      const member = state.members.get(input.identity.account);
      if (member === undefined) throw refusal("not_found");
      return historyPage(state, this.#store, member, input);
    });
  }

  get #alarms(): Alarms<ObjectAlarm> {
    this.#openAlarms ??= new Alarms(this.#sql, (atMs) => void this.ctx.storage.setAlarm(atMs), Date.now);
    return this.#openAlarms;
  }
  #openAlarms: Alarms<ObjectAlarm> | undefined;

  #tidySockets(): void {
    const againAtMs = this.#sockets.tidy(Date.now());
    if (againAtMs !== undefined) this.#alarms.schedule("sockets", againAtMs);
  }

  /** A stranger learns no more than that there is nothing for them here. */
  #memberRoom(account: AccountId): Room {
    if (this.#room?.state.members.has(account) !== true) throw refusal("not_found");
    return this.#room;
  }

  #refusalOf(account: AccountId, device: number, session: SessionId): CloseReason | undefined {
    const member = this.#room?.state.members.get(account);
    if (this.#room === undefined) return "not_found";
    if (member === undefined) return "forbidden";
    const isOver = !member.isActive(device) || this.#store.isSessionEnded(session);
    return isOver ? "session_revoked" : undefined;
  }

  #openRoom(): Room | undefined {
    const snapshot = this.#store.load();
    if (snapshot === undefined) return undefined;
    return openRoom(snapshot, {
      env: this.env,
      store: this.#store,
      groupStore: this.#groupStore,
      arrivals: this.#arrivals,
      sockets: this.#sockets,
      alarms: this.#alarms,
    });
  }
}
