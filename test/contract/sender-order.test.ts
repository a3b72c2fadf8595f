/** What one device sends in order is ordered so, whatever is refused in between. */
import { expect, test } from "vitest";
import { limits } from "#schema/limits.ts";
import { anna, ben, conversationId, ConversationRig } from "../support/conversation-rig.ts";

const outcomes = (socket: { take(): readonly Record<string, unknown>[] }) =>
  socket.take().map((event) => event["seq"] ?? (event["error"] as { code: string } | undefined)?.code);
const spoilt = (rig: ConversationRig) => ({ ...rig.message(anna, 1), lists: [] });

test("[CV47] behind a refused message nothing is taken, in its frame or later, until it comes again", () => {
  const rig = new ConversationRig();
  const from = rig.socket(anna, 1);
  const [second, third] = [rig.message(anna, 1), rig.message(anna, 1)];
  const first = rig.message(anna, 1);
  rig.turn(from, { type: "batch", events: [{ ...first, lists: [] }, second] });
  rig.turn(from, third);
  expect([outcomes(from), rig.storedBodies()]).toEqual([
    ["device_set_mismatch", "unavailable", "unavailable"],
    [],
  ]);
  rig.turn(from, first, second, third);
  expect(outcomes(from)).toEqual([1, 2, 3]);
  expect(rig.storedBodies()).toEqual([first, second, third].map(({ body }) => body));
});

test("[CV47] a message behind it that has a reason of its own hears that one", () => {
  const rig = new ConversationRig();
  const from = rig.socket(anna, 1);
  rig.turn(from, spoilt(rig), spoilt(rig));
  expect(outcomes(from)).toEqual(["device_set_mismatch", "device_set_mismatch"]);
});

test("[CV47] whoever gives a message up loses one attempt of the next one", () => {
  const rig = new ConversationRig();
  const from = rig.socket(anna, 1);
  const next = rig.message(anna, 1);
  rig.turn(from, spoilt(rig));
  rig.turn(from, next);
  rig.turn(from, next, rig.message(anna, 1));
  expect(outcomes(from)).toEqual(["device_set_mismatch", "unavailable", 1, 2]);
});

test("[CV47] what came before the refused one is taken, and what was taken before is acknowledged again", () => {
  const rig = new ConversationRig();
  const from = rig.socket(anna, 1);
  const [known, before] = [rig.message(anna, 1), rig.message(anna, 1)];
  rig.turn(from, known);
  rig.turn(from, before, spoilt(rig), known);
  expect(outcomes(from)).toEqual([1, 2, "device_set_mismatch", 1]);
});

test("[CV47] a message that is too fast holds up those behind it, however often it is too fast", () => {
  const rig = new ConversationRig();
  const from = rig.socket(anna, 1);
  const burst = Array.from({ length: limits.messageBurst }, () => rig.message(anna, 1));
  rig.turn(from, ...burst);
  from.take();
  const [first, second] = [rig.message(anna, 1), rig.message(anna, 1)];
  rig.receive(from, first);
  rig.nowMs += 1_000;
  rig.turn(from, second);
  expect(outcomes(from)).toEqual(["rate_limited", "unavailable"]);
  rig.turn(from, first, second);
  expect(outcomes(from)).toEqual([limits.messageBurst + 1, limits.messageBurst + 2]);
});

test("[CV47] other sockets are not concerned, and a device that resumes begins anew", () => {
  const rig = new ConversationRig();
  const [from, peer] = [rig.socket(anna, 1), rig.socket(ben, 1)];
  rig.turn(from, spoilt(rig));
  rig.turn(peer, rig.message(ben, 1));
  rig.receive(from, { type: "conversation:resume", conversationId, after: 0 });
  rig.turn(from, rig.message(anna, 1));
  expect(outcomes(peer)).toEqual([1, 2]);
  expect(rig.storedBodies()).toHaveLength(2);
});

test("[CV47] after a commit that failed the first one to come again is the first one", () => {
  const rig = new ConversationRig();
  const from = rig.socket(anna, 1);
  const [first, second, third] = [rig.message(anna, 1), rig.message(anna, 1), rig.message(anna, 1)];
  rig.sql.failNextCommit();
  rig.turn(from, first, second);
  rig.turn(from, third);
  rig.turn(from, first, second, third);
  expect(outcomes(from)).toEqual(["internal", "internal", "unavailable", 1, 2, 3]);
});
