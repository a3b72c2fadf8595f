import { expect, test } from "vitest";
import { type Entry, judge, type Witness } from "./oracle.ts";

const log: readonly Entry[] = [
  { seq: 1, clientMessageId: "one", sender: "anna.1" },
  { seq: 2, clientMessageId: "two", sender: "ben.1" },
  { seq: 3, clientMessageId: "three", sender: "anna.1" },
];
const witness = (change: Partial<Witness> = {}): Witness => ({
  name: "anna",
  log,
  written: [
    { clientMessageId: "one", seq: 1 },
    { clientMessageId: "three", seq: 3 },
  ],
  contradictions: [],
  ...change,
});
const [one, two, three] = log as [Entry, Entry, Entry];

test("whoever has the log as it is has no fault, also when it does not tell devices apart", () => {
  const plain = log.map((entry) => ({ ...entry, sender: entry.sender.split(".")[0] ?? "" }));
  expect(judge(log, [witness(), witness({ log: plain, written: [] })])).toEqual([]);
});

test.each<readonly [string, Partial<Witness>, readonly string[]]>([
  ["a lost message", { log: [one, two] }, ["anna has 2 of 3 messages"]],
  [
    "a doubled message",
    { log: [one, two, two, three] },
    ["anna has 4 of 3 messages", "anna has another message at place 3"],
  ],
  ["another order", { log: [two, one, three] }, ["anna has another message at place 1"]],
  [
    "another sender",
    { log: [{ ...one, sender: "ben.2" }, two, three] },
    ["anna has another message at place 1"],
  ],
  [
    "a written message that is nowhere",
    { written: [{ clientMessageId: "four", seq: undefined }] },
    ["1 messages of anna are lost"],
  ],
  [
    "another place than was acknowledged",
    { written: [{ clientMessageId: "one", seq: 2 }] },
    ["anna was told another place for 1 messages"],
  ],
  [
    "own messages in another order",
    {
      written: [
        { clientMessageId: "three", seq: 3 },
        { clientMessageId: "one", seq: 1 },
      ],
    },
    ["messages of anna changed their order"],
  ],
  [
    "a contradiction that it noticed itself",
    { contradictions: ["anna heard two things"] },
    ["anna heard two things"],
  ],
])("%s is a fault", (_name, change, faults) => {
  expect(judge(log, [witness(change)])).toEqual(faults);
});

test("whoever was out for a while has what was there since, and of before no more than was for it", () => {
  const four = { seq: 4, clientMessageId: "four", sender: "ben.1" };
  const long = [...log, four];
  const stays = [
    { from: 1, to: 2 },
    { from: 4, to: Infinity },
  ];
  const back = (own: readonly Entry[]) => judge(long, [witness({ log: own, written: [], stays })]);
  expect(back([one, two, four])).toEqual([]);
  expect(back([one, four])).toEqual([]);
  expect(back([one, two])).toEqual(["anna has 0 of 1 messages"]);
  expect(back([one, three, four])).toEqual(["anna got 3 while it was out"]);
  expect(back([{ ...one, sender: "ben.2" }, four])).toEqual(["anna has another message at place 1"]);
});

test("a log with holes or doubles is a fault whoever agrees with it", () => {
  const bad = [one, three, three];
  expect(judge(bad, [witness({ log: bad, written: [] })])).toEqual([
    "the log has 3 at place 2",
    "the log has 1 messages twice",
  ]);
});
