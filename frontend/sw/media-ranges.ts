/** Which ranges of files in play are answered, and how. Pure. */
import type { MediaAnswer, MediaPath } from "#schema/media-stream.ts";

const mediaPath: MediaPath = "/media/";

/** At most this much is opened for one request; the element asks for what follows. */
export const mediaWindowBytes = 1_048_576;

/** Only these are handed to an element, under these names; everything else is not playable here. */
const playable: ReadonlySet<string> = new Set([
  "video/mp4",
  "video/webm",
  "video/quicktime",
  "audio/mpeg",
  "audio/mp4",
  "audio/aac",
  "audio/ogg",
  "audio/webm",
  "audio/wav",
  "audio/x-wav",
  "audio/flac",
]);

export interface MediaRequest {
  readonly stream: string;
  readonly from: number;
  readonly length: number;
}

/**
 * The range that a request for a file in play asks for; undefined when it is none. A page cannot be navigated to a file:
 * only the elements that play are answered.
 */
export function mediaRequestOf(
  request: { readonly url: string; readonly method: string; readonly destination: string },
  range: string | null,
  origin: string,
): MediaRequest | undefined {
  const url = new URL(request.url);
  if (url.origin !== origin || !url.pathname.startsWith(mediaPath) || request.method !== "GET")
    return undefined;
  if (request.destination !== "video" && request.destination !== "audio") return undefined;
  const match = /^bytes=(\d{1,15})-(\d{0,15})$/.exec(range ?? "bytes=0-");
  if (match === null) return undefined;
  const from = Number(match[1]);
  const asked = match[2] === "" ? Infinity : Number(match[2]) - from + 1;
  if (!(asked > 0)) return undefined;
  // To the end of the present window, so that the next request begins at a chunk.
  const window = mediaWindowBytes - (from % mediaWindowBytes);
  return { stream: url.pathname.slice(mediaPath.length), from, length: Math.min(asked, window) };
}

/** The answer to an element: a part of the file, as bytes of a type that plays and nothing else. */
export function mediaResponse(from: number, answer: MediaAnswer): Response {
  if (!answer.ok || !playable.has(answer.mime)) return new Response(null, { status: 404 });
  const { bytes, mime, sizeBytes } = answer;
  if (bytes.length === 0) {
    return new Response(null, { status: 416, headers: { "content-range": `bytes */${sizeBytes}` } });
  }
  return new Response(bytes, {
    status: 206,
    headers: {
      "accept-ranges": "bytes",
      "cache-control": "no-store",
      "content-length": String(bytes.length),
      "content-range": `bytes ${from}-${from + bytes.length - 1}/${sizeBytes}`,
      "content-security-policy": "default-src 'none'; sandbox",
      "content-type": mime === "video/quicktime" ? "video/mp4" : mime,
      "cross-origin-resource-policy": "same-origin",
      "x-content-type-options": "nosniff",
    },
  });
}
