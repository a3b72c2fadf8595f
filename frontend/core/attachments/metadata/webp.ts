/** WebP (RFC 9649): EXIF, XMP and unknown chunks go, and the flags that announce them. */
import { concat, type Bytes } from "#schema/envelope/bytes.ts";

const kept: ReadonlySet<string> = new Set(["VP8 ", "VP8L", "VP8X", "ALPH", "ANIM", "ANMF", "ICCP"]);
/** EXIF and XMP in the first byte of VP8X. */
const metadataFlags = 0x08 | 0x04;

export function isWebp(bytes: Uint8Array): boolean {
  return tagAt(bytes, 0) === "RIFF" && tagAt(bytes, 8) === "WEBP";
}

/** The same picture without metadata; undefined when the file is not understood. */
export function tryStripWebp(bytes: Uint8Array): Bytes | undefined {
  if (!isWebp(bytes)) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const stop = Math.min(bytes.length, 8 + view.getUint32(4, true));
  const parts: Uint8Array[] = [];
  for (let at = 12; at + 8 <= stop;) {
    const length = view.getUint32(at + 4, true);
    const end = at + 8 + length + (length % 2);
    if (end > bytes.length) return undefined;
    const type = tagAt(bytes, at);
    if (kept.has(type)) {
      const chunk = Uint8Array.from(bytes.subarray(at, end));
      if (type === "VP8X" && chunk.length > 8) chunk[8]! &= ~metadataFlags;
      parts.push(chunk);
    }
    at = end;
  }
  if (parts.length === 0) return undefined;
  const head = Uint8Array.from(bytes.subarray(0, 12));
  const size = 4 + parts.reduce((sum, part) => sum + part.length, 0);
  new DataView(head.buffer).setUint32(4, size, true);
  return concat(head, ...parts);
}

function tagAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}
