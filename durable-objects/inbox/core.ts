/**
 * The account as a state machine over its storage: the single writer of devices, sessions, prekeys, queues and
 * summaries. Every method is synchronous and commits as a whole.
 */
import type { Bundle, DeviceDirectory } from "#schema/http/devices.ts";
import type { ConversationId, DeviceId, SessionId } from "#schema/ids.ts";
import type {
  AdvanceInput,
  ClaimInput,
  DeviceMessageInput,
  EnrolInput,
  OwnDeviceRecord,
  PrekeyInput,
  PrekeyStockRecord,
  RegisterConversationInput,
  Registration,
  ResetCommand,
  ResetStandingRecord,
} from "#schema/rpc/inbox.ts";
import type { DeviceSet } from "#schema/rpc/shared.ts";
import { refusal } from "../support/error-events.ts";
import { conflict } from "./device-chain.ts";
import { type EnrolmentHashes, knownAccount } from "./devices.ts";
import { SessionCore } from "./session-core.ts";

export class InboxCore extends SessionCore {
  /** Devices that the new list revokes lose their sessions. A reset list comes with the claim of a request that is due. */
  enrol(input: EnrolInput, hashes: EnrolmentHashes): void {
    const { sql, now } = this.context;
    const { devices, prekeys, sessions, resets } = this.parts;
    const { claimHash } = input;
    this.context.migrate();
    let ended: SessionId[] = [];
    let wasPending = false;
    const outcome = sql.transaction(() => {
      if (claimHash !== undefined && resets.isCarriedOut(claimHash, hashes.list)) return "repeated";
      if (claimHash !== undefined) resets.carryOut(claimHash, hashes.list);
      const result = devices.enrol(input, hashes, now());
      // Lists are no secret: somebody else's claim does not go with one that was taken before.
      if (result === "repeated" && claimHash !== undefined) throw conflict();
      if (result === "repeated") return result;
      // Whoever lets a device in has the account key: it is not lost.
      wasPending = resets.pending() !== undefined;
      if (claimHash === undefined) resets.end();
      prekeys.add(input.device, input.prekeys);
      ended = sessions.end(({ device }) => !devices.isReachable(device));
      return result;
    });
    if (outcome === "repeated") return;
    this.channel.sessionsEnded(ended);
    if (wasPending) this.channel.resetChanged();
    this.deviceSetChanged();
  }

  /** Asking for a reset, withdrawing it, stopping it. Live devices hear of every change. */
  reset(command: ResetCommand): ResetStandingRecord {
    const { sql } = this.context;
    const { resets, devices, summaries } = this.parts;
    const account = knownAccount(sql);
    sql.transaction(() => {
      if (command.type === "request") resets.request(command.claimHash, command.delayMs);
      if (command.type === "cancel") resets.cancel(command.claimHash);
      if (command.type === "stop" && !resets.stop()) throw refusal("not_found");
    });
    if (command.type !== "look") this.channel.resetChanged();
    const claimHash = command.type === "stop" ? undefined : command.claimHash;
    const own = claimHash === undefined ? undefined : resets.own(claimHash);
    const lockedUntilMs = resets.lockedUntilMs();
    return {
      ...summaries.count(),
      devices: devices.set(account).devices.length,
      ...(own !== undefined && { own }),
      ...(lockedUntilMs !== undefined && { lockedUntilMs }),
    };
  }

  /** Takes a list that only revokes. `hash` is its DLH, base64url. */
  publishList(deviceList: string, hash: string): void {
    const { sql } = this.context;
    const { devices, sessions } = this.parts;
    knownAccount(sql);
    let ended: SessionId[] = [];
    const isNews = sql.transaction(() => {
      if (!devices.publish(deviceList, hash)) return false;
      ended = sessions.end(({ device }) => !devices.isReachable(device));
      return true;
    });
    if (!isNews) return;
    this.channel.sessionsEnded(ended);
    this.deviceSetChanged();
  }

  ownDevices(): OwnDeviceRecord[] {
    knownAccount(this.context.sql);
    return this.parts.devices.own();
  }

  renameDevice(device: DeviceId, name: string): void {
    knownAccount(this.context.sql);
    this.parts.devices.rename(device, name);
  }

  directory(after: number): DeviceDirectory {
    return this.parts.devices.directory(knownAccount(this.context.sql), after);
  }

  certificate(device: DeviceId): string {
    knownAccount(this.context.sql);
    return this.parts.devices.certificate(device);
  }

  deviceSet(): DeviceSet {
    return this.parts.devices.set(knownAccount(this.context.sql));
  }

  addPrekeys(device: DeviceId, prekeys: PrekeyInput): PrekeyStockRecord {
    const { sql } = this.context;
    knownAccount(sql);
    sql.transaction(() => this.parts.prekeys.add(device, prekeys));
    return this.parts.prekeys.stock(device);
  }

  claimBundles({ requester, devices }: ClaimInput): Bundle[] {
    const { sql } = this.context;
    const { prekeys } = this.parts;
    knownAccount(sql);
    const reachable = [...new Set(devices)].filter((device) => this.parts.devices.isReachable(device));
    const bundles = sql.transaction(() => prekeys.claim({ requester, devices: reachable }));
    for (const device of reachable) {
      const stock = prekeys.stock(device);
      if (prekeys.isLow(stock)) this.channel.prekeysLow(device, stock);
    }
    return bundles;
  }

  registerConversation(input: RegisterConversationInput): Registration {
    const { sql } = this.context;
    const account = knownAccount(sql);
    const summary = sql.transaction(() => this.parts.summaries.register(input, account.epoch));
    if (summary !== undefined) this.channel.conversationChanged(summary);
    return { username: account.username, set: this.parts.devices.set(account) };
  }

  /** The account is out of a group; it keeps the entry of its chat list. */
  departed(conversationId: ConversationId, epoch: number): void {
    const { sql } = this.context;
    knownAccount(sql);
    const summary = sql.transaction(() => this.parts.summaries.depart(conversationId, epoch));
    if (summary !== undefined) this.channel.conversationChanged(summary);
  }

  advance(input: AdvanceInput): void {
    const { sql } = this.context;
    knownAccount(sql);
    const { summary, peer, newPeerVersion } = sql.transaction(() => this.parts.summaries.advance(input));
    this.channel.conversationAdvanced(summary, input);
    if (newPeerVersion !== undefined) this.channel.devicesChanged(peer, newPeerVersion);
  }

  /** Queues a message for one of this account's devices from a device of this account or of one with a common conversation. */
  enqueueDeviceMessage(input: DeviceMessageInput): void {
    const { sql } = this.context;
    const account = knownAccount(sql);
    const mayWrite =
      input.sender.account === account.account ||
      this.parts.summaries.isShared(input.sender.account, input.group);
    if (!mayWrite) throw refusal("forbidden");
    if (!this.parts.devices.isReachable(input.device)) throw refusal("not_found");
    const queued = sql.transaction(() => this.parts.queue.enqueue(input));
    if (queued !== undefined) this.channel.deviceMessage(input.device, queued);
  }

  clean(): void {
    const { prekeys, queue, notices, resets } = this.parts;
    this.context.sql.transaction(() => {
      resets.clean();
      prekeys.clean();
      queue.clean();
      notices.clean();
    });
  }
}
