import { describe, expect, test } from "vitest";
import { type ClientApi, ClientError, type ClientErrorCode, type MessageView } from "#core/client-api.ts";
import { createFakeClient, type FakeClient } from "#test/support/fake-client.ts";
import { conversations, type FakeConversation, history, self } from "#test/support/fake-client-data.ts";
import type { ShownMessage } from "./message-window.ts";
import { createTimeline } from "./timeline.ts";

const nowMs = Date.UTC(2026, 10, 20, 15, 42);

function setUp(chat: FakeConversation, change: Partial<ClientApi> = {}, isWatched = true) {
  const client: FakeClient = createFakeClient({ signedIn: true, conversations: [chat], now: () => nowMs });
  const arrived: MessageView[] = [];
  const errors: ClientErrorCode[] = [];
  const timeline = createTimeline({
    api: { ...client.api, ...change },
    conversationId: chat.conversationId,
    self: self.account,
    isWatched: () => isWatched,
    onArrived: (messages) => arrived.push(...messages),
    onError: (code) => errors.push(code),
  });
  return { client, timeline, arrived, errors, chat };
}

function chatOf(username: string): FakeConversation {
  const chat = conversations(nowMs).find((one) => one.peer.username === username);
  if (chat === undefined) throw new Error(username);
  return chat;
}

const texts = (messages: readonly ShownMessage[]) =>
  messages.map((message) =>
    message.content.type === "unreadable"
      ? message.content.reason
      : message.content.type === "group_change"
        ? message.content.change.type
        : message.content.text,
  );
const seqs = (messages: readonly ShownMessage[]) => messages.map((message) => message.seq);

describe("opening", () => {
  test("without unread messages the newest page is shown, without a divider", async () => {
    const { timeline } = setUp(history(400, nowMs));
    await timeline.open({ count: 0, readSeq: 400 });
    expect(seqs(timeline.messages.value)).toEqual(Array.from({ length: 50 }, (_, index) => 351 + index));
    expect([timeline.hasOlder.value, timeline.dividerAfter.value]).toEqual([true, undefined]);
  });

  test("with unread messages pages are read until the first of them is there", async () => {
    const { timeline } = setUp(chatOf("noor"));
    await timeline.open({ count: 118, readSeq: 10 });
    expect(timeline.messages.value[0]?.seq).toBe(1);
    expect(timeline.dividerAfter.value).toBe(10);
  });

  test("a store that fails is reported and nothing is shown", async () => {
    const failing = { listMessages: () => Promise.reject(new ClientError("storage_failed")) };
    const { timeline, errors } = setUp(chatOf("ilse"), failing);
    await timeline.open({ count: 0, readSeq: 0 });
    expect([timeline.state.value, timeline.messages.value, errors]).toEqual([
      "failed",
      [],
      ["storage_failed"],
    ]);
  });
});

describe("following", () => {
  test("a message that arrives is shown and told once; older pages stay loaded", async () => {
    const { timeline, client, arrived, chat } = setUp(history(400, nowMs));
    await timeline.open({ count: 0, readSeq: 400 });
    await timeline.loadOlder();
    client.receive(chat.conversationId, "Hello");
    await timeline.refresh();
    await timeline.refresh();
    expect(timeline.messages.value.map((message) => message.seq)).toEqual(
      Array.from({ length: 101 }, (_, index) => 301 + index),
    );
    expect(arrived.map((message) => message.content)).toEqual([{ type: "text", text: "Hello" }]);
  });

  test("what arrives while nobody looks is marked by the divider, what one sees arriving is not", async () => {
    for (const [isWatched, divider] of [
      [false, 2],
      [true, undefined],
    ] as const) {
      const { timeline, client, chat } = setUp(chatOf("ilse"), {}, isWatched);
      await timeline.open({ count: 0, readSeq: 2 });
      client.receive(chat.conversationId, "one");
      await timeline.refresh();
      client.receive(chat.conversationId, "two");
      await timeline.refresh();
      expect(timeline.dividerAfter.value).toBe(divider);
    }
  });

  test("older pages join without holes or doubles until there are none", async () => {
    const { timeline } = setUp(history(120, nowMs));
    await timeline.open({ count: 0, readSeq: 120 });
    await timeline.loadOlder();
    await timeline.loadOlder();
    await timeline.loadOlder();
    expect(seqs(timeline.messages.value)).toEqual(Array.from({ length: 120 }, (_, index) => index + 1));
    expect(timeline.hasOlder.value).toBe(false);
  });

  test("a long window is trimmed to its newest messages and can grow again", async () => {
    const { timeline } = setUp(history(400, nowMs));
    await timeline.open({ count: 0, readSeq: 400 });
    for (let page = 0; page < 5; page += 1) await timeline.loadOlder();
    timeline.trim();
    expect([
      timeline.messages.value.length,
      timeline.messages.value[0]?.seq,
      timeline.hasOlder.value,
    ]).toEqual([120, 281, true]);
  });
});

describe("sending", () => {
  test("the bubble is there before the client has answered, and keeps its key", async () => {
    const { timeline } = setUp(chatOf("ilse"));
    await timeline.open({ count: 0, readSeq: 2 });
    const sending = timeline.send("Soon");
    const drawn = timeline.messages.value.at(-1);
    expect(drawn).toMatchObject({
      clientMessageId: undefined,
      delivery: "pending",
      content: { text: "Soon" },
    });
    await sending;
    await timeline.refresh();
    const durable = timeline.messages.value.at(-1);
    expect(durable).toMatchObject({ key: drawn?.key, delivery: "sent", seq: 3 });
    expect(texts(timeline.messages.value).filter((text) => text === "Soon")).toEqual(["Soon"]);
  });

  test("what the client refuses stays as failed, and can be tried again or deleted", async () => {
    let refuse = true;
    const base = setUp(chatOf("ilse"));
    const { timeline, errors } = setUp(base.chat, {
      sendText: (id, text) =>
        refuse ? Promise.reject(new ClientError("storage_failed")) : base.client.api.sendText(id, text),
      listMessages: (id, options) => base.client.api.listMessages(id, options),
    });
    await timeline.open({ count: 0, readSeq: 2 });
    await timeline.send("Soon");
    await timeline.send("Later");
    const [soon, later] = timeline.messages.value.slice(-2);
    if (soon === undefined || later === undefined) throw new Error("no bubbles");
    expect([soon.delivery, later.delivery, errors]).toEqual([
      "failed",
      "failed",
      ["storage_failed", "storage_failed"],
    ]);
    refuse = false;
    await timeline.retry(soon);
    await timeline.discard(later);
    await timeline.refresh();
    expect(texts(timeline.messages.value).slice(-2)).toEqual(["Keep it warm for me until Friday", "Soon"]);
  });

  test("writing an answer takes the unread divider away", async () => {
    const { timeline } = setUp(chatOf("tomas_v"));
    await timeline.open({ count: 3, readSeq: 3 });
    await timeline.send("On my way");
    expect(timeline.dividerAfter.value).toBe(undefined);
  });

  test("a watermark is sent once and only forwards", async () => {
    const marked: number[] = [];
    const { timeline } = setUp(chatOf("tomas_v"), {
      markRead: (_id, seq) => {
        marked.push(seq);
        return Promise.resolve();
      },
    });
    for (const seq of [4, 4, 6, 5]) await timeline.markRead(seq);
    expect(marked).toEqual([4, 6]);
  });
});
