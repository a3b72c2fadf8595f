/** The Durable Object of one account: wakes, restores, hands on, replies. What it decides is in the core. */
import { DurableObject } from "cloudflare:workers";
import { migrations } from "#schema/db/inbox/migrations.ts";
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { deviceCertHashInput } from "#schema/envelope/device-cert.ts";
import { deviceListHashInput } from "#schema/envelope/device-list.ts";
import type { Bundle, DeviceDirectory } from "#schema/http/devices.ts";
import type { AccountId, ConversationId, DeviceId } from "#schema/ids.ts";
import { pingText, pongText } from "#schema/protocol/control.ts";
import type { Presence, PresenceAudience } from "#schema/protocol/presence.ts";
import { subprotocol } from "#schema/protocol/version.ts";
import type * as Rpc from "#schema/rpc/inbox.ts";
import { answerDone, answerRpc, type RpcResult, unwrap } from "#schema/rpc/result.ts";
import type { DeviceSet, Identity } from "#schema/rpc/shared.ts";
import { Alarms } from "../support/alarms.ts";
import { answerClose, closeFor } from "../support/close.ts";
import { errorEvent, refusal } from "../support/error-events.ts";
import { type FaultEvent, faultOf, logEvent } from "../support/events.ts";
import { migrate } from "../support/migrate.ts";
import { sha256 } from "../support/sha256.ts";
import { parseUpgrade, SocketRoster } from "../support/sockets.ts";
import { durableSql } from "../support/durable-sql.ts";
import { hasTable, type Sql } from "../support/sql.ts";
import { conversationStub, inboxStub, type ObjectEnv } from "../support/stubs.ts";
import { InboxChannel } from "./channel.ts";
import { InboxCore } from "./core.ts";
import { knownAccount } from "./devices.ts";
import { InboxParts } from "./parts.ts";
import { Postman } from "./postman.ts";
import { PresenceDesk } from "./presence.ts";

type InboxAlarm = "notices" | "receipts" | "clean" | "sockets";

const retryMs = 5_000;
const cleanMs = 86_400_000;

export class Inbox extends DurableObject<ObjectEnv> implements Rpc.InboxRpc {
  readonly #sql: Sql;
  readonly #sockets: SocketRoster;
  readonly #parts: InboxParts;
  readonly #presence: PresenceDesk;
  readonly #channel: InboxChannel;
  readonly #core: InboxCore;
  readonly #postman: Postman;
  #openAlarms: Alarms<InboxAlarm> | undefined;

