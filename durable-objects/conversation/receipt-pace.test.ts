import { expect, test } from "vitest";
import { limits } from "#schema/limits.ts";
import { ReceiptPace } from "./receipt-pace.ts";

function paced(members: number) {
  const pauses: (() => void)[] = [];
  let flushes = 0;
  const pace = new ReceiptPace({
    members: () => members,
    pause: () => new Promise((resolve) => pauses.push(resolve)),
    flush: () => (flushes += 1),
  });
  return { pace, pauses, flushes: () => flushes };
}

test("[GR18] among few members every watermark asks for a flush, and any flush writes it", () => {
  const { pace, pauses, flushes } = paced(limits.promptReceiptsMembers);
  pace.arrived();
  pace.arrived();
  expect([flushes(), pauses.length, pace.take(), pace.take()]).toEqual([2, 0, true, true]);
});

test("[GR18] among many the watermarks of a second are written together, and messages do not wait for them", async () => {
  const { pace, pauses, flushes } = paced(limits.promptReceiptsMembers + 1);
  pace.arrived();
  pace.arrived();
  expect([flushes(), pauses.length, pace.take()]).toEqual([0, 1, false]);
  pauses[0]?.();
  await Promise.resolve();
  expect([flushes(), pace.take(), pace.take()]).toEqual([1, true, false]);
  pace.arrived();
  expect(pauses.length).toBe(2);
});
