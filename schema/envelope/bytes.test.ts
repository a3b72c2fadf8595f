import { expect, test } from "vitest";
import { decodeBase64url, encodeBase64url, isBase64urlOf } from "./base64url.ts";
import { concat, isAllZero, Reader, sameBytes, Writer } from "./bytes.ts";
import { EnvelopeError } from "./envelope-error.ts";
import { label, labelNames } from "./labels.ts";
import { isPaddedLength, paddedLength, padmeLength } from "./padding.ts";

test("a reader gives back what a writer wrote, big-endian", () => {
  const bytes = new Writer()
    .u8(1)
    .u16(0x0203)
    .u32(0x04050607)
    .u64(0x08090a0b0c)
    .bytes(Uint8Array.of(9))
    .done();
  expect([...bytes]).toEqual([1, 2, 3, 4, 5, 6, 7, 0, 0, 0, 8, 9, 10, 11, 12, 9]);
  const reader = new Reader(bytes, "sample");
  expect([reader.u8(), reader.u16(), reader.u32(), reader.u64(), ...reader.rest()]).toEqual([
    1, 0x0203, 0x04050607, 0x08090a0b0c, 9,
  ]);
  reader.end();
});

test.each([
  ["truncated", () => new Reader(new Uint8Array(3), "x").u32()],
  ["an absurd length", () => new Reader(new Uint8Array(3), "x").take(2 ** 40)],
  ["trailing bytes", () => new Reader(new Uint8Array(1), "x").end()],
  ["an integer above 2^53", () => new Reader(new Uint8Array(8).fill(255), "x").u64()],
  ["version zero", () => new Reader(new Uint8Array(1), "x").version(1)],
  ["an unknown code", () => new Reader(Uint8Array.of(3), "x").name({ one: 1, two: 2 })],
])("MALFORMED: %s", (_, read) => {
  expect(read).toThrow(expect.objectContaining({ name: "EnvelopeError", code: "MALFORMED" }));
});

test("UNSUPPORTED_VERSION: a higher version", () => {
  expect(() => new Reader(Uint8Array.of(2), "x").version(1)).toThrow(
    new EnvelopeError("UNSUPPORTED_VERSION", "x: unknown version"),
  );
});

test("a reader respects the bounds of the view it is given", () => {
  const whole = Uint8Array.of(0, 1, 2, 3);
  const reader = new Reader(whole.subarray(1, 3), "x");
  expect(reader.u16()).toBe(0x0102);
  expect(reader.remaining).toBe(0);
});

test("a writer grows, and tells how far it is", () => {
  const writer = new Writer().zeros(63).u16(0x0102).bytes(new Uint8Array(200).fill(7)).zeros(2);
  expect(writer.length).toBe(267);
  const bytes = writer.done();
  expect(bytes).toEqual(
    concat(new Uint8Array(63), Uint8Array.of(1, 2), new Uint8Array(200).fill(7), new Uint8Array(2)),
  );
  writer.u8(9);
  expect(bytes.length).toBe(267);
});

test("a writer refuses what does not fit", () => {
  for (const write of [
    () => new Writer().u8(256),
    () => new Writer().u32(-1),
    () => new Writer().u64(2 ** 53),
    () => new Writer().bytes(new Uint8Array(3), 4),
  ]) {
    expect(write).toThrow(RangeError);
  }
});

test("sameBytes and isAllZero", () => {
  expect(sameBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
  expect(sameBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
  expect(sameBytes(Uint8Array.of(1), Uint8Array.of(1, 0))).toBe(false);
  expect(isAllZero(new Uint8Array(5))).toBe(true);
  expect(isAllZero(concat(new Uint8Array(5), Uint8Array.of(1)))).toBe(false);
});

test("base64url has no padding and inverts, at every length", () => {
  expect(encodeBase64url(Uint8Array.of(0xfb, 0xff, 0xfe, 0x01))).toBe("-__-AQ");
  for (const length of [0, 1, 2, 3, 4, 5, 63, 64, 65, 20_000]) {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 37) & 255);
    const text = encodeBase64url(bytes);
    expect(decodeBase64url(text)).toEqual(bytes);
    expect(isBase64urlOf(text, length)).toBe(true);
  }
});

test.each(["A", "AA==", "A+", "A/", "AB", "AAB", "A\u00e9", "A ", "AAAA\n"])(
  "MALFORMED: base64url %j",
  (text) => {
    expect(() => decodeBase64url(text)).toThrow(expect.objectContaining({ code: "MALFORMED" }));
  },
);

test("labels are ASCII, end in zero, and none is a prefix of another", () => {
  expect(String.fromCharCode(...label("hs"))).toBe("sotto/v1/hs\0");
  const all = labelNames.map((name) => String.fromCharCode(...label(name)));
  for (const a of all) expect(all.filter((b) => b.startsWith(a))).toEqual([a]);
});

test("padding: 256, 512, then PADMÉ, at most 12 % larger", () => {
  expect([1, 256, 257, 512, 513, 1000, 1024, 1025, 65_540].map(paddedLength)).toEqual([
    256, 256, 512, 512, 544, 1024, 1024, 1088, 67_584,
  ]);
  for (let length = 513; length < 100_000; length += 7) {
    const exponent = Math.floor(Math.log2(length));
    const mask = 2 ** (exponent - Math.floor(Math.log2(exponent)) - 1) - 1;
    expect(padmeLength(length)).toBe((length + mask) & ~mask);
    expect(padmeLength(length) / length).toBeLessThan(1.12);
    expect(isPaddedLength(padmeLength(length))).toBe(true);
  }
  expect(padmeLength(2 ** 40 + 1)).toBe(2 ** 40 + 2 ** 34);
  expect([0, 255, 300, 511, 513].some(isPaddedLength)).toBe(false);
});
