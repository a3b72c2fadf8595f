import { expect, test } from "vitest";
import { EnvelopeError } from "./envelope-error.ts";
import { encodePasskeyWrap, encodeVaultWraps, parsePasskeyWrap } from "./vault-wraps.ts";

const passkey = {
  addedAtMs: 1_800_000_000_000,
  salt: new Uint8Array(32).fill(1),
  credentialId: new Uint8Array(20).fill(2),
  name: new TextEncoder().encode("Chrome on Linux"),
  wrap: new Uint8Array(72).fill(3),
};

test("a passkey wrap comes back as it was written", () => {
  expect(parsePasskeyWrap(encodePasskeyWrap(passkey))).toEqual(passkey);
});

test("MALFORMED: a passkey wrap that is cut, goes on, or names no credential", () => {
  const whole = encodePasskeyWrap(passkey);
  for (let length = 0; length < whole.length; length += 1) {
    expect(() => parsePasskeyWrap(whole.subarray(0, length))).toThrow(EnvelopeError);
  }
  expect(() => parsePasskeyWrap(Uint8Array.of(...whole, 0))).toThrow(EnvelopeError);
  const nameless = encodePasskeyWrap({ ...passkey, credentialId: new Uint8Array(0) });
  expect(() => parsePasskeyWrap(nameless)).toThrow("credential id");
});

test("UNSUPPORTED_VERSION: a passkey wrap of another version", () => {
  const other = encodePasskeyWrap(passkey);
  other[0] = 2;
  expect(() => parsePasskeyWrap(other)).toThrow(expect.objectContaining({ code: "UNSUPPORTED_VERSION" }));
});

test("the list of wraps says each one's kind and length, so that no two lists are one text", () => {
  expect(
    encodeVaultWraps([
      { kind: "recovery", data: Uint8Array.of(7) },
      { kind: "passkey", data: Uint8Array.of(8, 9) },
    ]),
  ).toEqual(Uint8Array.of(2, 1, 0, 1, 7, 2, 0, 2, 8, 9));
});
