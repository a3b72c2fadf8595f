/** Accounts, devices, conversations and the objects behind them, wired together over a network that fails. */
import { limits } from "#schema/limits.ts";
import type { AccountId, ConversationId, SessionId } from "#schema/ids.ts";
import type { InboxRpc } from "#schema/rpc/inbox.ts";
import type { ConversationRpc, OperationAnswer } from "#schema/rpc/conversation.ts";
import type { Identity, Summary } from "#schema/rpc/shared.ts";
import { answerRpc, type RpcResult } from "#schema/rpc/result.ts";
import { AccountKey } from "./account.ts";
import { SimArchive } from "./archive.ts";
import { ConversationHost } from "./conversation-host.ts";
import { SimDevice } from "./device.ts";
import type { DeviceContext } from "./device-context.ts";
import type { ObjectHost } from "./host.ts";
import { InboxHost } from "./inbox-host.ts";
import { Link } from "./link.ts";
import { Network } from "./network.ts";
import { type MadeOperation, Operations } from "./operations.ts";
import { idOf } from "./sealed.ts";
import type { Sim } from "./sim.ts";

const sessionMs = 365 * 86_400_000;

export interface SimAccount {
  readonly key: AccountKey;
  readonly inbox: InboxHost;
  readonly devices: SimDevice[];
  /** Its devices or sessions are being changed. */
  isBusy: boolean;
}

export const usernameOf = (account: AccountId): string => `user${account.charAt(0).toLowerCase()}`;

export class World implements DeviceContext {
  readonly sim: Sim;
  readonly archive: SimArchive;
  readonly operations = new Operations();
  readonly accounts: SimAccount[] = [];
  readonly conversations = new Map<ConversationId, ConversationHost>();
  readonly #network: Network;
  /** Low enough in some runs for senders to be slowed down. */
  readonly #messagesPerSecond: number;
  #ids = 0;

  constructor(sim: Sim, accounts: number) {
    this.sim = sim;
    this.archive = new SimArchive(sim);
    this.#network = new Network(sim);
    this.#messagesPerSecond = sim.random.chance(0.3) ? 1 : limits.messagesPerSecond;
    for (let index = 0; index < accounts; index += 1) {
      const account = `${"ABCDEFGHIJKL".charAt(index).repeat(21)}A` as AccountId;
      const inbox = new InboxHost(sim, this, account);
      this.accounts.push({ key: new AccountKey(account), inbox, devices: [], isBusy: false });
    }
  }

  get hosts(): ObjectHost[] {
    return [...this.accounts.map(({ inbox }) => inbox), ...this.conversations.values()];
  }

  get devices(): SimDevice[] {
    return this.accounts.flatMap(({ devices }) => devices);
  }

  nextId(): number {
    this.#ids += 1;
    return this.#ids;
  }

  accountOf(id: AccountId): SimAccount {
    const found = this.accounts.find(({ key }) => key.account === id);
    if (found === undefined) throw new Error("no such account");
    return found;
  }

  /** Another device joins, and some are revoked by the same list. Goes on until it is done. */
  async enrol(account: SimAccount, revoke: readonly SimDevice[]): Promise<void> {
    if (account.isBusy) return;
    account.isBusy = true;
    for (const device of revoke) device.isEnded = true;
    const input = account.key.enrolment(revoke.map(({ device }) => device));
    await this.#insist(account.inbox, "enrol", () => account.inbox.enrol(input));
    const session = idOf("s", this.nextId()) as SessionId;
    const device = new SimDevice(this, account.key.account, input.device, session);
    await this.#insist(account.inbox, "open session", () => this.#open(device, session));
    account.devices.push(device);
    account.isBusy = false;
    device.goOnline();
  }

  /** Starts the conversation of two accounts from a device of the first. */
  async converse(from: SimDevice, peer: SimAccount): Promise<void> {
    for (;;) {
      const result = await this.attempt(() => this.createConversation(from.account, peer.key.account));
      if (result?.ok === true) return from.learn(result.value);
      await this.pause();
    }
  }

  /** One attempt of the Worker to create or get the conversation of two accounts. */
  createConversation(initiator: AccountId, peer: AccountId): Promise<RpcResult<Summary>> {
    const ids = [initiator, peer].sort();
    const id = `${"C".repeat(19)}${ids.map((each) => each.charAt(0)).join("")}A` as ConversationId;
    const conversation = this.hostOf(id, `conversation ${id.slice(-3, -1)}`);
    const members = ids.map((account) => ({ account, username: usernameOf(account) }));
    const input = {
      conversationId: id,
      kind: "direct",
      archiveShard: 0,
      createdAtMs: 1_800_000_000_000,
      members,
      initiator,
    } as const;
    return this.call(conversation, "initialise", () => conversation.initialise(input));
  }

  /** One attempt of the Worker to create the group of an operation. */
  createGroup(device: SimDevice, { groupId, operation }: MadeOperation): Promise<RpcResult<Summary>> {
    const host = this.hostOf(groupId, `group ${groupId.slice(0, 4)}`);
    const input = {
      conversationId: groupId,
      archiveShard: 0,
      createdAtMs: this.sim.clock.nowMs,
      identity: this.#identityOf(device),
      operation,
    };
    return this.call(host, "create group", () => host.createGroup(input));
  }

