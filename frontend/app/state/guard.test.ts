import { expect, test } from "vitest";
import { redirectFor } from "./guard.ts";

test("a stranger is led to the welcome page", () => {
  expect(redirectFor({ name: "home" }, "signed_out", false)).toEqual({ name: "welcome" });
  expect(redirectFor({ name: "settings" }, "signed_out", false)).toEqual({ name: "welcome" });
  expect(redirectFor({ name: "login" }, "signed_out", false)).toBe(undefined);
});

test("who is signed in is led home from the pages for strangers", () => {
  expect(redirectFor({ name: "signup" }, "signed_in", false)).toEqual({ name: "home" });
  expect(redirectFor({ name: "new" }, "signed_in", false)).toBe(undefined);
});

test("an ended session keeps its address, so that logging in again returns there", () => {
  expect(redirectFor({ name: "home" }, "ended", false)).toBe(undefined);
});

test("an invite link is there before signing in and after it", () => {
  expect(redirectFor({ name: "join" }, "signed_out", true)).toBe(undefined);
  expect(redirectFor({ name: "join" }, "signed_in", true)).toBe(undefined);
  expect(redirectFor({ name: "signup" }, "signed_in", true)).toEqual({ name: "join" });
});
