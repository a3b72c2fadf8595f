/**
 * Frames of both channels that are wrong in their form, over real sockets. After each case: the answer is the typed
 * error with a request id and nothing else, nothing is stored or changed, the object still serves the other member, and
 * the refused device heard nothing more. What this does not show: frames that are well-formed and wrong in what they
 * say (bad-frames-meaning.test.ts), refused upgrades (bad-frames-upgrades.test.ts).
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { concat } from "#schema/envelope/bytes.ts";
import { limits } from "#schema/limits.ts";
import { frameTypes, notEvents, spoiltFrames } from "../support/frame-samples.ts";
import { expectError, FrameStage, someId } from "../support/frame-stage.ts";
import { sendFrame } from "../support/up-frames.ts";

let stage: FrameStage;

beforeAll(async () => {
  stage = await FrameStage.open();
});
afterAll(() => stage.server.close());

test("[WS4] every type of frame on either channel has a sample", () => {
  expect(stage.conversationFrames().map(({ type }) => type)).toEqual([
    "message:send",
    ...frameTypes("conversation"),
  ]);
  expect(stage.inboxFrames().map(({ type }) => type)).toEqual(frameTypes("inbox"));
});

test("[WS4] a frame that is no event of the channel is malformed", async () => {
  const { annas, annasInbox } = stage.sockets;
  const foreign = (from: readonly { readonly type: string }[], channel: "conversation" | "inbox"): string[] =>
    from.filter(({ type }) => !frameTypes(channel).includes(type)).map((frame) => JSON.stringify(frame));
  for (const text of [...notEvents, ...foreign(stage.inboxFrames(), "conversation")]) {
    annas.sendText(text);
    await expectError(annas, text.slice(0, 60), "malformed");
    await stage.expectUnharmed(text.slice(0, 60));
  }
  for (const text of [...notEvents, ...foreign(stage.conversationFrames(), "inbox")]) {
    annasInbox.sendText(text);
    await expectError(annasInbox, text.slice(0, 60), "malformed");
    await stage.expectInboxUnharmed(text.slice(0, 60));
  }
});

test("[WS4] a binary frame that holds no messages is malformed, and on an inbox every one", async () => {
  const { annas, annasInbox } = stage.sockets;
  const message = stage.message();
  const valid = sendFrame([message, stage.message()]);
  const text = Buffer.from(JSON.stringify(message));
  const spoilt = [
    Buffer.alloc(0),
    Buffer.from([0xff]),
    text,
    valid.subarray(0, -1),
    concat(valid, new Uint8Array(1)),
    concat(new Uint8Array([2]), valid.subarray(1)),
    concat(valid.subarray(0, 1), new Uint8Array([0, 3]), valid.subarray(3)),
  ];
  for (const bytes of spoilt) {
    annas.sendBinary(bytes);
    await expectError(annas, "binary", "malformed");
    await stage.expectUnharmed("binary");
  }
  for (const bytes of [...spoilt, valid]) {
    annasInbox.sendBinary(bytes);
    await expectError(annasInbox, "binary", "malformed");
    await stage.expectInboxUnharmed("binary");
  }
  annas.sendText(text);
  await expectError(annas, "a message as text", "malformed");
  await stage.expectUnharmed("a message as text");
});

test("[WS4] a key missing, unknown, of another type or absurd makes a conversation frame malformed", async () => {
  const { annas } = stage.sockets;
  for (const { name, frame } of stage.conversationFrames().slice(1).flatMap(spoiltFrames)) {
    annas.send(frame);
    await expectError(annas, name, "malformed");
    await stage.expectUnharmed(name);
  }
});

test("[WS4] a key missing, unknown, of another type or absurd makes an inbox frame malformed", async () => {
  const { annasInbox } = stage.sockets;
  for (const { name, frame } of stage.inboxFrames().flatMap(spoiltFrames)) {
    annasInbox.send(frame);
    await expectError(annasInbox, name, "malformed");
    await stage.expectInboxUnharmed(name);
  }
});

test("[WS5] a frame above the limit closes the socket with 4413", async () => {
  const text = JSON.stringify({ type: "inbox:resume", x: "" });
  for (const size of [limits.frameBytes + 1, 2 * limits.frameBytes]) {
    const { annas, annasInbox } = stage.sockets;
    for (const socket of [annas, annasInbox]) {
      socket.sendText(text.padEnd(size));
      expect(await socket.closed).toEqual({ code: 4413, reason: "too_large" });
    }
    await stage.reopen();
    await stage.expectUnharmed("too large");
    await stage.expectInboxUnharmed("too large");
  }
  stage.sockets.annas.sendBinary(Buffer.alloc(limits.frameBytes + 1));
  expect(await stage.sockets.annas.closed).toEqual({ code: 4413, reason: "too_large" });
  await stage.reopen();
  stage.sockets.annas.sendText(text.padEnd(limits.frameBytes));
  await expectError(stage.sockets.annas, "just allowed", "malformed");
  await stage.expectUnharmed("just allowed");
});

test("[WS4] text that is not UTF-8 is malformed: no key of a frame takes what it could stand for", async () => {
  const { annas, annasInbox } = stage.sockets;
  const ack = JSON.stringify({ type: "conversation:resume", conversationId: someId, after: 1 });
  for (const text of ['{"type":"\u0000"}', ack]) {
    const bytes = Buffer.from(text);
    const broken = Buffer.concat([
      bytes.subarray(0, -4),
      Buffer.from([0xc3, 0x28, 0xff]),
      bytes.subarray(-4),
    ]);
    annas.sendText(broken);
    await expectError(annas, "not UTF-8", "malformed");
    await stage.expectUnharmed("not UTF-8");
    annasInbox.sendText(broken);
    await expectError(annasInbox, "not UTF-8", "malformed");
    await stage.expectInboxUnharmed("not UTF-8");
  }
});

test("[WS61] bytes that are no WebSocket frame end only the socket that sent them", async () => {
  const cases: [number, number[]][] = [
    [1002, [0xc1, 0x80, 1, 2, 3, 4]], // a reserved bit
    [1002, [0x83, 0x80, 1, 2, 3, 4]], // a reserved opcode
    [1002, [0x80, 0x80, 1, 2, 3, 4]], // the continuation of nothing
    [1009, [0x81, 0xff, 0x7f, ...Array.from({ length: 7 }, () => 0xff), 1, 2, 3, 4]], // without an end
  ];
  for (const [code, bytes] of cases) {
    const { annas, annasInbox } = stage.sockets;
    for (const socket of [annas, annasInbox]) {
      socket.sendBytes(Buffer.from(bytes));
      expect([bytes, await socket.closed]).toEqual([bytes, { code, reason: expect.any(String) }]);
    }
    await stage.reopen();
    await stage.expectUnharmed("no frame");
    await stage.expectInboxUnharmed("no frame");
  }
});
