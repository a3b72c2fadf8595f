/** A group of 1,000 members, each with two devices, in plain Node. Times are printed, not asserted: the machine is shared. */
import { expect, test } from "vitest";
import { settle } from "../support/conversation-rig.ts";
import { GroupRig, accountOf } from "../support/group-rig.ts";
import { newKeyId } from "../support/raw-group.ts";
import { limits } from "#schema/limits.ts";

const members = 1_000;

test("[GR10] a thousand members: keys in parts, then messages that look at nothing but themselves", async () => {
  const letters = Array.from({ length: members }, (_, index) => String.fromCharCode(0x4e00 + index));
  const cast = Object.fromEntries(
    letters.map((letter, index) => [letter, [index === 0 ? "owner" : "member", 2] as const]),
  );
  const heapBefore = process.memoryUsage().heapUsed;
  const startedAt = performance.now();
  const rig = await GroupRig.open(cast);
  const openMs = performance.now() - startedAt;
  const [owner = ""] = letters;
  const from = rig.socket(accountOf(owner), 1);
  const keyId = newKeyId();
  const others = rig.others(owner);
  for (let start = 0; start < others.length; start += limits.capsulesPerMessage) {
    rig.turn(from, rig.keyEntry(keyId, others.slice(start, start + limits.capsulesPerMessage)));
  }
  expect(from.take().map(({ type }) => type)).toEqual(["message:ack", "message:ack", "message:ack"]);
  rig.turn(from, rig.groupMessage(keyId));
  let looks = 0;
  const { members: map } = rig.room.state;
  const values = map.values.bind(map);
  map.values = () => {
    looks += 1;
    return values();
  };
  const messages = Array.from({ length: 500 }, () => rig.groupMessage(keyId));
  const sendingAt = performance.now();
  for (const message of messages) rig.receive(from, message);
  rig.flush();
  const sendMs = performance.now() - sendingAt;
  expect([looks, rig.storedBodies().length]).toEqual([0, 505]);
  Reflect.deleteProperty(map, "values");
  const tellingAt = performance.now();
  for (let round = 0; round < 40; round += 1) await settle();
  const told = new Set(
    rig.notices.filter(({ input }) => input.lastSeq === 505).map(({ account }) => account),
  );
  expect([told.size, rig.notices.at(-1)?.input.messages.length]).toEqual([members, 20]);
  const tellMs = performance.now() - tellingAt;
  const heapMb = (process.memoryUsage().heapUsed - heapBefore) / 2 ** 20;
  const line = [
    `open ${openMs.toFixed(0)} ms`,
    `500 messages ${sendMs.toFixed(1)} ms`,
    `tell ${tellMs.toFixed(0)} ms`,
  ];
  process.stdout.write(`${[...line, `heap +${heapMb.toFixed(0)} MiB`].join(", ")}\n`);
});
