/** A device's socket that keeps what it is sent. */
import type { CloseReason } from "#schema/errors.ts";
import type { Identity } from "#schema/rpc/shared.ts";
import type { DeviceSocket, Roster } from "#durable-objects/support/device-socket.ts";

export type FakeEvent = Readonly<Record<string, unknown>> & { readonly type: string };

export class FakeSocket implements DeviceSocket {
  readonly identity: Identity;
  readonly frames: string[] = [];
  isLive: boolean;
  closedFor: CloseReason | undefined;

  constructor(identity: Identity, isLive = true) {
    this.identity = identity;
    this.isLive = isLive;
  }

  setLive(live: boolean): void {
    this.isLive = live;
  }

  send(frame: string): void {
    this.frames.push(frame);
  }

  close(reason: CloseReason): void {
    this.closedFor = reason;
  }

  /** Everything since the last call, batches unpacked. */
  take(): FakeEvent[] {
    return this.frames.splice(0).flatMap((frame) => {
      const event = JSON.parse(frame) as FakeEvent;
      return event.type === "batch" ? (event["events"] as FakeEvent[]) : [event];
    });
  }
}

export class FakeRoster implements Roster {
  readonly sockets = new Set<FakeSocket>();

  all(): Iterable<FakeSocket> {
    return this.sockets;
  }

  add(socket: FakeSocket): FakeSocket {
    this.sockets.add(socket);
    return socket;
  }

  closeWhere(matches: (identity: Identity) => boolean, reason: CloseReason): void {
    for (const socket of this.sockets) {
      if (!matches(socket.identity)) continue;
      this.sockets.delete(socket);
      socket.close(reason);
    }
  }
}
