import { expect, test } from "vitest";
import type { AccountId } from "#schema/ids.ts";
import { LowMarks } from "./low-marks.ts";

interface Mark {
  readonly account: AccountId;
  delivered: number;
  read: number;
}

const mark = (account: string, delivered: number, read: number): Mark => ({
  account: account as AccountId,
  delivered,
  read,
});

test("[GR13] the lowest watermark comes with whose it is and the one after it", () => {
  const marks = new LowMarks(() => [mark("a", 5, 2), mark("b", 3, 9), mark("c", 4, 2)]);
  expect(marks.get()).toEqual({
    delivered: { account: "b", seq: 3, next: 4 },
    read: { account: "a", seq: 2, next: 2 },
  });
  expect(new LowMarks(() => [mark("a", 5, 2)]).get()?.delivered).toEqual({ account: "a", seq: 5 });
  expect(new LowMarks(() => []).get()).toBeUndefined();
});

test("[GR13] only a move of one of the two slowest is looked at", () => {
  const members = [mark("a", 1, 1), mark("b", 2, 2), mark("c", 9, 9)];
  let looks = 0;
  const marks = new LowMarks(() => {
    looks += 1;
    return members;
  });
  marks.get();
  const [first, , third] = members;
  expect(marks.moved({ ...third! })).toBe(false);
  marks.get();
  expect(looks).toBe(1);
  const before = { ...first! };
  first!.delivered = first!.read = 7;
  expect(marks.moved(before)).toBe(true);
  expect(marks.get()).toEqual({
    delivered: { account: "b", seq: 2, next: 7 },
    read: { account: "b", seq: 2, next: 7 },
  });
});
