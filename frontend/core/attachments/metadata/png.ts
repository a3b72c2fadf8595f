/** PNG (W3C, third edition): the chunks that make the picture stay; text, times, EXIF and private chunks go. */
import { concat, type Bytes } from "#schema/envelope/bytes.ts";

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Critical chunks, colour, transparency, pixel density, and the frames of animations. */
const kept: ReadonlySet<string> = new Set(
  "IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP mDCV cLLI bKGD pHYs acTL fcTL fdAT".split(" "),
);

export function isPng(bytes: Uint8Array): boolean {
  return signature.every((byte, at) => bytes[at] === byte);
}

/** The same picture without metadata; undefined when the file is not understood. */
export function tryStripPng(bytes: Uint8Array): Bytes | undefined {
  if (!isPng(bytes)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const parts: Uint8Array[] = [bytes.subarray(0, signature.length)];
  for (let at = signature.length; at + 12 <= bytes.length;) {
    const end = at + 12 + view.getUint32(at);
    if (end > bytes.length) return undefined;
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (kept.has(type)) parts.push(bytes.subarray(at, end));
    if (type === "IEND") return concat(...parts); // whatever follows is no picture
    at = end;
  }
  return undefined;
}
