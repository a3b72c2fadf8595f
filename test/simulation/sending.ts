/** What a device has under way: messages that are not acknowledged, watermarks it has told. */
import type { ErrorKind } from "#schema/errors.ts";
import type { ConversationId } from "#schema/ids.ts";
import type { DownEvent } from "#schema/protocol/down.ts";
import type { Channel, DeviceContext } from "./device-context.ts";
import type { SimDevice } from "./device.ts";
import type { FaultKind } from "./faults.ts";
import type { KnownSets } from "./known-sets.ts";
import type { Link } from "./link.ts";
import { sealFrame } from "./sealed.ts";
import type { Copy } from "./shelf.ts";

const inFlightMax = 6;

/** The refusals that a well-behaved device may meet, and the fault that each one shows. */
const refusals = new Map<ErrorKind, FaultKind | "none">([
  ["device_set_mismatch", "set_mismatch"],
  ["unavailable", "set_behind"],
  ["rate_limited", "rate_limited"],
  ["internal", "none"],
  ["forbidden", "none"],
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
  readonly #told = new Map<ConversationId, number>();
  readonly #inFlight = new Set<string>();
  readonly #sentOnce = new Set<string>();

  constructor(context: DeviceContext, owner: Owner) {
    this.#context = context;
    this.#owner = owner;
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
    const { device, sets } = this.#owner;
    const known = [device.account, copy.peer].map((account) => device.shelf.sets.get(account));
    for (const entry of copy.outbox.slice(0, inFlightMax)) {
      if (this.#inFlight.has(entry.id)) continue;
      const [own, peer] = known;
      if (own === undefined || peer === undefined) {
        for (const account of [device.account, copy.peer]) {
          if (!device.shelf.sets.has(account)) sets.fetch(account);
        }
        return;
      }
      entry.frame ??= sealFrame(copy.conversationId, entry.id, device.key, [own, peer]);
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
    if (fault === undefined) oracle.violate(`${device.key}: refused as ${error.code}`);
    else if (fault !== "none") faults.count(fault);
    if (error.code === "device_set_mismatch") {
      if (entry !== undefined) entry.frame = undefined;
      for (const account of [device.account, copy.peer]) sets.fetch(account);
    }
    // A refused message is not pumped again before the reason for it can have gone.
    this.#inFlight.add(id);
    later(error.retryAfterMs ?? 400, () => {
      this.#inFlight.delete(id);
      tend();
    });
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

  /** The message has its place. */
  done(copy: Copy, id: string): void {
    const at = copy.outbox.findIndex((entry) => entry.id === id);
    if (at >= 0) copy.outbox.splice(at, 1);
    this.#inFlight.delete(id);
  }
}
