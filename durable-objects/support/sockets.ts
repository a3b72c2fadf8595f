/** The sockets of an object, over hibernation: who each one is lives in its attachment. */
import * as v from "valibot";
import { type CloseReason } from "#schema/errors.ts";
import { accountIdSchema, deviceIdSchema, sessionIdSchema } from "#schema/ids.ts";
import { type Identity, identityHeaders } from "#schema/rpc/shared.ts";
import { closeFor } from "./close.ts";
import type { DeviceSocket, Roster } from "./device-socket.ts";

const identitySchema = v.object({
  account: accountIdSchema,
  device: deviceIdSchema,
  session: sessionIdSchema,
  username: v.string(),
});
const attachmentSchema = v.object({ version: v.literal(1), identity: identitySchema, live: v.boolean() });

/** The identity that the Worker stamped on an upgrade. Throws when it is missing: no one else may call. */
export function parseIdentity(headers: Headers): Identity {
  return v.parse(identitySchema, {
    account: headers.get(identityHeaders.account),
    device: Number(headers.get(identityHeaders.device)),
    session: headers.get(identityHeaders.session),
    username: headers.get(identityHeaders.username),
  });
}

class HibernatingSocket implements DeviceSocket {
  readonly identity: Identity;
  readonly #socket: WebSocket;
  #live: boolean;

  constructor(socket: WebSocket, identity: Identity, live: boolean) {
    this.#socket = socket;
    this.identity = identity;
    this.#live = live;
  }

  get isLive(): boolean {
    return this.#live;
  }

  setLive(live: boolean): void {
    if (this.#live === live) return;
    this.#live = live;
    this.#socket.serializeAttachment({ version: 1, identity: this.identity, live });
  }

  send(frame: string): void {
    try {
      this.#socket.send(frame);
    } catch {
      // The client is gone; its close event follows, and what it missed is resumed.
    }
  }

  close(reason: CloseReason): void {
    closeFor(this.#socket, reason);
  }
}

export class SocketRoster implements Roster {
  readonly #context: DurableObjectState;
  readonly #sockets = new Map<WebSocket, DeviceSocket>();

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
      const { identity, live } = attachment.output;
      this.#sockets.set(socket, new HibernatingSocket(socket, identity, live));
    }
  }

  /** Accepts a device's socket. An older one of the same device gives way. */
  accept(socket: WebSocket, identity: Identity): DeviceSocket {
    for (const [older, held] of this.#sockets) {
      if (held.identity.account !== identity.account || held.identity.device !== identity.device) continue;
      this.#sockets.delete(older);
      held.close("replaced");
    }
    this.#context.acceptWebSocket(socket, [`account:${identity.account}`, `device:${identity.device}`]);
    socket.serializeAttachment({ version: 1, identity, live: false });
    const accepted = new HibernatingSocket(socket, identity, false);
    this.#sockets.set(socket, accepted);
    return accepted;
  }

  get(socket: WebSocket): DeviceSocket | undefined {
    return this.#sockets.get(socket);
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
