import { expect, test } from "vitest";
import { fakeMember } from "#test/support/fake-client-groups.ts";
import { byProgress } from "./progress.ts";

test("each member stands once, at the furthest the message has come", () => {
  const member = (username: string, delivered: boolean, read: boolean) => ({
    account: fakeMember(username).account,
    username,
    delivered,
    read,
  });
  const [anna, ben] = [member("anna", true, false), member("ben", true, true)];
  const [cleo, dora] = [member("cleo", false, false), member("dora", false, true)];
  expect(byProgress([dora, cleo, ben, anna])).toEqual({
    read: [ben, dora],
    delivered: [anna],
    waiting: [cleo],
  });
});
