/** libsignal's fingerprint vectors (`rust/protocol/src/fingerprint.rs`, Java `NumericFingerprintGeneratorTest`) through our function. */
import { describe, expect, test } from "vitest";
import { nobleProvider as provider } from "#core/crypto/noble-provider.ts";
import { displayedFingerprint, fingerprintOf } from "#core/crypto/verification/fingerprint.ts";
import { encodeScannable, isSameScannable, parseScannable } from "#core/crypto/verification/scannable.ts";
import { code } from "#test/support/crypto/expect-refused.ts";
import { fromHex, toHex } from "./wycheproof-files.ts";

const text = new TextEncoder();
const alice = {
  key: fromHex("0506863bc66d02b40d27b8d49ca7c09e9239236f9d7d25d6fcca5ce13c7064d868"),
  stableId: text.encode("+14152222222"),
};
const bob = {
  key: fromHex("05f781b6fb32fed9ba1cf2de978d4d5da28dc34046ae814402b5c0dbd96fda907b"),
  stableId: text.encode("+14153333333"),
};
const displayed = "300354477692869396892869876765458257569162576843440918079131";
const aliceHalf = "1e301a0353dce3dbe7684cb8336e85136cdc0ee96219494ada305d62a7bd61df";
const bobHalf = "d62cbf73a11592015b6b9f1682ac306fea3aaf3885b84d12bca631e9d4fb3a4d";

const [a, b] = [fingerprintOf(provider, alice), fingerprintOf(provider, bob)];

test("fingerprint_test_v1, fingerprint_test_v2: the same 60 digits on both sides", () => {
  expect([displayedFingerprint(a, b), displayedFingerprint(b, a)]).toEqual([displayed, displayed]);
});

test.each([1, 2])("fingerprint_test_v%i: scannable", (version) => {
  const prefix = `080${version}12220a20`;
  expect(toHex(encodeScannable({ version, local: a, remote: b }))).toBe(
    `${prefix}${aliceHalf}1a220a20${bobHalf}`,
  );
  expect(toHex(encodeScannable({ version, local: b, remote: a }))).toBe(
    `${prefix}${bobHalf}1a220a20${aliceHalf}`,
  );
});

test("fingerprint_encodings", () => {
  const local = new Uint8Array(32).fill(0x12);
  const remote = new Uint8Array(32).fill(0xba);
  expect(toHex(encodeScannable({ version: 2, local, remote }))).toBe(
    `080212220a20${"12".repeat(32)}1a220a20${"ba".repeat(32)}`,
  );
});

describe("compare", () => {
  const own = { version: 1, local: a, remote: b };
  const shown = encodeScannable({ version: 1, local: b, remote: a });

  test("fingerprint_matching_identifiers: theirs is ours turned round, and ours itself is not", () => {
    expect(isSameScannable(provider, own, shown)).toBe(true);
    expect(isSameScannable(provider, own, encodeScannable(own))).toBe(false);
  });

  test("fingerprint_mismatching_fingerprints: somebody in the middle", () => {
    const mallory = fingerprintOf(provider, {
      ...bob,
      key: bob.key.map((byte, at) => (at === 9 ? byte ^ 1 : byte)),
    });
    expect(isSameScannable(provider, { ...own, remote: mallory }, shown)).toBe(false);
    expect(displayedFingerprint(a, mallory)).not.toBe(displayed);
  });

  test("fingerprint_mismatching_identifiers: the same keys of somebody else", () => {
    const other = fingerprintOf(provider, { ...alice, stableId: text.encode("+141512222222") });
    expect(isSameScannable(provider, { ...own, local: other }, shown)).toBe(false);
    expect(displayedFingerprint(other, b)).not.toBe(displayed);
  });

  test("fingerprint_mismatching_versions: UNSUPPORTED_VERSION", () => {
    expect(() => isSameScannable(provider, { ...own, version: 2 }, shown)).toThrow(
      code("UNSUPPORTED_VERSION"),
    );
  });

  test("MALFORMED: every other spelling", () => {
    expect(parseScannable(shown)).toEqual({ version: 1, local: b.slice(0, 32), remote: a.slice(0, 32) });
    for (const at of [0, 2, 3, 4, 5, 38, 39, 40, 41]) {
      expect(() => parseScannable(shown.map((byte, index) => (index === at ? byte ^ 1 : byte)))).toThrow(
        code("MALFORMED"),
      );
    }
    for (const wrong of [
      shown.subarray(1),
      shown.subarray(0, -1),
      Uint8Array.from([...shown, 0]),
      new Uint8Array(0),
    ]) {
      expect(() => parseScannable(wrong)).toThrow(code("MALFORMED"));
    }
    expect(() => parseScannable(Uint8Array.from(shown).fill(128, 1, 2))).toThrow(code("MALFORMED"));
    expect(() => encodeScannable({ ...own, version: 128 })).toThrow(RangeError);
  });
});
