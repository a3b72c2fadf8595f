/** The server's end of sockets. They and their attachments outlive an instance, as hibernating ones do. */
import type { CloseReason } from "#schema/errors.ts";
import type { Identity } from "#schema/rpc/shared.ts";
import type { DeviceSocket, Roster } from "#durable-objects/support/device-socket.ts";
import type { OutputGate } from "./gate.ts";
import type { Link } from "./link.ts";

export class SimSocket implements DeviceSocket {
  readonly identity: Identity;
  readonly link: Link;
  readonly #gate: OutputGate;
  isLive = false;

  constructor(identity: Identity, link: Link, gate: OutputGate) {
    this.identity = identity;
    this.link = link;
    this.#gate = gate;
  }

  setLive(live: boolean): void {
    this.isLive = live;
  }

  send(text: string): void {
    this.#gate.pass(() => this.link.sendDown({ type: "text", text }));
  }

  close(reason: CloseReason): void {
    this.#gate.pass(() => this.link.sendDown({ type: "closed", reason }));
  }
}

export class SimRoster implements Roster {
  readonly #sockets = new Set<SimSocket>();

  /** An older socket of the same device gives way. */
  add(socket: SimSocket): void {
    const { account, device } = socket.identity;
    this.closeWhere((older) => older.account === account && older.device === device, "replaced");
    this.#sockets.add(socket);
  }

  has(socket: SimSocket): boolean {
    return this.#sockets.has(socket);
  }

  remove(socket: SimSocket): void {
    this.#sockets.delete(socket);
  }

  clear(): void {
    this.#sockets.clear();
  }

  all(): Iterable<SimSocket> {
    return this.#sockets;
  }

  closeWhere(matches: (identity: Identity) => boolean, reason: CloseReason): void {
    for (const socket of this.#sockets) {
      if (!matches(socket.identity)) continue;
      this.#sockets.delete(socket);
      socket.close(reason);
    }
  }
}