  /** One attempt of the Worker to pass an operation on. */
  postOperation(
    device: SimDevice,
    { groupId, operation }: MadeOperation,
  ): Promise<RpcResult<OperationAnswer>> {
    const host = this.hostOf(groupId, "");
    const identity = this.#identityOf(device);
    return this.call(host, "operation", () => host.postOperation({ identity, operation }));
  }

  /** The object of a conversation, which may not exist in it yet. */
  hostOf(id: ConversationId, name: string): ConversationHost {
    let host = this.conversations.get(id);
    if (host === undefined) {
      host = new ConversationHost(this.sim, this, id, name, this.#messagesPerSecond);
      this.conversations.set(id, host);
    }
    return host;
  }

  #identityOf({ account, device, session }: SimDevice): Identity {
    return { account, device, session, username: usernameOf(account) };
  }

  /** A call that the Worker makes on behalf of a device. */
  call<Result>(to: ObjectHost, label: string, work: () => Promise<Result>): Promise<Result> {
    return this.#network.call(undefined, to, label, work);
  }

  /** Signs the device out for good, or shuts out every device of its account. */
  async signOut(device: SimDevice, scope: "device" | "everywhere"): Promise<void> {
    const account = this.accountOf(device.account);
    if (account.isBusy) return;
    account.isBusy = true;
    for (const each of scope === "device" ? [device] : account.devices) each.isEnded = true;
    const { account: id, device: number, session } = device;
    const identity = { account: id, device: number, session, username: "someone" };
    const signOut = scope === "device" ? { signOut: "a statement" } : {};
    await this.#insist(account.inbox, "end sessions", () => {
      account.inbox.core.endSessions({ identity, scope, ...signOut });
    });
    account.isBusy = false;
  }

  connect: DeviceContext["connect"] = (device, conversationId, onDown) => {
    const { inbox } = this.accountOf(device.account);
    const host = conversationId === undefined ? inbox : this.conversations.get(conversationId)!;
    return new Link(this.sim, host, this.#identityOf(device), onDown);
  };

  deviceSet: DeviceContext["deviceSet"] = async (account) => {
    const { inbox } = this.accountOf(account);
    const result = await this.attempt(() =>
      this.#network.call(undefined, inbox, "device set", () => answerRpc(() => inbox.core.deviceSet())),
    );
    return result?.ok === true ? result.value : undefined;
  };

  openSession: DeviceContext["openSession"] = async (device, session) => {
    const { inbox } = this.accountOf(device.account);
    this.sim.faults.count("session_renewed");
    const result = await this.attempt(() =>
      this.#network.call(undefined, inbox, "renew", () => answerRpc(() => this.#open(device, session))),
    );
    if (result === undefined) return "failed";
    if (result.ok) return "opened";
    return result.kind === "session_revoked" ? "refused" : "failed";
  };

  inboxFor(
    from: ObjectHost,
    account: AccountId,
  ): Pick<InboxRpc, "advance" | "departed" | "deviceSet" | "registerConversation" | "enqueueDeviceMessage"> {
    const { inbox } = this.accountOf(account);
    const call = <Value>(label: string, work: () => Value): Promise<RpcResult<Value>> =>
      this.#network.call(from, inbox, label, () => answerRpc(work));
    const nothing = (work: () => void) => () => {
      work();
      return null;
    };
    return {
      advance: (input) =>
        call(
          "advance",
          nothing(() => inbox.core.advance(input)),
        ),
      departed: ({ conversationId, epoch }) =>
        call(
          "departed",
          nothing(() => inbox.core.departed(conversationId, epoch)),
        ),
      deviceSet: () => call("device set", () => inbox.core.deviceSet()),
      registerConversation: (input) => call("register", () => inbox.core.registerConversation(input)),
      enqueueDeviceMessage: (input) =>
        call(
          "letter",
          nothing(() => inbox.core.enqueueDeviceMessage(input)),
        ),
    };
  }

  conversationFor(
    from: ObjectHost,
    id: ConversationId,
  ): Pick<ConversationRpc, "accountChanged" | "receipts"> {
    const host = this.conversations.get(id)!;
    return {
      accountChanged: (change) =>
        this.#network.call(from, host, "account changed", () => host.accountChanged(change)),
      receipts: (input) => this.#network.call(from, host, "receipts", () => host.receipts(input)),
    };
  }

  #open(device: SimDevice, session: SessionId): void {
    const { inbox } = this.accountOf(device.account);
    const expiresAtMs = this.sim.clock.nowMs + sessionMs;
    inbox.core.openSession({ device: device.device, tokenHash: `hash of ${session}`, session, expiresAtMs });
  }

  /** Repeats until the answer arrives. A refusal means that an earlier attempt has done it, or that it is moot. */
  async #insist(to: InboxHost, label: string, work: () => void): Promise<void> {
    for (;;) {
      const done = await this.attempt(() => this.#network.call(undefined, to, label, () => answerRpc(work)));
      if (done !== undefined) return;
      await this.pause();
    }
  }

  /** One attempt; undefined when the network failed. */
  async attempt<Value>(work: () => Promise<Value>): Promise<Value | undefined> {
    try {
      return await work();
    } catch {
      return undefined; // lost on the way there or back: the caller decides about another attempt
    }
  }

  pause(): Promise<void> {
    const { clock, random } = this.sim;
    return new Promise((resolve) => {
      clock.after(random.below(2_000), "worker again", resolve);
    });
  }
}
