/** The close handshake of hibernating sockets, which the platform does not complete by itself. */
import { type CloseReason, closeCodes } from "#schema/errors.ts";

const noStatus = 1005;
const abnormal = 1006;
const tlsFailure = 1015;

/**
 * The code with which to answer a client's close, or undefined when there is no one left to answer. 1005 means that
 * the client named none; it must not be sent, yet the client waits for an answer.
 */
export function answerCode(received: number): number | undefined {
  if (received === abnormal || received === tlsFailure) return undefined;
  return received === noStatus ? 1000 : received;
}

interface Closable {
  close(code?: number, reason?: string): void;
}

/** Answers a client's close. A socket that is already gone needs no answer. */
export function answerClose(socket: Closable, received: number, reason: string): void {
  const code = answerCode(received);
  if (code !== undefined) closeQuietly(socket, code, reason);
}

/** Closes for a reason of ours: the code tells the client what to do, the reason names it. */
export function closeFor(socket: Closable, reason: CloseReason): void {
  closeQuietly(socket, closeCodes[reason], reason);
}

function closeQuietly(socket: Closable, code: number, reason: string): void {
  try {
    socket.close(code, reason);
  } catch {
    // Closing a closed socket, or with a code the client made up: nothing is left to do for it.
  }
}
