import { expect, test } from "vitest";
import type { GroupRole } from "#schema/envelope/group-change.ts";
import { fakeMember } from "#test/support/fake-client-groups.ts";
import { leaveWarning, memberActions, membersLine, sortedMembers } from "./rules.ts";

const mira = fakeMember("mira", "owner");
const [anna, tomas, ilse] = [fakeMember("anna", "admin"), fakeMember("tomas"), fakeMember("ilse")];

test.each<[GroupRole | undefined, GroupRole, string]>([
  ["owner", "member", "message contact makeAdmin remove"],
  ["owner", "admin", "message contact makeOwner dismissAdmin remove"],
  ["owner", "owner", "message contact dismissOwner remove"],
  ["admin", "member", "message contact remove"],
  ["admin", "admin", "message contact"],
  ["admin", "owner", "message contact"],
  ["member", "member", "message contact"],
  [undefined, "member", "message contact"],
])("%s may do to a member who is %s: %s", (mine, role, actions) => {
  expect(memberActions(mine, { role, isMe: false }).join(" ")).toBe(actions);
});

test("to oneself nobody does anything", () => {
  expect(memberActions("owner", mira)).toEqual([]);
});

test("members: oneself, owners, admins, then names", () => {
  const owner = fakeMember("zoe", "owner");
  const sorted = sortedMembers([tomas, ilse, anna, owner, fakeMember("mira")]);
  expect(sorted.map(({ username }) => username)).toEqual(["mira", "zoe", "anna", "ilse", "tomas"]);
});

test("leaving says how many see it, and who takes an only owner's place", () => {
  const sees = /The other 2 members see that you left\.$/;
  expect(leaveWarning({ myRole: "member", members: [fakeMember("mira"), anna, tomas] })).toMatch(sees);
  expect(leaveWarning({ myRole: "owner", members: [mira, anna, tomas] })).toMatch(
    /left\. You are the only owner: the admin/,
  );
  expect(leaveWarning({ myRole: "owner", members: [mira, tomas] })).toMatch(
    /The other member sees that you left\. You are the only owner: the member/,
  );
  const second = fakeMember("zoe", "owner");
  expect(leaveWarning({ myRole: "owner", members: [mira, second, tomas] })).toMatch(sees);
  expect(leaveWarning({ myRole: "owner", members: [mira] })).toMatch(/^You are the last one here/);
});

test("the line under the name: names with oneself last, or the number", () => {
  expect(membersLine([mira, tomas, anna], 3)).toBe("anna, tomas, you");
  expect(membersLine(undefined, 3)).toBe("3 members");
  expect(membersLine([mira], 1)).toBe("1 member");
});
