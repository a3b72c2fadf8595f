import { expect, test } from "vitest";
import { redirectFor } from "./guard.ts";

test("a stranger is led to the welcome page", () => {
  expect(redirectFor({ name: "home" }, "signed_out")).toEqual({ name: "welcome" });
  expect(redirectFor({ name: "settings" }, "signed_out")).toEqual({ name: "welcome" });
  expect(redirectFor({ name: "login" }, "signed_out")).toBe(undefined);
});

test("who is signed in is led home from the pages for strangers", () => {
  expect(redirectFor({ name: "signup" }, "signed_in")).toEqual({ name: "home" });
  expect(redirectFor({ name: "new" }, "signed_in")).toBe(undefined);
});

test("an ended session keeps its address, so that logging in again returns there", () => {
  expect(redirectFor({ name: "home" }, "ended")).toBe(undefined);
});
