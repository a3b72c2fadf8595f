/**
 * What a picture says about its size before anything decodes it, so that a few bytes which unpack to gigabytes are never
 * handed to a decoder (attack 60). JPEG, PNG, GIF, WebP.
 */
import { isJpeg } from "./metadata/jpeg.ts";
import { isPng } from "./metadata/png.ts";
import { isWebp } from "./metadata/webp.ts";

export interface PictureSize {
  readonly mime: "image/jpeg" | "image/png" | "image/gif" | "image/webp";
  readonly width: number;
  readonly height: number;
}

/** 64 megapixels are 256 MB when decoded; phones of today make 50. */
export const pictureMaxPixels = 64_000_000;

/** Undefined when the bytes are none of these pictures, or the size is not in what is there. */
export function tryPictureSize(bytes: Uint8Array): PictureSize | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  try {
    if (isPng(bytes)) return { mime: "image/png", width: view.getUint32(16), height: view.getUint32(20) };
    if (/^GIF8[79]a$/.test(ascii(bytes, 0, 6))) {
      return { mime: "image/gif", width: view.getUint16(6, true), height: view.getUint16(8, true) };
    }
    if (isWebp(bytes)) return webpSize(view, bytes);
    return isJpeg(bytes) ? jpegSize(view) : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined; // it ends before it says its size
    throw error;
  }
}

/** Whether a decoder may be given these bytes. */
export function isSafePicture(size: PictureSize | undefined): size is PictureSize {
  return (
    size !== undefined && size.width > 0 && size.height > 0 && size.width * size.height <= pictureMaxPixels
  );
}

function webpSize(view: DataView, bytes: Uint8Array): PictureSize | undefined {
  const kind = ascii(bytes, 12, 16);
  if (kind === "VP8X") {
    const [width, height] = [24, 27].map(
      (at) => 1 + view.getUint16(at, true) + (view.getUint8(at + 2) << 16),
    );
    return { mime: "image/webp", width: width ?? 0, height: height ?? 0 };
  }
  if (kind === "VP8L") {
    const bits = view.getUint32(21, true);
    return { mime: "image/webp", width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) };
  }
  if (kind !== "VP8 ") return undefined;
  return {
    mime: "image/webp",
    width: view.getUint16(26, true) & 0x3fff,
    height: view.getUint16(28, true) & 0x3fff,
  };
}

/** The frame header: SOF0 … SOF15 without DHT, JPG and DAC. */
function jpegSize(view: DataView): PictureSize | undefined {
  for (let at = 2; view.getUint8(at) === 0xff;) {
    const type = view.getUint8(at + 1);
    if (type === 0xff) {
      at += 1;
      continue;
    }
    if (type >= 0xc0 && type <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(type)) {
      return { mime: "image/jpeg", width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    }
    if (type === 0xda || type === 0xd9) return undefined;
    at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}

function ascii(bytes: Uint8Array, from: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(from, end));
}
