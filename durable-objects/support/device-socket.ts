import type { CloseReason } from "#schema/errors.ts";
import type { Identity } from "#schema/rpc/shared.ts";

/** A device's open socket, as the cores see it. */
export interface DeviceSocket {
  readonly identity: Identity;
  /** Live events go only to sockets that asked for what they missed and got all of it. */
  readonly isLive: boolean;
  setLive(live: boolean): void;
  send(frame: string): void;
  close(reason: CloseReason): void;
}

/** The open sockets of an object. */
export interface Roster {
  all(): Iterable<DeviceSocket>;
  /** Closes every socket that `matches`, and forgets it at once: it gets nothing more. */
  closeWhere(matches: (identity: Identity) => boolean, reason: CloseReason): void;
}
