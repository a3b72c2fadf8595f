/** What one member can make a conversation object read, hold and send at once. */
import { expect, test } from "vitest";
import { bodyHeadBytes, tagBytes } from "#schema/envelope/body.ts";
import { padmeLength } from "#schema/envelope/padding.ts";
import { limits } from "#schema/limits.ts";
import { anna, ben, conversationId, ConversationRig } from "../support/conversation-rig.ts";
import { InboxRig } from "../support/inbox-rig.ts";
import { rawBody } from "../support/raw-frames.ts";

test("[CV12] a resume over long messages stops at its limit, and what follows joins on without a hole", () => {
  const rig = new ConversationRig({ anna: [1], ben: [1] });
  const long = padmeLength(64 * 1024 - bodyHeadBytes - tagBytes);
  const sender = rig.socket(ben, 1);
  const count = Math.ceil((2 * limits.resumeChars) / long);
  for (let sent = 0; sent < count; sent += 1) {
    const message = rig.message(ben, 1);
    rig.turn(sender, { ...message, body: rawBody(conversationId, message.clientMessageId, long) });
  }
  const reader = rig.socket(anna, 1, false);
  const seen: number[] = [];
  let resumes = 0;
  for (let more = true; more; resumes += 1) {
    rig.receive(reader, { type: "conversation:resume", conversationId, after: seen.at(-1) ?? 0 });
    const chars = reader.frames.reduce((sum, frame) => sum + frame.length, 0);
    expect(chars).toBeLessThan(limits.resumeChars + 2 * limits.frameBytes);
    for (const event of reader.take()) {
      if (event.type === "message:new") seen.push(Number(event["seq"]));
      else more = event["more"] === true;
    }
    expect(reader.isLive).toBe(!more);
  }
  expect(seen).toEqual(Array.from({ length: count }, (_, index) => index + 1));
  expect(resumes).toBeGreaterThan(1);
});

test("[WS63] a device that goes on sending what is not understood is closed with 4429", () => {
  const rig = new ConversationRig({ anna: [1], ben: [1] });
  const [hostile, other] = [rig.socket(anna, 1), rig.socket(ben, 1)];
  for (let sent = 0; sent < limits.messageBurst; sent += 1) rig.room.core.receive(hostile, "{");
  expect(hostile.closedFor).toBe(undefined);
  expect(hostile.take().length).toBe(limits.messageBurst);
  rig.room.core.receive(hostile, "{");
  expect(hostile.closedFor).toBe("rate_limited");
  rig.turn(other, rig.message(ben, 1));
  expect(other.take()).toMatchObject([{ type: "message:ack", seq: 1 }]);

  const inbox = new InboxRig();
  inbox.enrol(1);
  const socket = inbox.socket(1);
  for (let sent = 0; sent <= limits.messageBurst; sent += 1) inbox.channel.receive(socket, "{");
  expect(socket.closedFor).toBe("rate_limited");
});

test("[WS64] asking for the whole log over and over closes the socket with 4429; a while later it is served", () => {
  const rig = new ConversationRig({ anna: [1], ben: [1] });
  const long = padmeLength(64 * 1024 - bodyHeadBytes - tagBytes);
  for (let sent = 0; sent < 10; sent += 1) {
    const message = rig.message(ben, 1);
    rig.turn(rig.socket(ben, 1), {
      ...message,
      body: rawBody(conversationId, message.clientMessageId, long),
    });
  }
  const resume = { type: "conversation:resume", conversationId, after: 0 };
  const hostile = rig.socket(anna, 1, false);
  let chars = 0;
  for (let asked = 0; asked < 1_000 && hostile.closedFor === undefined; asked += 1) {
    rig.receive(hostile, resume);
    chars += hostile.frames.splice(0).reduce((sum, frame) => sum + frame.length, 0);
  }
  expect(hostile.closedFor).toBe("rate_limited");
  expect(chars).toBeLessThan(limits.messageBurst * 32_768 + limits.resumeChars);
  const patient = rig.socket(anna, 1, false);
  rig.nowMs += 60_000;
  rig.receive(patient, resume);
  expect(patient.take().filter(({ type }) => type === "message:new").length).toBe(10);
  expect([patient.isLive, patient.closedFor]).toEqual([true, undefined]);
});

test("[CV45] a burst of long messages in one turn is flushed whenever it reaches its limit, in order and once", () => {
  const rig = new ConversationRig({ anna: [1], ben: [1] });
  const long = padmeLength(64 * 1024 - bodyHeadBytes - tagBytes);
  const sender = rig.socket(ben, 1);
  const reader = rig.socket(anna, 1);
  const frames = Array.from({ length: 40 }, () => {
    const message = rig.message(ben, 1);
    return { ...message, body: rawBody(conversationId, message.clientMessageId, long) };
  });
  let arrived = 0;
  let answered = 0;
  for (const frame of frames) {
    rig.receive(sender, frame);
    arrived += JSON.stringify(frame).length;
    answered += sender
      .take()
      .reduce(
        (chars, { type }) => chars + (type === "message:ack" ? JSON.stringify(frames[0]).length : 0),
        0,
      );
    expect(arrived - answered).toBeLessThan(limits.flushChars);
  }
  expect(answered).toBeGreaterThan(limits.flushChars);
  rig.flush();
  const received = reader.take().map(({ seq, clientMessageId }) => [seq, clientMessageId]);
  expect(received).toEqual(frames.map(({ clientMessageId }, index) => [index + 1, clientMessageId]));
});
