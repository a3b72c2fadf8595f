/**
 * Keeps each sender's order: when a message is refused that its sender will send again, those behind it on the wire must not be taken
 * before it. They are refused too, until one that was refused comes again: then the sender knows, and has begun anew. A message
 * that is given up never comes again, and holds up the next one once.
 */
import { errorKinds } from "#schema/errors.ts";
import type { ClientMessageId } from "#schema/ids.ts";
import type { MessageSend } from "#schema/protocol/message.ts";
import type { DeviceSocket } from "../support/device-socket.ts";
import type { FrameErrorKind } from "../support/error-events.ts";

/** A message in the order of arrival. */
export interface Arrival {
  readonly socket: DeviceSocket;
  readonly frame: Pick<MessageSend, "conversationId" | "clientMessageId">;
  readonly place: number;
}

interface Hold {
  /** Place of the first message that was refused. */
  readonly since: number;
  readonly refused: Set<ClientMessageId>;
}

/** More than any client has on the wire. */
const refusedMax = 1_024;

export class Holds {
  readonly #holds = new WeakMap<DeviceSocket, Hold>();
  #places = 0;

  arrived(socket: DeviceSocket, frame: MessageSend): Arrival {
    this.#places += 1;
    return { socket, frame, place: this.#places };
  }

  /** Whether the message may not be taken. Ends the hold when it has been refused before. */
  isHeld({ socket, frame, place }: Arrival): boolean {
    const hold = this.#holds.get(socket);
    if (hold === undefined || place < hold.since) return false;
    if (!hold.refused.has(frame.clientMessageId)) return true;
    this.#holds.delete(socket);
    return false;
  }

  /** The message was refused: nothing behind it is taken, if it will come again. */
  refused({ socket, frame, place }: Arrival, kind: FrameErrorKind): void {
    if (errorKinds[kind].remedy === "give_up") return;
    const id = frame.clientMessageId;
    const hold = this.#holds.get(socket);
    const isAnew = hold === undefined || hold.refused.has(id) || hold.refused.size >= refusedMax;
    if (isAnew) this.#holds.set(socket, { since: place, refused: new Set([id]) });
    else hold.refused.add(id);
  }

  /** The device begins anew. */
  end(socket: DeviceSocket): void {
    this.#holds.delete(socket);
  }
}
