import { expect, test } from "vitest";
import { code } from "#test/support/crypto/expect-refused.ts";
import { createAccountKey } from "../device-identity.ts";
import { nobleProvider as provider } from "../noble-provider.ts";
import { safetyNumber } from "./safety-number.ts";

const identityOf = (value: number) => ({
  accountId: new Uint8Array(16).fill(value),
  aik: createAccountKey(provider).pub,
});
const [alice, bob, mallory] = [identityOf(1), identityOf(2), identityOf(3)];

test("both sides see the same twelve groups and can scan each other", () => {
  const [ours, theirs] = [safetyNumber(provider, alice, bob), safetyNumber(provider, bob, alice)];
  expect(ours.groups).toEqual(theirs.groups);
  expect(ours.groups.length).toBe(12);
  for (const group of ours.groups) expect(group).toMatch(/^[0-9]{5}$/);
  expect([ours.matches(theirs.qrPayload), theirs.matches(ours.qrPayload)]).toEqual([true, true]);
  expect(ours.matches(ours.qrPayload)).toBe(false);
  expect(ours.qrPayload[1]).toBe(0x10);
});

test("[ATTACK 17] a key of somebody in between shows another number and scans as another person", () => {
  const ours = safetyNumber(provider, alice, { ...bob, aik: mallory.aik });
  const theirs = safetyNumber(provider, bob, alice);
  expect(ours.groups).not.toEqual(theirs.groups);
  expect([ours.matches(theirs.qrPayload), theirs.matches(ours.qrPayload)]).toEqual([false, false]);
});

test("a code that is none, or of another app, is refused; a key of another length is not used", () => {
  const ours = safetyNumber(provider, alice, bob);
  expect(() => ours.matches(new Uint8Array(5))).toThrow(code("MALFORMED"));
  const signal = Uint8Array.from(ours.qrPayload).fill(2, 1, 2);
  expect(() => ours.matches(signal)).toThrow(code("UNSUPPORTED_VERSION"));
  expect(() => safetyNumber(provider, { ...alice, aik: new Uint8Array(33) }, bob)).toThrow(RangeError);
});
