import { expect, test } from "vitest";
import { ManualTime } from "#test/support/client/manual-time.ts";
import { AutoLock } from "./auto-lock.ts";

const minuteMs = 60_000;

function watched(autoLockMs: number | undefined) {
  const time = new ManualTime();
  let locked = 0;
  const autoLock = new AutoLock(time.parts, () => {
    locked += 1;
    autoLock.watch(undefined);
  });
  autoLock.watch(autoLockMs);
  return { time, autoLock, locked: () => locked };
}

test("[CL123] locks after the chosen time without anybody in any tab", async () => {
  const { time, autoLock, locked } = watched(5 * minuteMs);
  for (let minute = 0; minute < 10; minute += 4) {
    autoLock.attend(minute % 8 === 0 ? "one" : "two", true);
    await time.pass(4 * minuteMs);
  }
  expect(locked()).toBe(0);
  autoLock.attend("one", false); // hiding a tab is not being there
  await time.pass(minuteMs - 1);
  expect(locked()).toBe(0);
  await time.pass(1);
  expect(locked()).toBe(1);
});

test("[CL123] a computer that slept past the time locks at the first sign of life", () => {
  let nowMs = 1_000;
  let locked = 0;
  const asleep = { nowMs: () => nowMs, setTimer: () => () => undefined };
  const autoLock = new AutoLock(asleep, () => {
    locked += 1;
  });
  autoLock.watch(minuteMs);
  autoLock.attend("one", true);
  expect(locked).toBe(0);
  nowMs += 2 * minuteMs;
  autoLock.attend("one", true);
  expect(locked).toBe(1);
});

test("[CL123] with 0 it locks as soon as no tab is on screen, but not between two tabs", async () => {
  const { time, autoLock, locked } = watched(0);
  autoLock.attend("one", true);
  await time.pass(1_000);
  autoLock.attend("one", false);
  await time.pass(200);
  autoLock.attend("two", true);
  await time.pass(minuteMs);
  expect(locked()).toBe(0);
  autoLock.attend("two", false);
  await time.pass(1_499);
  expect(locked()).toBe(0);
  await time.pass(1);
  expect(locked()).toBe(1);
});

test("[CL123] with 0 a tab that died on screen keeps it open for five minutes at most", async () => {
  const { time, autoLock, locked } = watched(0);
  autoLock.attend("one", true);
  await time.pass(5 * minuteMs - 1);
  expect(locked()).toBe(0);
  await time.pass(1);
  expect(locked()).toBe(1);
});

test("[CL123] without a time it never locks by itself", async () => {
  const { time, autoLock, locked } = watched(undefined);
  autoLock.attend("one", false);
  await time.pass(600 * minuteMs);
  expect(locked()).toBe(0);
});
