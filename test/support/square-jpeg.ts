/** The head of a JPEG with a body of noise: what everything but a decoder takes for a picture. */
import type { Bytes } from "#schema/envelope/bytes.ts";
import { concat } from "#schema/envelope/bytes.ts";

const byte = (value: number): readonly [number, number] => [value >>> 8, value & 0xff];

/** `mark` goes into the body, so that two pictures differ. */
export function jpegOf(width: number, height: number, mark = 1, bodyBytes = 600): Bytes {
  const frame = [0xff, 0xc0, 0, 11, 8, ...byte(height), ...byte(width), 1, 1, 0x11, 0];
  const scan = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0];
  const body = new Uint8Array(bodyBytes).fill(mark);
  return concat(Uint8Array.of(0xff, 0xd8, ...frame, ...scan), body, Uint8Array.of(0xff, 0xd9));
}
