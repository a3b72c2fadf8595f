/** How a file is offered: only what browsers show safely is shown, everything else is a card with a name. Pure. */
import type { AttachmentView } from "#core/client-api.ts";
import { pictureMaxPixels } from "#core/attachments/picture-size.ts";

export type MediaKind = "image" | "video" | "audio" | "file";

/** SVG and HTML run code and are never among these; what is shown gets its type from here, not from its sender. */
const shown: ReadonlyMap<string, MediaKind> = new Map([
  ["image/jpeg", "image"],
  ["image/png", "image"],
  ["image/webp", "image"],
  ["image/gif", "image"],
  ["video/mp4", "video"],
  ["video/webm", "video"],
  ["video/quicktime", "video"],
  ["audio/mpeg", "audio"],
  ["audio/mp4", "audio"],
  ["audio/aac", "audio"],
  ["audio/ogg", "audio"],
  ["audio/webm", "audio"],
  ["audio/wav", "audio"],
  ["audio/x-wav", "audio"],
  ["audio/flac", "audio"],
]);

/** Fetched without being asked for: what fits on a screen, not what fills a phone. */
export const autoLoadMaxBytes = 16 * 1024 * 1024;

export function mediaKindOf({
  mime,
  width,
  height,
}: Pick<AttachmentView, "mime" | "width" | "height">): MediaKind {
  const kind = shown.get(mime) ?? "file";
  const isSized = width !== undefined && height !== undefined;
  if (kind === "image" && (!isSized || width * height > pictureMaxPixels)) return "file";
  return kind;
}

/** The end of the name, for the face of a card: at most four letters. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf(".");
  const end = dot > 0 ? name.slice(dot + 1) : "";
  return /^[a-z0-9]{1,4}$/i.test(end) ? end.toUpperCase() : "";
}

export interface Box {
  readonly width: number;
  readonly height: number;
}

const boxMax = { width: 360, height: 420 } as const;
const boxMin = { width: 140, height: 96 } as const;
const unknownBox: Box = { width: 300, height: 200 };

/** The place of a picture or film in a bubble, known before a byte of it is there; extreme shapes are cropped. */
export function boxOf({ width, height }: Pick<AttachmentView, "width" | "height">): Box {
  if (width === undefined || height === undefined) return unknownBox;
  const scale = Math.min(boxMax.width / width, boxMax.height / height, 1);
  return {
    width: Math.round(Math.max(boxMin.width, width * scale)),
    height: Math.round(Math.max(boxMin.height, height * scale)),
  };
}
