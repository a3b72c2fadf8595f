/**
 * Everything the client takes from the world around it, so that a browser, the command line, a bot and a simulation
 * run the same code: network, clock, timers and the crypto provider (which brings the randomness).
 */
import type { Bytes } from "#schema/envelope/bytes.ts";
import type { NativeCurves } from "./crypto/native/native-curves.ts";
import type { Provider } from "./crypto/provider.ts";

/** What happens on a socket. After `closed` nothing else is called. */
export interface SocketEvents {
  opened(): void;
  text(text: string): void;
  /** `code` is 1006 when the connection was lost without a closing handshake. */
  closed(code: number, reason: string): void;
}

/** An open or opening WebSocket. `send` before `opened` or after `closed` is dropped. */
export interface Socket {
  send(frame: string | Bytes): void;
  close(code: number, reason: string): void;
}

export interface BytesToSend {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly signal: AbortSignal;
  /** How much of the body has left. */
  readonly progress: (sentBytes: number) => void;
}

export interface Environment {
  readonly provider: Provider;
  /** Where curves and KEMs come after the start: resolves when the provider has them, tested. Rejects when they cannot be had now. */
  readonly keysReady?: () => Promise<void>;
  /** Looks for the platform's own curves; without it everything is computed by the provider. */
  readonly nativeCurves?: () => Promise<NativeCurves | undefined>;
  /** Scheme, host and port of the server, without a trailing slash. */
  readonly origin: string;
  /** Browsers keep the refresh token in an HttpOnly cookie; others receive it in the answer's body. */
  readonly refreshTransport: "cookie" | "body";
  /** X25519 key of the moderators, pinned in this build; without it reports are off. */
  readonly reportKey?: Uint8Array | undefined;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** A PUT of bytes that tells how much has left. Absent where the platform cannot tell: then `fetch` is used. */
  readonly putBytes?: (
    url: string,
    input: BytesToSend,
  ) => Promise<{ readonly status: number; readonly text: string }>;
  readonly openSocket: (url: string, protocols: readonly string[], events: SocketEvents) => Socket;
  /** Milliseconds since the Unix epoch, by the local clock. */
  readonly nowMs: () => number;
  /** Runs `callback` once after `delayMs`; returns the function that cancels it. */
  readonly setTimer: (delayMs: number, callback: () => void) => () => void;
  /** Calls `listener` whenever the platform believes that the network came back; returns the unsubscribe function. */
  readonly onOnline?: (listener: () => void) => () => void;
}

/** A number in [0, 1) from the provider's generator, for jitter. */
export function randomFraction(provider: Provider): number {
  const bytes = provider.random(4);
  return new DataView(bytes.buffer).getUint32(0) / 2 ** 32;
}

/** Resolves after `delayMs`. */
export function delay(environment: Environment, delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    environment.setTimer(delayMs, resolve);
  });
}
