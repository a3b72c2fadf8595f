/**
 * Takes what a camera wrote about the person out of a file before it is sealed (SPEC AT30): pictures and films keep their
 * pixels bit by bit. Decided by the file's own bytes, never by its name.
 */
import { isJpeg, tryStripJpeg } from "./jpeg.ts";
import { tryStripIsoMedia } from "./iso-media.ts";
import { isPng, tryStripPng } from "./png.ts";
import { isWebp, tryStripWebp } from "./webp.ts";

/** Larger pictures are sent as they are; no camera makes them. */
const pictureMaxBytes = 96 * 1024 * 1024;
const magicBytes = 12;

/** The file to be sent: the same one when it is of another kind, or not understood. */
export async function withoutMetadata(file: Blob): Promise<Blob> {
  const magic = new Uint8Array(await file.slice(0, magicBytes).arrayBuffer());
  const strip = isJpeg(magic)
    ? tryStripJpeg
    : isPng(magic)
      ? tryStripPng
      : isWebp(magic)
        ? tryStripWebp
        : undefined;
  if (strip === undefined) return (await tryStripIsoMedia(file)) ?? file;
  if (file.size > pictureMaxBytes) return file;
  const bytes = strip(new Uint8Array(await file.arrayBuffer()));
  return bytes === undefined ? file : new Blob([bytes], { type: file.type });
}
