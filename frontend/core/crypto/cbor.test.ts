import { expect, test } from "vitest";
import { type CborValue, decodeCbor, encodeCbor } from "./cbor.ts";

const hex = (text: string): Uint8Array =>
  Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
const malformed = expect.objectContaining({ name: "CryptoError", code: "MALFORMED" });

/** RFC 8949 appendix A, the cases within this profile. */
test.each<[string, CborValue]>([
  ["00", 0],
  ["17", 23],
  ["1818", 24],
  ["1864", 100],
  ["1903e8", 1000],
  ["1a000f4240", 1_000_000],
  ["1b000000e8d4a51000", 1_000_000_000_000],
  ["20", -1],
  ["29", -10],
  ["3863", -100],
  ["3903e7", -1000],
  ["40", new Uint8Array(0)],
  ["4401020304", Uint8Array.of(1, 2, 3, 4)],
  ["60", ""],
  ["6449455446", "IETF"],
  ["62c3bc", "\u00fc"],
  ["64f0908591", "\u{10151}"],
  ["80", []],
  ["83010203", [1, 2, 3]],
  ["8301820203820405", [1, [2, 3], [4, 5]]],
  ["a0", new Map()],
  [
    "a26161016162820203",
    new Map<string, CborValue>([
      ["a", 1],
      ["b", [2, 3]],
    ]),
  ],
  ["1b001fffffffffffff", Number.MAX_SAFE_INTEGER],
  ["3b001ffffffffffffe", -Number.MAX_SAFE_INTEGER],
])("RFC 8949 A: %s", (text, value) => {
  expect(encodeCbor(value)).toEqual(hex(text));
  expect(decodeCbor(hex(text))).toEqual(value);
});

test("keys are sorted by their encoding whatever the order of insertion", () => {
  const map = new Map([
    ["bb", 1],
    ["a", 2],
    ["c", 3],
  ]);
  expect([...(decodeCbor(encodeCbor(map)) as Map<string, number>).keys()]).toEqual(["a", "c", "bb"]);
});

test.each([
  ["a float", "f90000"],
  ["a double", "fb3ff199999999999a"],
  ["false", "f4"],
  ["null", "f6"],
  ["undefined", "f7"],
  ["a tag", "c11a514b67b0"],
  ["indefinite bytes", "5f42010243030405ff"],
  ["an indefinite array", "9fff"],
  ["a break alone", "ff"],
  ["reserved additional information", "1c"],
  ["a long form of a short integer", "1817"],
  ["two bytes for one", "190064"],
  ["eight bytes for four", "1b00000000ffffffff"],
  ["2^53", "1b0020000000000000"],
  ["-2^53", "3b001fffffffffffff"],
  ["2^64-1", "1bffffffffffffffff"],
  ["repeated keys", "a2616101616102"],
  ["unsorted keys", "a2616201616102"],
  ["an integer as key", "a10102"],
  ["__proto__", "a1695f5f70726f746f5f5f00"],
  ["a truncated head", "19"],
  ["truncated text", "6261"],
  ["an array longer than the input", "9bffffffffffffff"],
  ["a map longer than the input", "b8ff"],
  ["trailing bytes", "0000"],
  ["nothing", ""],
  ["broken UTF-8", "61ff"],
  ["a lone surrogate in UTF-8", "63eda080"],
  ["overlong UTF-8", "62c080"],
])("[ATTACK 15] MALFORMED: %s", (_, text) => {
  expect(() => decodeCbor(hex(text))).toThrow(malformed);
});

test("[ATTACK 15] depth 8 is read, depth 9 and 1,000 are refused", () => {
  const nested = (depth: number): Uint8Array =>
    Uint8Array.from({ length: depth }, (_, i) => (i === depth - 1 ? 0x80 : 0x81));
  expect(decodeCbor(nested(8))).toEqual([[[[[[[[]]]]]]]]);
  expect(() => decodeCbor(nested(9))).toThrow(malformed);
  expect(() => decodeCbor(nested(1000))).toThrow(malformed);
});

test("[ATTACK 15] above 64 KiB nothing is parsed", () => {
  const bytes = encodeCbor(new Uint8Array(65_533));
  expect(bytes.length).toBe(65_536);
  expect(decodeCbor(bytes)).toEqual(new Uint8Array(65_533));
  expect(() => decodeCbor(encodeCbor(new Uint8Array(65_534)))).toThrow(malformed);
});

test.each<[string, CborValue]>([
  ["a fraction", 0.5],
  ["2^53", 2 ** 53],
  ["a lone surrogate", "\ud800"],
  ["a forbidden key", new Map([["__proto__", 1]])],
])("encoding refuses %s", (_, value) => {
  expect(() => encodeCbor(value)).toThrow(RangeError);
});
