import { expect, test } from "vitest";
import type { GroupChangeView } from "#core/client-api.ts";
import { fakeMember } from "#test/support/fake-client-groups.ts";
import { self } from "#test/support/fake-client-data.ts";
import { namesOf, sayChange } from "./say-change.ts";

const mira = { account: self.account, username: self.username };
const [anna, ben] = [fakeMember("anna"), fakeMember("ben")];
const stranger = { ...fakeMember("stranger"), username: "" };
const byAnna = { mine: false, senderName: "anna" };
const byMe = { mine: true, senderName: "mira" };

test.each<[GroupChangeView, typeof byAnna, string]>([
  [{ type: "created", people: [] }, byMe, "You created the group"],
  [{ type: "created", people: [anna, ben] }, byMe, "You created the group with anna and ben"],
  [{ type: "created", people: [ben, mira] }, byAnna, "anna created the group with you and ben"],
  [{ type: "added", people: [mira] }, byAnna, "anna added you"],
  [{ type: "added", people: [ben], sharedMessages: 1 }, byMe, "You added ben and shared the last message"],
  [
    { type: "added", people: [ben, anna], sharedMessages: 1_204 },
    byMe,
    "You added ben and anna and shared the last 1,204 messages",
  ],
  [
    { type: "added", people: [mira], sharedMessages: 100 },
    byAnna,
    "anna added you and shared the last 100 messages, vouching for who wrote them",
  ],
  [{ type: "removed", people: [ben] }, byMe, "You removed ben"],
  [{ type: "removed", people: [stranger] }, { mine: false, senderName: "" }, "Someone removed someone"],
  [{ type: "left", heir: undefined }, byAnna, "anna left"],
  [{ type: "left", heir: ben }, byAnna, "anna left. ben owns the group from now on"],
  [{ type: "left", heir: mira }, byAnna, "anna left. You own the group from now on"],
  [{ type: "role", person: mira, role: "admin" }, byAnna, "anna made you an admin"],
  [{ type: "role", person: ben, role: "member" }, byMe, "You made ben an ordinary member"],
  [{ type: "renamed", title: "Choir" }, byAnna, "anna named the group “Choir”"],
  [{ type: "renamed", title: undefined }, byAnna, "anna changed the name of the group"],
  [{ type: "link", isOn: true }, byAnna, "anna made a new invite link"],
  [{ type: "link", isOn: false }, byMe, "You turned the invite link off"],
  [{ type: "dissolved" }, byAnna, "anna dissolved the group"],
])("%j by %j", (change, message, sentence) => {
  expect(sayChange(message, change, self.account)).toBe(sentence);
});

test("many names become the first three and a number, oneself among the first", () => {
  const many = "abcdefghij".split("").map((name) => fakeMember(name));
  expect(namesOf(many, self.account)).toBe("a, b, c and 7 others");
  expect(namesOf([...many, mira], self.account)).toBe("you, a, b and 8 others");
  expect(namesOf(many.slice(0, 4), self.account)).toBe("a, b, c and d");
});
