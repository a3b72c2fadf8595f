import { describe, expect, test } from "vitest";
import { type ClientApi, ClientError, type ClientEvent } from "#core/client-api.ts";
import { connectClient } from "#core/remote-client.ts";
import type { RpcMessage, RpcPort } from "#core/rpc/messages.ts";
import type { ClientMessageId, ConversationId } from "#schema/ids.ts";
import { TabRelay } from "#crypto-worker/tab-relay.ts";

const conversationId = "c" as ConversationId;

/** A channel that everyone on it hears but the speaker, like a BroadcastChannel. */
class Air {
  readonly #ports: { hear: (data: unknown) => void }[] = [];

  port(): RpcPort & { silent: boolean } {
    const listeners: ((event: { data: unknown }) => void)[] = [];
    const own = { hear: (data: unknown) => listeners.forEach((listener) => listener({ data })) };
    this.#ports.push(own);
    const port = {
      silent: false,
      postMessage: (message: RpcMessage) => {
        if (port.silent) return;
        const data = structuredClone(message);
        for (const other of this.#ports) if (other !== own) queueMicrotask(() => other.hear(data));
      },
      addEventListener: (_type: "message", listener: (event: { data: unknown }) => void) => {
        listeners.push((event) => port.silent || listener(event));
      },
    };
    return port;
  }
}

function tab(others: Air, keysReady = () => Promise.resolve()) {
  const pipe = new Air();
  const [toWorker, toApp] = [pipe.port(), pipe.port()];
  const broadcast = others.port();
  const relay = new TabRelay(toApp, broadcast, keysReady);
  const app = connectClient(toWorker);
  const die = () => (toApp.silent = broadcast.silent = true);
  return { relay, app, die };
}

/** A client that counts, and that can be made to hang. */
function client(overrides: Partial<ClientApi> = {}) {
  const listeners = new Set<(event: ClientEvent) => void>();
  const sent: string[] = [];
  const fake = {
    accountStatus: async () => ({ state: "signed_out" as const }),
    connectionStatus: async () => ({ state: "idle" as const }),
    sendText: async (_conversation: ConversationId, text: string) => {
      sent.push(text);
      return `id of ${text}` as ClientMessageId;
    },
    listConversations: async () => Promise.reject(new ClientError("rate_limited", { retryAfterMs: 5 })),
    listSessions: async () => Promise.reject(new TypeError("a bug")),
    ...overrides,
  };
  const whole = {
    ...fake,
    subscribe: (listener: (event: ClientEvent) => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  } as unknown as Parameters<TabRelay["lead"]>[0];
  const tell = (event: ClientEvent) => listeners.forEach((listener) => listener(event));
  return { whole, sent, tell };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("tabs", () => {
  test("[CL70] every tab gets answers, typed errors and events from the one that leads", async () => {
    const air = new Air();
    const [first, second] = [tab(air), tab(air)];
    const { whole, sent, tell } = client();
    const early = second.app.sendText(conversationId, "early");
    await turn();
    first.relay.lead(whole);
    expect(await early).toBe("id of early");
    expect(await first.app.sendText(conversationId, "own")).toBe("id of own");
    expect(await second.app.sendText(conversationId, "other")).toBe("id of other");
    expect(sent).toEqual(["early", "own", "other"]);
    for (const { app } of [first, second]) {
      await expect(app.listConversations()).rejects.toEqual(
        new ClientError("rate_limited", { retryAfterMs: 5 }),
      );
      await expect(app.listConversations()).rejects.toMatchObject({ code: "rate_limited", retryAfterMs: 5 });
      await expect(app.listSessions()).rejects.toMatchObject({ name: "ClientError", code: "internal" });
    }
    const heard: string[] = [];
    first.app.subscribe(({ type }) => heard.push(`first ${type}`));
    const stop = second.app.subscribe(({ type }) => heard.push(`second ${type}`));
    tell({ type: "conversations" });
    await turn();
    stop();
    tell({ type: "conversations" });
    await turn();
    expect(heard.toSorted()).toEqual(["first conversations", "first conversations", "second conversations"]);
  });

  test("[CL71] when the leader dies the next one carries out what was left without an answer", async () => {
    const air = new Air();
    const [first, second, third] = [tab(air), tab(air), tab(air)];
    const hanging = client({ sendText: () => new Promise(() => undefined) });
    first.relay.lead(hanging.whole);
    const fromSecond = second.app.sendText(conversationId, "from second");
    const fromThird = third.app.sendText(conversationId, "from third");
    await turn();
    first.die();
    const { whole, sent } = client();
    const statuses: string[] = [];
    third.app.subscribe((event) => statuses.push(event.type));
    second.relay.lead(whole);
    expect(await fromSecond).toBe("id of from second");
    expect(await fromThird).toBe("id of from third");
    expect(sent.toSorted()).toEqual(["from second", "from third"]);
    expect(statuses).toEqual(expect.arrayContaining(["account", "connection", "conversations"]));
  });

  test("[CL72] a call that comes again under its id is carried out once", async () => {
    const air = new Air();
    const leader = tab(air);
    const { whole, sent } = client();
    leader.relay.lead(whole);
    const voice = air.port();
    const answers: unknown[] = [];
    voice.addEventListener("message", ({ data }) => {
      if ((data as RpcMessage).type === "answer") answers.push(data);
    });
    const call = { type: "call", id: "x/1", method: "sendText", args: [conversationId, "once"] } as const;
    voice.postMessage(call);
    voice.postMessage(call);
    await turn();
    expect(sent).toEqual(["once"]);
    const answer = { type: "answer", id: "x/1", ok: true, value: "id of once" };
    expect(answers).toEqual([answer, answer]);
    voice.postMessage({ ...call, id: "x/2", method: "constructor" as "sendText" });
    await turn();
    expect(answers[2]).toMatchObject({ id: "x/2", ok: false, code: "internal" });
  });

  test("[CL12] a browser without storage: calls are refused until there is a client", async () => {
    const air = new Air();
    const only = tab(air);
    const waiting = only.app.accountStatus();
    await turn();
    only.relay.refuse("storage_failed");
    await expect(waiting).rejects.toMatchObject({ code: "storage_failed" });
    await expect(only.app.accountStatus()).rejects.toMatchObject({ code: "storage_failed" });
    only.relay.lead(client().whole);
    expect(await only.app.accountStatus()).toEqual({ state: "signed_out" });
  });
});
