import { expect, test } from "vitest";
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { packBytes, unpackBytes } from "./packed-bytes.ts";

test("texts of every length come back as they were, from less room", () => {
  const texts = Array.from({ length: 70 }, (_, length) => encodeBase64url(new Uint8Array(length).fill(251)));
  const packed = packBytes(texts);
  expect(packed.length).toBeLessThan(texts.join("").length * 0.8);
  const lengths = texts.map((text) => text.length);
  expect(unpackBytes(packed, lengths)).toEqual(texts);
  expect(unpackBytes(packed.buffer, lengths)).toEqual(texts);
  expect(unpackBytes(packBytes([]), [])).toEqual([]);
});

test("what is not base64url is refused", () => {
  for (const text of ["a,b", "ab=c", "ab+c", "ü"]) expect(() => packBytes([text])).toThrow();
});
