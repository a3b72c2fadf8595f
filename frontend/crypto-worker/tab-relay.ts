/**
 * Joins the tabs of one browser profile: the worker that holds the lock runs the client, the others pass calls to it
 * and events to their tab (CRYPTO 2.17 rule 1).
 */
import type { ClientApi, ClientErrorCode, Subscribe } from "#core/client-api.ts";
import { CallServer } from "#core/rpc/call-server.ts";
import { isRpcMessage, type RpcAnswer, type RpcCall, type RpcPort } from "#core/rpc/messages.ts";

type RunningClient = ClientApi & { readonly subscribe: Subscribe };

/** One worker between its own tab (`tab`) and the workers of all tabs (`others`). */
export class TabRelay {
  readonly #tab: RpcPort;
  readonly #others: RpcPort;
  readonly #keysReady: () => Promise<void>;
  readonly #open = new Map<string, RpcCall>();
  #server: CallServer | undefined;
  #refusal: ClientErrorCode | undefined;

  constructor(tab: RpcPort, others: RpcPort, keysReady: () => Promise<void>) {
    this.#tab = tab;
    this.#others = others;
    this.#keysReady = keysReady;
    tab.addEventListener("message", ({ data }) => {
      if (isRpcMessage(data) && data.type === "call") this.#callOfTab(data);
    });
    others.addEventListener("message", ({ data }) => {
      if (!isRpcMessage(data)) return;
      if (data.type === "call") void this.#callOfOther(data);
      else if (data.type === "answer") this.#answerTab(data);
      else if (data.type === "event") this.#tab.postMessage(data);
      else for (const call of this.#open.values()) this.#others.postMessage(call);
    });
  }

  /** This worker holds the lock: from here on its client answers everyone, open calls of dead leaders included. */
  lead(client: RunningClient): void {
    const server = new CallServer(client, this.#keysReady);
    this.#server = server;
    this.#refusal = undefined;
    client.subscribe((event) => {
      if (event.type === "account" && event.status.state === "locked") server.forget();
      this.#tab.postMessage({ type: "event", event });
      this.#others.postMessage({ type: "event", event });
    });
    this.#others.postMessage({ type: "hello" });
    for (const call of this.#open.values()) void this.#answerOwn(server, call);
    void this.#announce(client);
  }

  /** The client is gone: calls wait for the next leader. */
  follow(): void {
    this.#server = undefined;
  }

  /** No client can be had in this browser: the tab's calls are refused until `lead`. */
  refuse(code: ClientErrorCode): void {
    this.#refusal = code;
    for (const { id } of this.#open.values()) this.#answerTab(refusal(id, code));
  }

  #callOfTab(call: RpcCall): void {
    this.#open.set(call.id, call);
    if (this.#refusal !== undefined) this.#answerTab(refusal(call.id, this.#refusal));
    else if (this.#server === undefined) this.#others.postMessage(call);
    else void this.#answerOwn(this.#server, call);
  }

  async #callOfOther(call: RpcCall): Promise<void> {
    if (this.#server === undefined) return; // for the leader
    this.#others.postMessage(await this.#server.answer(call));
  }

  async #answerOwn(server: CallServer, call: RpcCall): Promise<void> {
    this.#answerTab(await server.answer(call));
  }

  #answerTab(answer: RpcAnswer): void {
    if (this.#open.delete(answer.id)) this.#tab.postMessage(answer);
  }

  /** Views of every tab start anew with the new leader. */
  async #announce(client: RunningClient): Promise<void> {
    const [account, connection] = [await client.accountStatus(), await client.connectionStatus()];
    const events = [
      { type: "account", status: account },
      { type: "connection", status: connection },
      { type: "conversations" },
    ] as const;
    for (const event of events) {
      this.#tab.postMessage({ type: "event", event });
      this.#others.postMessage({ type: "event", event });
    }
  }
}

function refusal(id: string, code: ClientErrorCode): RpcAnswer {
  return { type: "answer", id, ok: false, code, retryAfterMs: undefined };
}
