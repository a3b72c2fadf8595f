/**
 * The messages between an app and the client that answers it, over any port: `postMessage` of a worker, or a
 * BroadcastChannel between tabs. All survive structured cloning.
 */
import type { ClientApi, ClientErrorCode, ClientEvent } from "../client-api.ts";

export type ClientMethod = keyof ClientApi;

/** `id` is unique over all callers and stays the same when a call is issued again. */
export interface RpcCall {
  readonly type: "call";
  readonly id: string;
  readonly method: ClientMethod;
  readonly args: readonly unknown[];
}

export type RpcAnswer =
  | { readonly type: "answer"; readonly id: string; readonly ok: true; readonly value: unknown }
  | {
      readonly type: "answer";
      readonly id: string;
      readonly ok: false;
      readonly code: ClientErrorCode;
      readonly retryAfterMs: number | undefined;
    };

interface RpcEvent {
  readonly type: "event";
  readonly event: ClientEvent;
}

/** A leader took over (or has just started): calls without an answer are issued again. */
interface RpcHello {
  readonly type: "hello";
}

export type RpcMessage = RpcCall | RpcAnswer | RpcEvent | RpcHello;

const types: ReadonlySet<unknown> = new Set(["call", "answer", "event", "hello"]);

/** Whether a message of a port belongs to this protocol. */
export function isRpcMessage(value: unknown): value is RpcMessage {
  return typeof value === "object" && value !== null && "type" in value && types.has(value.type);
}

/** The part of Worker, MessagePort and BroadcastChannel that the protocol needs. */
export interface RpcPort {
  postMessage(message: RpcMessage): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
}
