/**
 * JPEG (ITU-T T.81): what a picture needs stays, what tells about the person goes. Kept are the segments that decode it,
 * its colour profile and which way is up; EXIF, XMP, IPTC, comments, embedded previews and everything behind the end go.
 */
import { concat, type Bytes } from "#schema/envelope/bytes.ts";

const marker = {
  soi: 0xd8,
  eoi: 0xd9,
  sos: 0xda,
  com: 0xfe,
  app0: 0xe0,
  app1: 0xe1,
  app2: 0xe2,
  app14: 0xee,
  app15: 0xef,
};
const exifHead = "Exif\0\0";
const iccHead = "ICC_PROFILE\0";

export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === marker.soi && bytes[2] === 0xff;
}

/** The same picture without metadata; undefined when the file is not understood. */
export function tryStripJpeg(bytes: Uint8Array): Bytes | undefined {
  if (!isJpeg(bytes)) return undefined;
  const kept: Uint8Array[] = [bytes.subarray(0, 2)];
  let orientation = 1;
  let at = 2;
  for (;;) {
    if (bytes[at] !== 0xff) return undefined;
    const type = bytes[at + 1];
    if (type === undefined) return undefined;
    if (type === 0xff) {
      at += 1; // fill
      continue;
    }
    if (type === marker.eoi) break;
    const length = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
    const end = at + 2 + length;
    if (length < 2 || end > bytes.length) return undefined;
    const segment = bytes.subarray(at, end);
    if (type === marker.app1) orientation = orientationOf(segment.subarray(4)) ?? orientation;
    if (isNeeded(type, segment.subarray(4))) kept.push(segment);
    at = end;
    if (type !== marker.sos) continue;
    const scanEnd = endOfScan(bytes, at);
    kept.push(bytes.subarray(at, scanEnd));
    at = scanEnd;
    if (at >= bytes.length) break; // cut off; decoders show what there is
  }
  const turned = orientation === 1 ? [] : [orientationSegment(orientation)];
  const [head, ...rest] = kept;
  return concat(head ?? bytes.subarray(0, 2), ...turned, ...rest, Uint8Array.of(0xff, marker.eoi));
}

function isNeeded(type: number, payload: Uint8Array): boolean {
  if (type === marker.com) return false;
  if (type < marker.app0 || type > marker.app15) return true;
  if (type === marker.app0) return startsWith(payload, "JFIF\0");
  if (type === marker.app2) return startsWith(payload, iccHead);
  return type === marker.app14 && startsWith(payload, "Adobe");
}

/** Entropy-coded data ends at the next marker that is neither a stuffed zero nor a restart. */
function endOfScan(bytes: Uint8Array, from: number): number {
  for (let at = from; at < bytes.length; at += 1) {
    if (bytes[at] !== 0xff) continue;
    const next = bytes[at + 1];
    if (next === undefined) return bytes.length;
    if (next !== 0 && next !== 0xff && !(next >= 0xd0 && next <= 0xd7)) return at;
  }
  return bytes.length;
}

/** Tag 0x0112 of the first directory (TIFF 6.0): 1 … 8. */
function orientationOf(payload: Uint8Array): number | undefined {
  if (!startsWith(payload, exifHead) || payload.length < 14) return undefined;
  const tiff = new DataView(payload.buffer, payload.byteOffset + 6, payload.length - 6);
  const little = tiff.getUint16(0) === 0x4949;
  const first = tiff.getUint32(4, little);
  if (first + 2 > tiff.byteLength) return undefined;
  const count = tiff.getUint16(first, little);
  for (let index = 0; index < count; index += 1) {
    const entry = first + 2 + index * 12;
    if (entry + 12 > tiff.byteLength) return undefined;
    if (tiff.getUint16(entry, little) !== 0x0112) continue;
    const value = tiff.getUint16(entry + 8, little);
    return value >= 1 && value <= 8 ? value : undefined;
  }
  return undefined;
}

/** An EXIF segment that says which way is up and nothing else. */
function orientationSegment(orientation: number): Uint8Array {
  const tiff = [
    0x4d,
    0x4d,
    0,
    42,
    0,
    0,
    0,
    8,
    0,
    1,
    0x01,
    0x12,
    0,
    3,
    0,
    0,
    0,
    1,
    0,
    orientation,
    0,
    0,
    0,
    0,
    0,
    0,
  ];
  const payload = [...Array.from(exifHead, (char) => char.charCodeAt(0)), ...tiff];
  return Uint8Array.of(0xff, marker.app1, 0, payload.length + 2, ...payload);
}

function startsWith(bytes: Uint8Array, text: string): boolean {
  return (
    text.length <= bytes.length && Array.from(text).every((char, at) => char.charCodeAt(0) === bytes[at])
  );
}