  constructor(context: DurableObjectState, env: ObjectEnv) {
    super(context, env);
    this.#sql = durableSql(context.storage);
    if (hasTable(this.#sql, "account")) migrate(this.#sql, migrations);
    context.setWebSocketAutoResponse(new WebSocketRequestResponsePair(pingText, pongText));
    this.#sockets = new SocketRoster(context);
    this.#parts = new InboxParts(this.#sql, Date.now);
    this.#presence = new PresenceDesk({
      sql: this.#sql,
      now: Date.now,
      summaries: this.#parts.summaries,
      heardAtMs: () => this.#sockets.heardAtMs(),
      ask: async (account, viewer) => unwrap(await inboxStub(this.env, account).presence({ viewer })),
      onFailure: (error) => this.#log("call_failed", error),
    });
    this.#channel = new InboxChannel({
      parts: this.#parts,
      sockets: this.#sockets,
      now: Date.now,
      deliver: (account, message) => this.#deliver(account, message),
      onReceipt: () => this.#post("receipts"),
      onPresenceGet: (socket, frame) => this.#presence.get(socket, frame),
      onFailure: (error) => this.#log("call_failed", error),
    });
    this.#core = new InboxCore(
      {
        sql: this.#sql,
        now: Date.now,
        migrate: () => migrate(this.#sql, migrations),
        onNotice: () => this.#post("notices"),
      },
      this.#parts,
      this.#channel,
    );
    this.#postman = new Postman({
      notices: this.#parts.notices,
      set: () => this.#core.deviceSet(),
      conversation: (id) => conversationStub(this.env, id),
    });
  }

  /** A WebSocket upgrade whose identity the Worker has stamped. */
  override async fetch(request: Request): Promise<Response> {
    const upgrade = parseUpgrade(request.headers);
    const authorized = await this.authorize(upgrade.identity);
    const { 0: client, 1: server } = new WebSocketPair();
    if (authorized.ok) {
      this.#alarms.schedule("sockets", this.#sockets.accept(server, upgrade, Date.now()));
    } else {
      server.accept();
      closeFor(server, "session_revoked");
    }
    const headers = { "sec-websocket-protocol": subprotocol };
    return new Response(null, { status: 101, webSocket: client, headers });
  }

  override webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): void {
    const known = this.#sockets.receiving(socket, Date.now());
    if (known === undefined) return closeFor(socket, "unavailable");
    try {
      this.#channel.receive(known, data);
    } catch (error) {
      this.#log("frame_failed", error);
      known.send(errorEvent("internal"));
    }
  }

  override webSocketClose(socket: WebSocket, code: number, reason: string): void {
    this.#leave(socket);
    answerClose(socket, code, reason);
  }

  override webSocketError(socket: WebSocket): void {
    this.#leave(socket);
  }

  override async alarm(): Promise<void> {
    if (!hasTable(this.#sql, "account")) return;
    const handlers = {
      notices: () => this.#postman.tellChanges(),
      receipts: () => this.#postman.tellReceipts(),
      clean: () => {
        this.#core.clean();
        this.#alarms.schedule("clean", Date.now() + cleanMs);
      },
      sockets: () => this.#tidySockets(),
    };
    await this.#alarms.run(handlers, (alarm, error) =>
      logEvent("warn", { event: "alarm_failed", object: "inbox", alarm, fault: faultOf(error) }),
    );
  }

  async enrol(input: Rpc.EnrolInput): Promise<RpcResult<null>> {
    const list = await sha256(deviceListHashInput(decodeBase64url(input.deviceList)));
    const certificate = await sha256(deviceCertHashInput(decodeBase64url(input.certificate)));
    return answerDone(() => {
      this.#core.enrol(input, { list: encodeBase64url(list), certificate });
      this.#alarms.schedule("clean", Date.now() + cleanMs);
    });
  }

  openSession(input: Rpc.OpenSessionInput): Promise<RpcResult<Identity>> {
    return answerRpc(() => this.#core.openSession(input));
  }

  rotateSession(input: Rpc.RotateInput): Promise<RpcResult<Identity>> {
    return answerRpc(() => this.#core.rotateSession(input));
  }

  authorize(identity: Identity): Promise<RpcResult<null>> {
    return answerDone(() => this.#core.authorize(identity));
  }

  endSessions(input: Rpc.EndSessionsInput): Promise<RpcResult<{ ended: number }>> {
    return answerRpc(() => ({ ended: this.#core.endSessions(input) }));
  }

  changePassword(input: Rpc.PasswordChangeInput): Promise<RpcResult<Rpc.PasswordChangeRecord>> {
    return answerRpc(() => this.#core.changePassword(input));
  }

  signOut(input: { device: DeviceId; statement: string }): Promise<RpcResult<null>> {
    return answerDone(() => this.#core.signOut(input.device, input.statement));
  }

  reset(command: Rpc.ResetCommand): Promise<RpcResult<Rpc.ResetStandingRecord>> {
    return answerRpc(() => this.#core.reset(command));
  }

  sessions(): Promise<RpcResult<readonly Rpc.SessionRecord[]>> {
    return answerRpc(() => {
      knownAccount(this.#sql);
      return this.#parts.sessions.list();
    });
  }

  ownDevices(): Promise<RpcResult<readonly Rpc.OwnDeviceRecord[]>> {
    return answerRpc(() => this.#core.ownDevices());
  }

  renameDevice({
    device,
    deviceName,
  }: Parameters<Rpc.InboxRpc["renameDevice"]>[0]): Promise<RpcResult<null>> {
    return answerDone(() => this.#core.renameDevice(device, deviceName));
  }

  async publishList({ deviceList }: { deviceList: string }): Promise<RpcResult<null>> {
    const hash = await sha256(deviceListHashInput(decodeBase64url(deviceList)));
    return answerDone(() => this.#core.publishList(deviceList, encodeBase64url(hash)));
  }

  directory(input: { after: number }): Promise<RpcResult<DeviceDirectory>> {
    return answerRpc(() => this.#core.directory(input.after));
  }

  certificate(input: { device: DeviceId }): Promise<RpcResult<string>> {
    return answerRpc(() => this.#core.certificate(input.device));
  }

  addPrekeys(input: {
    device: DeviceId;
    prekeys: Rpc.PrekeyInput;
  }): Promise<RpcResult<Rpc.PrekeyStockRecord>> {
    return answerRpc(() => this.#core.addPrekeys(input.device, input.prekeys));
  }

  claimBundles(input: Rpc.ClaimInput): Promise<RpcResult<readonly Bundle[]>> {
    return answerRpc(() => this.#core.claimBundles(input));
  }

  deviceSet(): Promise<RpcResult<DeviceSet>> {
    return answerRpc(() => this.#core.deviceSet());
  }

  registerConversation(input: Rpc.RegisterConversationInput): Promise<RpcResult<Rpc.Registration>> {
    return answerRpc(() => this.#core.registerConversation(input));
  }

  departed(input: { conversationId: ConversationId; epoch: number }): Promise<RpcResult<null>> {
    return answerDone(() => this.#core.departed(input.conversationId, input.epoch));
  }

  advance(input: Rpc.AdvanceInput): Promise<RpcResult<null>> {
    return answerDone(() => this.#core.advance(input));
  }

  joinsChanged(input: { conversationId: ConversationId }): Promise<RpcResult<null>> {
    return answerDone(() => this.#channel.joinsChanged(input.conversationId));
  }

  enqueueDeviceMessage(input: Rpc.DeviceMessageInput): Promise<RpcResult<null>> {
    return answerDone(() => this.#core.enqueueDeviceMessage(input));
  }

  presence({ viewer }: { viewer: AccountId }): Promise<RpcResult<Presence>> {
    return answerRpc(() => this.#presence.seenBy(knownAccount(this.#sql).account, viewer));
  }

  presenceAudience(): Promise<RpcResult<PresenceAudience>> {
    return answerRpc(() => this.#presence.audience());
  }

  setPresenceAudience({ audience }: { audience: PresenceAudience }): Promise<RpcResult<null>> {
    return answerDone(() => this.#presence.setAudience(audience));
  }

  typing(input: Rpc.TypingInput): Promise<RpcResult<null>> {
    return answerDone(() => {
      knownAccount(this.#sql);
      this.#channel.typing(input);
    });
  }

  listConversations(input: Rpc.ConversationListInput): Promise<RpcResult<Rpc.ConversationList>> {
    return answerRpc(() => {
      knownAccount(this.#sql);
      return this.#parts.summaries.page(input);
    });
  }

  get #alarms(): Alarms<InboxAlarm> {
    this.#openAlarms ??= new Alarms(this.#sql, (atMs) => void this.ctx.storage.setAlarm(atMs), Date.now);
    return this.#openAlarms;
  }

  #leave(socket: WebSocket): void {
    if (hasTable(this.#sql, "account")) this.#presence.left(this.#sockets.heardAtMs());
    this.#sockets.remove(socket);
  }

  #tidySockets(): void {
    this.#presence.left(this.#sockets.heardAtMs());
    const againAtMs = this.#sockets.tidy(Date.now());
    if (againAtMs !== undefined) this.#alarms.schedule("sockets", againAtMs);
  }

  async #deliver(account: AccountId, message: Rpc.DeviceMessageInput): Promise<void> {
    if (account === message.sender.account) this.#core.enqueueDeviceMessage(message);
    else if (!this.#parts.summaries.isShared(account, message.group)) throw refusal("forbidden");
    else unwrap(await inboxStub(this.env, account).enqueueDeviceMessage(message));
  }

  /** Tries at once; the alarm is what makes it certain. */
  #post(what: "notices" | "receipts"): void {
    this.#alarms.schedule(what, Date.now() + retryMs);
    const told = what === "notices" ? this.#postman.tellChanges() : this.#postman.tellReceipts();
    told.catch((error: unknown) => this.#log("call_failed", error));
  }

  #log(event: FaultEvent, error: unknown): void {
    logEvent(event === "call_failed" ? "warn" : "error", { event, object: "inbox", fault: faultOf(error) });
  }
}
