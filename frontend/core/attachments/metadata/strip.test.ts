import { deflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { concat } from "#schema/envelope/bytes.ts";
import { tryPictureSize } from "../picture-size.ts";
import { withoutMetadata } from "./strip.ts";

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));
const secret = "GPS 53.5511 N 9.9937 E";
const u32 = (value: number): Uint8Array => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);
const u32Little = (value: number): Uint8Array => u32(value).reverse();

async function strip(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await (await withoutMetadata(new Blob([Uint8Array.from(bytes)]))).arrayBuffer());
}

const hasSecret = (bytes: Uint8Array): boolean => Buffer.from(bytes).includes(secret);

const jpegSegment = (type: number, payload: Uint8Array): Uint8Array =>
  concat(Uint8Array.of(0xff, type, (payload.length + 2) >> 8, (payload.length + 2) & 255), payload);
const exif = (orientation: number, little = false): Uint8Array => {
  const order = little ? "II" : "MM";
  const tiff = new DataView(new ArrayBuffer(64));
  tiff.setUint16(2, 42, little);
  tiff.setUint32(4, 8, little);
  tiff.setUint16(8, 2, little);
  tiff.setUint16(10, 0x010f, little);
  tiff.setUint16(22, 0x0112, little);
  tiff.setUint16(24, 3, little);
  tiff.setUint32(26, 1, little);
  tiff.setUint16(30, orientation, little);
  const bytes = new Uint8Array(tiff.buffer);
  bytes.set(ascii(order));
  return concat(ascii("Exif\0\0"), bytes, ascii(secret));
};
const frame = jpegSegment(0xc0, Uint8Array.of(8, 0, 100, 0, 200, 1, 1, 0x11, 0));
const scan = concat(
  jpegSegment(0xda, Uint8Array.of(1, 1, 0, 0, 63, 0)),
  Uint8Array.of(1, 0xff, 0, 2, 0xff, 0xd0, 3),
);
const soi = Uint8Array.of(0xff, 0xd8);
const eoi = Uint8Array.of(0xff, 0xd9);

test.each([
  [1, false],
  [6, false],
  [8, true],
])(
  "[AT30] JPEG: place, comments, previews and trailers go; pixels, colours and turn %i stay",
  async (turn, little) => {
    const jfif = jpegSegment(0xe0, ascii("JFIF\0........."));
    const icc = jpegSegment(0xe2, ascii("ICC_PROFILE\0\u0001\u0001colours"));
    const adobe = jpegSegment(0xee, ascii("Adobe......."));
    const tables = jpegSegment(0xdb, new Uint8Array(65).fill(3));
    const picture = concat(
      soi,
      jfif,
      jpegSegment(0xe1, exif(turn, little)),
      jpegSegment(0xe1, ascii(`http://ns.adobe.com/xap/1.0/\0${secret}`)),
      jpegSegment(0xed, ascii(`Photoshop 3.0\0${secret}`)),
      jpegSegment(0xe2, ascii(`MPF\0${secret}`)),
      jpegSegment(0xfe, ascii(secret)),
      icc,
      adobe,
      tables,
      frame,
      scan,
      tables,
      scan,
      eoi,
      ascii(`a film with ${secret}`),
    );
    const head = [
      0x45, 0x78, 0x69, 0x66, 0, 0, 0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0,
    ];
    const up = turn === 1 ? [] : [jpegSegment(0xe1, Uint8Array.of(...head, turn, 0, 0, 0, 0, 0, 0))];
    const clean = await strip(picture);
    expect(Buffer.from(clean).toString("hex")).toBe(
      Buffer.from(concat(soi, ...up, jfif, icc, adobe, tables, frame, scan, tables, scan, eoi)).toString(
        "hex",
      ),
    );
    expect(tryPictureSize(clean)).toEqual({ mime: "image/jpeg", width: 200, height: 100 });
    expect(await strip(clean)).toEqual(clean);
  },
);

