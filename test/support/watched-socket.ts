/** A WebSocket without the client: what the server sends, and how it ends. */
import { subprotocol, tokenSubprotocolPrefix } from "#schema/protocol/version.ts";
import { upFrame } from "./up-frames.ts";

export interface WatchedSocket {
  readonly frames: string[];
  /** Resolves with the close code and the time at which it came. */
  readonly closed: Promise<{ readonly code: number; readonly atMs: number }>;
  send(frame: object): void;
  close(): void;
}

/** Resolves when the socket is open; a refused one opens too and closes at once. */
export async function openWatchedSocket(
  origin: string,
  path: string,
  token: string | undefined,
): Promise<WatchedSocket> {
  const protocols = token === undefined ? [subprotocol] : [subprotocol, tokenSubprotocolPrefix + token];
  const socket = new WebSocket(origin.replace("http", "ws") + path, protocols);
  const frames: string[] = [];
  socket.addEventListener("message", ({ data }) => frames.push(String(data)));
  const closed = new Promise<{ code: number; atMs: number }>((resolve) => {
    socket.addEventListener("close", ({ code }) => resolve({ code, atMs: Date.now() }));
  });
  await new Promise<void>((resolve, reject) => {
    socket.addEventListener("open", () => resolve());
    socket.addEventListener("error", () => reject(new Error(`${path} did not open`)));
  });
  return {
    frames,
    closed,
    send: (frame) => socket.send(upFrame(frame)),
    close: () => socket.close(1000),
  };
}
