import { expect, test } from "vitest";
import { createFakeClient } from "#test/support/fake-client.ts";
import { conversations, self } from "#test/support/fake-client-data.ts";
import { fakeMember } from "#test/support/fake-client-groups.ts";
import { groups } from "#test/support/fake-group-data.ts";
import {
  doubtful,
  isFull,
  knownPeople,
  matching,
  type Pick,
  pickFor,
  readTyped,
  splitNames,
  toggled,
} from "./picking.ts";

const person = (username: string) => ({ username, account: fakeMember(username).account });
const known = ["hanna", "anna.lindqvist", "ann"].map(person);
const ground = { self: self.username, known, inGroup: new Set(["tomas_v"]) };
const typedIn = (username: string): Pick => ({ username, account: undefined });

test("people one talks with are offered, without groups and without those who are in", async () => {
  const nowMs = 1_800_000_000_000;
  const all = [...conversations(nowMs), ...groups(nowMs)];
  const views = await createFakeClient({
    signedIn: true,
    conversations: all,
    now: () => nowMs,
  }).api.listConversations();
  const names = knownPeople(views, new Set(["ilse"])).map(({ username }) => username);
  expect(names).toContain("anna.lindqvist");
  expect(names).not.toContain("ilse");
  expect(names).not.toContain("mira");
});

test("names that begin with what is typed come before names that contain it", () => {
  expect(matching(known, " @Ann").map(({ username }) => username)).toEqual([
    "anna.lindqvist",
    "ann",
    "hanna",
  ]);
});

test.each([
  ["", { type: "nothing" }],
  ["Mira", { type: "self" }],
  ["tomas_v", { type: "in_group", username: "tomas_v" }],
  ["ann", { type: "listed" }],
  ["wren", { type: "listed" }],
  ["jo", { type: "unfinished" }],
  ["@Noor", { type: "name", username: "noor" }],
])("typed %j is %j", (typed, read) => {
  expect(readTyped(typed, [typedIn("wren")], ground)).toEqual(read);
});

test("Enter takes the exact name, else the first of the list, else the name as typed", () => {
  expect(pickFor("ann", [], ground)).toEqual(person("ann"));
  expect(pickFor("an", [], ground)).toEqual(person("anna.lindqvist"));
  expect(pickFor("an", [person("anna.lindqvist")], ground)).toEqual(person("ann"));
  expect(pickFor("noor", [], ground)).toEqual(typedIn("noor"));
  expect(pickFor("mira", [], ground)).toBe(undefined);
  expect(pickFor("", [], ground)).toBe(undefined);
});

test("choosing again takes back", () => {
  const one = toggled([], person("ann"));
  expect(one).toEqual([person("ann")]);
  expect(toggled(one, person("ann"))).toEqual([]);
});

test("several names at once become several, the last stays in the field", () => {
  expect(splitNames("anna, @Tomas_V;jo ilse")).toEqual({ names: ["anna", "tomas_v"], rest: "ilse" });
  expect(splitNames("anna")).toEqual({ names: [], rest: "anna" });
  expect(splitNames("anna,")).toEqual({ names: ["anna"], rest: "" });
});

test("a group of 1,024 is full", () => {
  expect(isFull(1022, [])).toBe(false);
  expect(isFull(1023, [person("ann")])).toBe(true);
});

test("only typed names can be nobody's", () => {
  expect(doubtful([person("ann"), typedIn("noor")])).toEqual(["noor"]);
});