const pngChunk = (type: string, data: Uint8Array): Uint8Array =>
  concat(u32(data.length), ascii(type), data, Uint8Array.of(1, 2, 3, 4));
const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

test("[AT30] PNG: text, times, EXIF, private chunks and trailers go, the rest stays", async () => {
  const ihdr = pngChunk("IHDR", concat(u32(30), u32(20), Uint8Array.of(8, 2, 0, 0, 0)));
  const idat = pngChunk("IDAT", new Uint8Array(deflateSync(new Uint8Array(20 * 91))));
  const [profile, end] = [pngChunk("iCCP", ascii("colours")), pngChunk("IEND", new Uint8Array(0))];
  const noise = ["tEXt", "zTXt", "iTXt", "eXIf", "tIME", "prVt"].map((type) => pngChunk(type, ascii(secret)));
  const clean = await strip(concat(signature, ihdr, ...noise, profile, idat, end, ascii(secret)));
  expect(clean).toEqual(concat(signature, ihdr, profile, idat, end));
  expect(tryPictureSize(clean)).toEqual({ mime: "image/png", width: 30, height: 20 });
});

test("[AT30] WebP: EXIF and XMP go with their flags, the length fits", async () => {
  const chunk = (type: string, data: Uint8Array): Uint8Array =>
    concat(ascii(type), u32Little(data.length), data, new Uint8Array(data.length % 2));
  const riff = (...chunks: Uint8Array[]): Uint8Array => {
    const body = concat(ascii("WEBP"), ...chunks);
    return concat(ascii("RIFF"), u32Little(body.length), body);
  };
  const size = Uint8Array.of(39, 0, 0, 29, 0, 0);
  const extended = (flags: number): Uint8Array => chunk("VP8X", concat(Uint8Array.of(flags, 0, 0, 0), size));
  const data = chunk("VP8 ", ascii("12345"));
  const clean = await strip(
    riff(extended(0x3c), data, chunk("EXIF", ascii(secret)), chunk("XMP ", ascii(`${secret}!`))),
  );
  expect(clean).toEqual(riff(extended(0x30), data));
  expect(tryPictureSize(clean)).toEqual({ mime: "image/webp", width: 40, height: 30 });
});

test("[AT30] MP4 and MOV: what says where goes at every level, the media does not move", async () => {
  const box = (type: string, ...content: Uint8Array[]): Uint8Array => {
    const body = concat(...content);
    return concat(u32(body.length + 8), ascii(type), body);
  };
  const place = (type: string): Uint8Array => box(type, ascii(secret));
  const empty = box("free", new Uint8Array(secret.length));
  const film = (hidden: (type: string) => Uint8Array): Uint8Array =>
    concat(
      box("ftyp", ascii("isom\0\0\0\0")),
      box(
        "moov",
        box("mvhd", ascii("x")),
        hidden("udta"),
        box("trak", box("tkhd", ascii("y")), hidden("meta")),
      ),
      hidden("uuid"),
      box("mdat", ascii("pictures and sound")),
    );
  const clean = await strip(film(place));
  expect(hasSecret(clean)).toBe(false);
  expect(clean).toEqual(film(() => empty));
});

test.each([
  ["a text", ascii(`just ${secret}`)],
  ["nothing", new Uint8Array(0)],
  ["a JPEG that is cut in its head", concat(soi, Uint8Array.of(0xff, 0xe1, 0x40, 0))],
  ["a JPEG of garbage", concat(soi, Uint8Array.of(0xff, 0x00, 0, 0, 5, 5, 5, 5))],
  ["a PNG that is cut", concat(signature, u32(5_000), ascii("IDAT......"))],
  [
    "a box that is longer than the file",
    concat(u32(24), ascii("ftypisom00000000"), u32(99), ascii("moov....")),
  ],
])("[AT30] %s is not touched", async (_, bytes) => {
  expect(await strip(bytes)).toEqual(bytes);
});
