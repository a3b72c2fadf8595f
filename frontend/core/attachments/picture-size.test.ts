import { expect, test } from "vitest";
import { isSafePicture, tryPictureSize } from "./picture-size.ts";

const png = (width: number, height: number): Uint8Array => {
  const bytes = new Uint8Array(33);
  bytes.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  new DataView(bytes.buffer).setUint32(16, width);
  new DataView(bytes.buffer).setUint32(20, height);
  return bytes;
};
const gif = Uint8Array.from([0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 0x40, 1, 0xf0, 0]);

test.each([
  ["a photo", png(8_000, 6_000), true],
  ["a picture that unpacks to 14 GB", png(60_000, 60_000), false],
  ["a picture without height", png(100, 0), false],
  ["sizes that overflow", png(0xffff_ffff, 0xffff_ffff), false],
  ["a GIF", gif, true],
  ["a JPEG without a frame", Uint8Array.of(0xff, 0xd8, 0xff, 0xda, 0, 2), false],
  ["a JPEG that is cut", Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 9), false],
  ["SVG", new TextEncoder().encode("<svg xmlns='http://www.w3.org/2000/svg'/>"), false],
  ["HTML", new TextEncoder().encode("<html><script>"), false],
  ["nothing", new Uint8Array(0), false],
])("[ATTACK 60] %s may be decoded: %j", (_, bytes, safe) => {
  expect(isSafePicture(tryPictureSize(bytes))).toBe(safe);
});

test("any cut of a picture's head gives a size or nothing", () => {
  for (let length = 0; length < 33; length += 1) {
    const size = tryPictureSize(png(30, 20).subarray(0, length));
    expect(size).toEqual(length < 24 ? undefined : { mime: "image/png", width: 30, height: 20 });
  }
});
