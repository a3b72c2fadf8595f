/** What a device has under way: messages that are not acknowledged, watermarks it has told. */
import type { ErrorKind } from "#schema/errors.ts";
import { type AccountId, type ConversationId, deviceAddressKey } from "#schema/ids.ts";
import type { DownEvent } from "#schema/protocol/down.ts";
import type { Channel, DeviceContext } from "./device-context.ts";
import type { SimDevice } from "./device.ts";
import type { FaultKind } from "./faults.ts";
import { GroupSending } from "./group-sending.ts";
import type { KnownSets } from "./known-sets.ts";
import type { Link } from "./link.ts";
import { sealFrame } from "./sealed.ts";
import { accountsOf } from "./operations.ts";
import type { Copy, GroupCopy, OutboxEntry } from "./shelf.ts";

const inFlightMax = 6;

/** The refusals that a well-behaved device may meet, and the fault that each one shows. */
const refusals = new Map<ErrorKind, FaultKind | "none">([
  ["device_set_mismatch", "set_mismatch"],
  ["unavailable", "set_behind"],
  ["rate_limited", "rate_limited"],
  ["internal", "none"],
  ["forbidden", "none"],
  ["group_stale", "group_stale"],
  ["sender_key_stale", "sender_key_stale"],
]);

interface Owner {
  readonly device: Pick<SimDevice, "account" | "key" | "shelf">;
  readonly sets: KnownSets;
  readonly later: (delayMs: number, run: () => void) => void;
  readonly tend: () => void;
}

export class Sending {
  readonly #context: DeviceContext;
  readonly #owner: Owner;
  readonly #groups: GroupSending;
  readonly #told = new Map<ConversationId, number>();
  readonly #inFlight = new Set<string>();
  readonly #sentOnce = new Set<string>();

  constructor(context: DeviceContext, owner: Owner) {
    this.#context = context;
    this.#owner = owner;
    this.#groups = new GroupSending(context, owner.device, owner.sets);
  }

  /** What was sent may not have arrived. */
  connectionLost(): void {
    this.#inFlight.clear();
    this.#told.clear();
  }

  receiptsLost(): void {
    this.#told.clear();
  }

  receiptsRose(conversationId: ConversationId): void {
    this.#told.delete(conversationId);
  }

  pump(link: Link, copy: Copy): void {
    if (copy.group !== undefined) this.#groups.handOutAhead(copy, copy.group);
    for (const entry of copy.outbox.slice(0, inFlightMax)) {
      if (this.#inFlight.has(entry.id)) continue;
      entry.frame ??= this.#seal(copy, entry);
      if (entry.frame === undefined) return;
      if (this.#sentOnce.has(entry.id)) this.#context.sim.faults.count("send_repeated");
      this.#sentOnce.add(entry.id);
      this.#inFlight.add(entry.id);
      link.sendUp(entry.frame);
    }
  }

  refused(copy: Copy, event: DownEvent & { type: "message:refused" }): void {
    const { clientMessageId: id, error } = event;
    const { faults, oracle } = this.#context.sim;
    const { device, sets, later, tend } = this.#owner;
    const entry = copy.outbox.find((each) => each.id === id);
    this.#inFlight.delete(id);
    const fault = refusals.get(error.code);
    // Two copies of a frame get two answers; the second one may come when the message has its place.
    if (entry === undefined) return;
    if (fault === undefined) oracle.violate(`${device.key}: refused as ${error.code}`);
    else if (fault !== "none") faults.count(fault);
    if (error.code === "device_set_mismatch") {
      if (entry !== undefined) entry.frame = undefined;
      for (const account of accountsIn(copy, device.account)) sets.fetch(account);
    }
    if (copy.group !== undefined) this.#refusedInGroup(copy, copy.group, event, entry);
    // A refused message is not pumped again before the reason for it can have gone.
    this.#inFlight.add(id);
    later(error.retryAfterMs ?? 400, () => {
      this.#inFlight.delete(id);
      tend();
    });
  }

  #seal(copy: Copy, entry: OutboxEntry): string | undefined {
    const { device, sets } = this.#owner;
    if (copy.group !== undefined) return this.#groups.seal(copy, copy.group, entry);
    const known = accountsIn(copy, device.account).flatMap((account) => {
      const set = device.shelf.sets.get(account);
      if (set === undefined) sets.fetch(account);
      return set ?? [];
    });
    return known.length < 2 ? undefined : sealFrame(copy.conversationId, entry.id, device.key, known);
  }

  #refusedInGroup(
    copy: Copy,
    group: GroupCopy,
    { error, difference }: DownEvent & { type: "message:refused" },
    entry: OutboxEntry | undefined,
  ): void {
    for (const { account, device } of difference?.missing ?? []) {
      group.key?.holders.delete(deviceAddressKey(account, device));
    }
    if (error.code === "group_stale" || error.code === "sender_key_stale") {
      group.neededEpoch = Math.max(group.neededEpoch, error.epoch ?? 0);
      if (entry !== undefined) entry.frame = undefined;
    }
    if (error.code === "sender_key_stale") {
      if (entry?.given === undefined || entry.given.keyId === group.key?.id) group.key = undefined;
      // Nobody needs a dead key.
      if (entry?.type === "key") this.done(copy, entry.id);
    }
  }

  /** On the conversation's socket when it is live, else on the inbox. */
  tellReceipts(copy: Copy, channel: Channel | undefined): void {
    const { conversationId, cursor, read } = copy;
    const link = channel?.isLive === true ? channel.link : undefined;
    if (link === undefined || cursor === 0 || (this.#told.get(conversationId) ?? -1) >= cursor) return;
    this.#told.set(conversationId, cursor);
    link.sendUp(JSON.stringify({ type: "message:delivered", conversationId, seq: cursor }));
    if (read > 0) link.sendUp(JSON.stringify({ type: "message:read", conversationId, seq: read }));
  }

  /** The message has its place: whoever got the sender key with it has it now. */
  placed(copy: Copy, id: string): void {
    const given = copy.outbox.find((entry) => entry.id === id)?.given;
    const key = copy.group?.key;
    if (given !== undefined && given.keyId === key?.id)
      for (const device of given.devices) key.holders.add(device);
    this.done(copy, id);
  }

  /** Nothing is left to do for the message. */
  done(copy: Copy, id: string): void {
    const at = copy.outbox.findIndex((entry) => entry.id === id);
    if (at >= 0) copy.outbox.splice(at, 1);
    this.#inFlight.delete(id);
  }
}

function accountsIn({ peer, group }: Copy, own: AccountId): AccountId[] {
  return peer === undefined ? [...accountsOf(group?.head)] : [own, peer];
}
