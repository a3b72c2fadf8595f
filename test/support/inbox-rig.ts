/** An inbox awake in plain Node: its core and channel over SQLite in memory, with an account that can sign lists. */
import { createHash } from "node:crypto";
import {
  certifyDevice,
  createAccountKey,
  createDeviceKeys,
  type OwnDevice,
} from "#core/crypto/device-identity.ts";
import { createGenesisList, createNextList } from "#core/crypto/device-list.ts";
import { nobleProvider as provider } from "#core/crypto/noble-provider.ts";
import { InboxChannel } from "#durable-objects/inbox/channel.ts";
import { InboxCore } from "#durable-objects/inbox/core.ts";
import { InboxParts } from "#durable-objects/inbox/parts.ts";
import { PresenceDesk } from "#durable-objects/inbox/presence.ts";
import { migrate } from "#durable-objects/support/migrate.ts";
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { deviceCertHashInput } from "#schema/envelope/device-cert.ts";
import { type DeviceList, deviceListHashInput } from "#schema/envelope/device-list.ts";
import type { AccountId, ConversationId, SessionId } from "#schema/ids.ts";
import type { AdvanceInput, DeviceMessageInput, EnrolInput } from "#schema/rpc/inbox.ts";
import { FakeRoster, FakeSocket } from "./fake-socket.ts";
import { migrationsOf, type NodeSql, nodeSql } from "./node-sql.ts";
import { prekeysFor } from "./raw-account.ts";

export const anna = "AAAAAAAAAAAAAAAAAAAAAA" as AccountId;
export const ben = "BBBBBBBBBBBBBBBBBBBBBA" as AccountId;
export const conversationId = "CCCCCCCCCCCCCCCCCCCCCA" as ConversationId;
export const dayMs = 86_400_000;

export class InboxRig {
  readonly sql: NodeSql = nodeSql();
  readonly roster = new FakeRoster();
  readonly aik = createAccountKey(provider);
  readonly delivered: { readonly account: AccountId; readonly message: DeviceMessageInput }[] = [];
  readonly parts: InboxParts;
  readonly presence: PresenceDesk;
  readonly asked: { readonly account: AccountId; readonly viewer: AccountId }[] = [];
  readonly channel: InboxChannel;
  readonly core: InboxCore;
  nowMs = 20_000 * dayMs;
  /** When a device of this account was last heard on an open socket. */
  heardAtMs = 0;
  notices = 0;
  receipts = 0;
  list: DeviceList | undefined;

  constructor() {
    const now = (): number => this.nowMs;
    this.parts = new InboxParts(this.sql, now);
    this.presence = new PresenceDesk({
      sql: this.sql,
      now,
      summaries: this.parts.summaries,
      heardAtMs: () => this.heardAtMs,
      ask: (account, viewer) => {
        this.asked.push({ account, viewer });
        return Promise.resolve({ account, state: "online" });
      },
      onFailure: (error) => {
        throw error;
      },
    });
    this.channel = new InboxChannel({
      parts: this.parts,
      sockets: this.roster,
      now,
      deliver: (account, message) => {
        if (account === anna) this.core.enqueueDeviceMessage(message);
        else this.delivered.push({ account, message });
        return Promise.resolve();
      },
      onReceipt: () => (this.receipts += 1),
      onPresenceGet: (socket, frame) => this.presence.get(socket, frame),
      onFailure: (error) => {
        throw error;
      },
    });
    this.core = new InboxCore(
      {
        sql: this.sql,
        now,
        migrate: () => migrate(this.sql, migrationsOf("inbox")),
        onNotice: () => (this.notices += 1),
      },
      this.parts,
      this.channel,
    );
  }

  newDevice(deviceId: number): OwnDevice {
    const keys = createDeviceKeys(provider);
    const content = { accountId: decodeBase64url(anna), deviceId, createdAtMs: this.nowMs };
    return { keys, cert: certifyDevice(provider, this.aik, keys, content) };
  }

  nextList(own: OwnDevice, revoke: readonly number[] = []): DeviceList {
    if (this.list === undefined) {
      const accountId = decodeBase64url(anna);
      return createGenesisList(provider, this.aik, { accountId, issuedAtMs: this.nowMs, certs: [own.cert] });
    }
    const change = { issuedAtMs: this.nowMs, add: [own.cert], revoke };
    return createNextList(provider, this.aik, this.list, change);
  }

  enrolment(own: OwnDevice, list: DeviceList, prekeys = 2): EnrolInput {
    return {
      account: anna,
      username: "anna",
      device: own.cert.deviceId,
      deviceName: `device ${own.cert.deviceId}`,
      deviceList: encodeBase64url(list.bytes),
      certificate: encodeBase64url(own.cert.bytes),
      prekeys: prekeysFor(own, prekeys, this.nowMs),
      genesis: list.kind === "genesis",
    };
  }

  submit(input: EnrolInput): void {
    const list = encodeBase64url(sha256(deviceListHashInput(decodeBase64url(input.deviceList))));
    this.core.enrol(input, {
      list,
      certificate: sha256(deviceCertHashInput(decodeBase64url(input.certificate))),
    });
  }

  enrol(deviceId: number, revoke: readonly number[] = [], prekeys = 2): OwnDevice {
    const own = this.newDevice(deviceId);
    const list = this.nextList(own, revoke);
    this.submit(this.enrolment(own, list, prekeys));
    this.list = list;
    return own;
  }

  /** Opens a session for the device; its refresh token's hash is `hash`. */
  session(device: number, hash = `hash of ${device}`): SessionId {
    const session = encodeBase64url(provider.random(16)) as SessionId;
    this.core.openSession({ device, tokenHash: hash, session, expiresAtMs: this.nowMs + 7 * dayMs });
    return session;
  }

  socket(device: number, session: SessionId = "S".repeat(22) as SessionId, isLive = true): FakeSocket {
    return this.roster.add(new FakeSocket({ account: anna, device, session, username: "anna" }, isLive));
  }

  receive(socket: FakeSocket, frame: unknown): void {
    this.channel.receive(socket, JSON.stringify(frame));
  }

  talkTo(account: AccountId, id: ConversationId = conversationId, visible = false): void {
    this.core.registerConversation({
      conversationId: id,
      kind: "direct",
      peer: { account, username: "peer" },
      createdAtMs: this.nowMs,
      visible,
    });
  }

  advance(change: Partial<AdvanceInput>): AdvanceInput {
    const input: AdvanceInput = {
      conversationId,
      lastSeq: 1,
      read: 0,
      unread: 1,
      updatedAtMs: this.nowMs,
      receipts: [],
      messages: [],
      liveDevices: [],
      hasSent: false,
      peerSet: { epoch: 0, version: 1 },
      ...change,
    };
    this.core.advance(input);
    return input;
  }
}

/** The kind of a refusal. */
export function kindOf(work: () => unknown): string {
  try {
    work();
    return "accepted";
  } catch (error) {
    return (error as { kind?: string }).kind ?? String(error);
  }
}

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}
