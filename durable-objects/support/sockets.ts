/** The sockets of an object, over hibernation: who each one is lives in its attachment. */
import * as v from "valibot";
import { type CloseReason } from "#schema/errors.ts";
import { accountIdSchema, deviceIdSchema, sessionIdSchema } from "#schema/ids.ts";
import { type Identity, identityHeaders } from "#schema/rpc/shared.ts";
import { limits } from "#schema/limits.ts";
import { closeFor } from "./close.ts";
import type { DeviceSocket, Roster } from "./device-socket.ts";
import { type Lease, leaseCheckAtMs, leaseEnd } from "./lease.ts";

/** Sockets that are due within this time are looked at together. */
const tidyLeastMs = 5_000;

const identitySchema = v.object({
  account: accountIdSchema,
  device: deviceIdSchema,
  session: sessionIdSchema,
  username: v.string(),
});
const attachmentSchema = v.object({
  version: v.literal(2),
  identity: identitySchema,
  expiresAtMs: v.number(),
  openedAtMs: v.number(),
  live: v.boolean(),
});
type Attachment = Omit<v.InferOutput<typeof attachmentSchema>, "version">;

const upgradeSchema = v.object({
  identity: identitySchema,
  expiresAtMs: v.pipe(v.number(), v.integer(), v.minValue(1)),
});
/** Whose socket it is, and until when. */
export type Upgrade = v.InferOutput<typeof upgradeSchema>;

/** What the Worker stamped on an upgrade. Throws when it is missing: no one else may call. */
export function parseUpgrade(headers: Headers): Upgrade {
  const identity = {
    account: headers.get(identityHeaders.account),
    device: Number(headers.get(identityHeaders.device)),
    session: headers.get(identityHeaders.session),
    username: headers.get(identityHeaders.username),
  };
  return v.parse(upgradeSchema, { identity, expiresAtMs: Number(headers.get(identityHeaders.expiresAtMs)) });
}

class HibernatingSocket implements DeviceSocket {
  readonly #socket: WebSocket;
  readonly #attachment: Attachment;
  #live: boolean;
  #frameAtMs = 0;

  constructor(socket: WebSocket, attachment: Attachment) {
    this.#socket = socket;
    this.#attachment = attachment;
    this.#live = attachment.live;
  }

  get identity(): Identity {
    return this.#attachment.identity;
  }

  get isLive(): boolean {
    return this.#live;
  }

  setLive(live: boolean): void {
    if (this.#live === live) return;
    this.#live = live;
    this.#socket.serializeAttachment({ version: 2, ...this.#attachment, live });
  }

  /** A frame came; pings the platform answers and notes by itself. */
  heard(nowMs: number): void {
    this.#frameAtMs = nowMs;
  }

  lease(pingedAtMs: number): Lease {
    const { expiresAtMs, openedAtMs } = this.#attachment;
    return { expiresAtMs, heardAtMs: Math.max(openedAtMs, this.#frameAtMs, pingedAtMs) };
  }

  send(frame: string): void {
    try {
      this.#socket.send(frame);
    } catch {
      // The client is gone; its close event follows, and what it missed is resumed.
    }
    // Not every runtime knows this number; where it is missing nothing compares as too much.
    if (this.#live && this.#socket.bufferedAmount > limits.socketBufferedBytes) {
      this.#live = false;
      this.close("too_slow");
    }
  }

  close(reason: CloseReason): void {
    closeFor(this.#socket, reason);
  }
}

export class SocketRoster implements Roster {
  readonly #context: DurableObjectState;
  readonly #sockets = new Map<WebSocket, HibernatingSocket>();

  /** Restores the sockets that slept through hibernation; one whose attachment is unknown must reconnect. */
  constructor(context: DurableObjectState) {
    this.#context = context;
    for (const socket of context.getWebSockets()) {
      if (socket.readyState !== WebSocket.OPEN) continue;
      const attachment = v.safeParse(attachmentSchema, socket.deserializeAttachment());
      if (!attachment.success) {
        closeFor(socket, "unavailable");
        continue;
      }
      this.#sockets.set(socket, new HibernatingSocket(socket, attachment.output));
    }
  }

  /** Accepts a device's socket. An older one of the same device gives way. Returns when to `tidy`. */
  accept(socket: WebSocket, { identity, expiresAtMs }: Upgrade, nowMs: number): number {
    for (const [older, held] of this.#sockets) {
      if (held.identity.account !== identity.account || held.identity.device !== identity.device) continue;
      this.#sockets.delete(older);
      held.close("replaced");
    }
    this.#context.acceptWebSocket(socket, [`account:${identity.account}`, `device:${identity.device}`]);
    const attachment = { identity, expiresAtMs, openedAtMs: nowMs, live: false };
    socket.serializeAttachment({ version: 2, ...attachment });
    const accepted = new HibernatingSocket(socket, attachment);
    this.#sockets.set(socket, accepted);
    return leaseCheckAtMs(accepted.lease(0));
  }

  /** Closes what has run out or fallen silent. Returns when to look again, unless no socket is left. */
  tidy(nowMs: number): number | undefined {
    let next = Infinity;
    for (const [socket, held] of this.#sockets) {
      const lease = this.#leaseOf(socket, held);
      const reason = leaseEnd(lease, nowMs);
      if (reason === undefined) {
        next = Math.min(next, leaseCheckAtMs(lease));
        continue;
      }
      this.#sockets.delete(socket);
      held.close(reason);
    }
    return next === Infinity ? undefined : Math.max(next, nowMs + tidyLeastMs);
  }

  /** When any of the sockets was last heard; 0 without one. */
  heardAtMs(): number {
    let latest = 0;
    for (const [socket, held] of this.#sockets)
      latest = Math.max(latest, this.#leaseOf(socket, held).heardAtMs);
    return latest;
  }

  #leaseOf(socket: WebSocket, held: HibernatingSocket): Lease {
    return held.lease(this.#context.getWebSocketAutoResponseTimestamp(socket)?.getTime() ?? 0);
  }

  /** The socket that a frame came on. */
  receiving(socket: WebSocket, nowMs: number): DeviceSocket | undefined {
    const held = this.#sockets.get(socket);
    held?.heard(nowMs);
    return held;
  }

  remove(socket: WebSocket): void {
    this.#sockets.delete(socket);
  }

  closeWhere(matches: (identity: Identity) => boolean, reason: CloseReason): void {
    for (const [socket, held] of this.#sockets) {
      if (!matches(held.identity)) continue;
      this.#sockets.delete(socket);
      held.close(reason);
    }
  }

  all(): Iterable<DeviceSocket> {
    return this.#sockets.values();
  }
}
