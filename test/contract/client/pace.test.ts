import { describe, expect, test } from "vitest";
import { SendWindow } from "#core/sync/send-window.ts";
import { Typing } from "#core/sync/typing.ts";
import type { AccountId, ClientMessageId, ConversationId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import { FakeServer } from "#test/support/client/fake-server.ts";
import { ManualTime } from "#test/support/client/manual-time.ts";

const id = (index: number) => String(index) as ClientMessageId;
const conversationId = "c" as ConversationId;

describe("send window", () => {
  test("[CL15] at most 64 on the wire, and never more in a time than the server allows", async () => {
    const time = new ManualTime();
    let wakes = 0;
    const window = new SendWindow(new FakeServer().environment(time.parts), () => (wakes += 1));
    expect(window.free()).toBe(64);
    let sent = 0;
    const sendAll = () => {
      for (let free = window.free(); free > 0; free = window.free()) {
        for (let index = 0; index < free; index += 1) window.sent(id(sent + index));
        for (let index = 0; index < free; index += 1) window.answered(id(sent + index));
        sent += free;
      }
    };
    sendAll();
    expect(sent).toBeGreaterThan(limits.messageBurst * 0.9);
    expect(sent).toBeLessThanOrEqual(limits.messageBurst);
    const burst = sent;
    for (let second = 1; second <= 10; second += 1) {
      await time.pass(1_000);
      sendAll();
      expect(sent - burst).toBeLessThanOrEqual(limits.messagesPerSecond * second);
      expect(sent - burst).toBeGreaterThan(limits.messagesPerSecond * second * 0.8);
    }
    expect(wakes).toBeGreaterThan(0);
  });

  test("[CL13] after a refusal nothing follows until every answer is in and the pause is over", async () => {
    const time = new ManualTime();
    let wakes = 0;
    const window = new SendWindow(new FakeServer().environment(time.parts), () => (wakes += 1));
    for (const index of [1, 2, 3]) window.sent(id(index));
    window.answered(id(1));
    window.pauseUntil(time.nowMs + 500);
    window.holdUntilQuiet();
    expect(window.free()).toBe(0);
    await time.pass(500);
    expect(wakes).toBe(1);
    expect(window.free()).toBe(0);
    window.answered(id(2));
    window.answered(id(3));
    expect(window.free()).toBe(64);
  });

  test("[CL10] what stays without an answer goes again", async () => {
    const time = new ManualTime();
    let wakes = 0;
    const window = new SendWindow(new FakeServer().environment(time.parts), () => (wakes += 1));
    window.sent(id(1));
    await time.pass(19_000);
    expect([wakes, window.has(id(1))]).toEqual([0, true]);
    await time.pass(1_000);
    expect([wakes, window.has(id(1))]).toEqual([1, false]);
  });
});

describe("typing", () => {
  test("[CL67] a start at most every 3 s, a stop after 5 s of quiet, and another's mark dies", async () => {
    const time = new ManualTime();
    const sent: string[] = [];
    const seen: boolean[] = [];
    const other = "other" as AccountId;
    const typing = new Typing(
      new FakeServer().environment(time.parts),
      (_, frame) => sent.push((frame as { type: string }).type),
      (_, isTyping) => seen.push(isTyping),
    );
    for (let stroke = 0; stroke < 8; stroke += 1) {
      typing.set(conversationId, true);
      await time.pass(500);
    }
    expect(sent).toEqual(["typing:start", "typing:start"]);
    await time.pass(5_000);
    expect(sent.at(-1)).toBe("typing:stop");
    typing.set(conversationId, false);
    expect(sent).toHaveLength(3);
    typing.received(conversationId, other, true);
    typing.received(conversationId, other, true);
    await time.pass(limits.typingMs - 1);
    expect([typing.typist(conversationId), seen]).toEqual([other, [true]]);
    await time.pass(1);
    expect([typing.typist(conversationId), seen]).toEqual([undefined, [true, false]]);
  });
});
