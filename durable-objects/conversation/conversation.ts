/** The Durable Object of one conversation: wakes, restores, hands on, replies. What it decides is in the room. */
import { DurableObject } from "cloudflare:workers";
import type { CloseReason } from "#schema/errors.ts";
import type { AccountId, SessionId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import { pingText, pongText } from "#schema/protocol/control.ts";
import { subprotocol } from "#schema/protocol/version.ts";
import { migrations } from "#schema/db/conversation/migrations.ts";
import type {
  AccountChange,
  ConversationRpc,
  InitialiseInput,
  PageInput,
  ReceiptInput,
} from "#schema/rpc/conversation.ts";
import { answerRpc, unwrap, type RpcResult } from "#schema/rpc/result.ts";
import type { DeviceSet, HotPage, Identity, Summary } from "#schema/rpc/shared.ts";
import { Alarms } from "../support/alarms.ts";
import { answerClose, closeFor } from "../support/close.ts";
import { errorEvent, refusal } from "../support/error-events.ts";
import { type FaultEvent, faultOf, logEvent } from "../support/events.ts";
import { migrate } from "../support/migrate.ts";
import { parseUpgrade, SocketRoster } from "../support/sockets.ts";
import { durableSql } from "../support/durable-sql.ts";
import type { Sql } from "../support/sql.ts";
import { inboxStub, type ObjectEnv } from "../support/stubs.ts";
import { D1Archive } from "./d1-archive.ts";
import { recordOf } from "./log-events.ts";
import { type ConversationAlarm, Room } from "./room.ts";
import { SqliteConversationStore } from "./sqlite-store.ts";

/** Ended sessions are refused until their access tokens have run out for certain. */
const endedSessionMs = 60 * 60_000;

type ObjectAlarm = ConversationAlarm | "sockets";

export class Conversation extends DurableObject<ObjectEnv> implements ConversationRpc {
  readonly #sql: Sql;
  readonly #store: SqliteConversationStore;
  readonly #sockets: SocketRoster;
  #room: Room | undefined;
  /** Device sets that arrived while the conversation was being created. */
  readonly #early = new Map<AccountId, DeviceSet>();

  constructor(context: DurableObjectState, env: ObjectEnv) {
    super(context, env);
    this.#sql = durableSql(context.storage);
    this.#store = new SqliteConversationStore(this.#sql, () => migrate(this.#sql, migrations));
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
      this.#log("frame_failed", error);
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
    return answerRpc(async () => {
      const sets = await Promise.all(input.members.map((member) => this.#register(input, member.account)));
      if (this.#room === undefined) this.#create(input, sets);
      for (const set of sets) this.#room?.applySet(set);
      const summary = this.#room?.summaryFor(input.initiator);
      if (summary === undefined) throw refusal("not_found");
      return summary;
    });
  }

  accountChanged({ set, endedSessions }: AccountChange): Promise<RpcResult<null>> {
    return answerRpc(() => {
      const room = this.#room;
      if (room === undefined) {
        const early = this.#early.get(set.account);
        if (early === undefined || early.epoch < set.epoch) this.#early.set(set.account, set);
        return null;
      }
      if (!room.state.members.has(set.account)) throw refusal("not_found");
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

  page({ identity, limit, before, after }: PageInput): Promise<RpcResult<HotPage>> {
    return answerRpc(() => {
      const { record } = this.#memberRoom(identity.account).state;
      const capsulesOf = `${identity.account}.${identity.device}`;
      const range = after === undefined ? (before === undefined ? {} : { before }) : { after };
      const found = this.#store.page({ ...range, limit: limit + 1, capsulesOf });
      const more = found.length > limit;
      const page = more ? (after === undefined ? found.slice(1) : found.slice(0, limit)) : found;
      const messages = page.map((message) => {
        const bare = recordOf(record.conversationId, message);
        return message.capsule === null ? bare : { ...bare, capsule: message.capsule };
      });
      return { messages, more, archive: { shard: record.archiveShard, upTo: record.prunedSeq } };
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
    return new Room(
      {
        store: this.#store,
        sockets: this.#sockets,
        alarms: this.#alarms,
        archive: new D1Archive(archiveShard(this.env, snapshot.record.archiveShard)),
        inboxOf: (account) => inboxStub(this.env, account),
        now: Date.now,
        messagesPerSecond: Number(this.env.MESSAGES_PER_SECOND ?? limits.messagesPerSecond),
        pause: (delayMs) => scheduler.wait(delayMs),
        defer: (flush) => setTimeout(flush, 0),
        onFailure: (place, error) => this.#log(place, error),
        onArchiveIncomplete: () => logEvent("error", { event: "archive_incomplete", object: "conversation" }),
      },
      snapshot,
    );
  }

  async #register(input: InitialiseInput, account: AccountId): Promise<DeviceSet> {
    const peer = input.members.find((member) => member.account !== account);
    if (peer === undefined) throw refusal("forbidden");
    const { conversationId, kind, createdAtMs } = input;
    const visible = account === input.initiator;
    const registration = { conversationId, kind, peer, createdAtMs, visible };
    return unwrap(await inboxStub(this.env, account).registerConversation(registration));
  }

  #create(input: InitialiseInput, registered: readonly DeviceSet[]): void {
    // In one transaction: an early set was confirmed, so it must not be lost to a failure after the creation.
    const sets = registered.map((set) => {
      const early = this.#early.get(set.account);
      return early !== undefined && early.epoch > set.epoch ? early : set;
    });
    const members = input.members.map((member, position) => {
      const set = sets.find(({ account }) => account === member.account);
      if (set === undefined) throw refusal("not_found");
      return {
        ...member,
        position,
        listVersion: set.version,
        setEpoch: set.epoch,
        readSeq: 0,
        readCount: 0,
        notifiedSeq: 0,
      };
    });
    const { conversationId, kind, archiveShard, createdAtMs } = input;
    const marks = { archivedSeq: 0, sweptSeq: 0, prunedSeq: 0 };
    const record = { conversationId, kind, archiveShard, createdAtMs, ...marks };
    this.#store.create(record, members, sets);
    this.#room = this.#openRoom();
    this.#early.clear();
  }

  #log(event: FaultEvent, error: unknown): void {
    logEvent(event === "call_failed" ? "warn" : "error", {
      event,
      object: "conversation",
      fault: faultOf(error),
    });
  }
}

/** The binding of an archive shard; a missing one fails its alarm and nothing else. */
function archiveShard(env: ObjectEnv, shard: number): D1Database {
  return (env as unknown as Record<string, D1Database>)[`ARCHIVE_${shard}`] as D1Database;
}
