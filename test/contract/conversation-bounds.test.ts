/** What one member can make a conversation object read, hold and send at once. */
import { expect, test } from "vitest";
import { bodyHeadBytes, tagBytes } from "#schema/envelope/body.ts";
import { padmeLength } from "#schema/envelope/padding.ts";
import { limits } from "#schema/limits.ts";
import { anna, ben, conversationId, ConversationRig } from "../support/conversation-rig.ts";
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
