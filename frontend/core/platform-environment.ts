/** The environment of a JavaScript platform with `fetch` and `WebSocket`: browsers, workers, Node. */
import { tryNativeCurves } from "./crypto/native/native-curves.ts";
import type { Environment, Socket, SocketEvents } from "./environment.ts";

type Given =
  | "provider"
  | "nativeCurves"
  | "keysReady"
  | "origin"
  | "refreshTransport"
  | "onOnline"
  | "putBytes"
  | "reportKey";

/** Binds the globals of the platform. `onOnline` and `putBytes` are left to the caller, because only browsers have them. */
export function platformEnvironment(options: Pick<Environment, Given>): Environment {
  return {
    nativeCurves: () => tryNativeCurves(options.provider),
    ...options,
    fetch: (url, init) => fetch(url, init),
    openSocket,
    nowMs: () => Date.now(),
    setTimer(delayMs, callback) {
      const timer = setTimeout(callback, delayMs);
      return () => clearTimeout(timer);
    },
  };
}

function openSocket(url: string, protocols: readonly string[], events: SocketEvents): Socket {
  const socket = new WebSocket(url, [...protocols]);
  let isClosed = false;
  const closed = (code: number, reason: string) => {
    if (isClosed) return;
    isClosed = true;
    events.closed(code, reason);
  };
  socket.addEventListener("open", () => events.opened());
  socket.addEventListener("message", ({ data }) => {
    if (!isClosed && typeof data === "string") events.text(data);
  });
  socket.addEventListener("close", ({ code, reason }) => closed(code, reason));
  socket.addEventListener("error", () => closed(1006, ""));
  return {
    send(frame) {
      if (socket.readyState === WebSocket.OPEN) socket.send(frame);
    },
    close(code, reason) {
      socket.close(code, reason);
      closed(code, reason);
    },
  };
}
