import { expect, test } from "vitest";
import { mediaRequestOf, mediaResponse, mediaWindowBytes } from "./media-ranges.ts";

const origin = "https://sotto.example";
const of = (range: string | null, change: object = {}) =>
  mediaRequestOf(
    { url: `${origin}/media/s1`, method: "GET", destination: "video", ...change },
    range,
    origin,
  );

test.each([
  [null, { stream: "s1", from: 0, length: mediaWindowBytes }],
  ["bytes=0-", { stream: "s1", from: 0, length: mediaWindowBytes }],
  ["bytes=100-199", { stream: "s1", from: 100, length: 100 }],
  ["bytes=1000000-", { stream: "s1", from: 1_000_000, length: mediaWindowBytes - 1_000_000 }],
  ["bytes=9-5", undefined],
  ["bytes=-5", undefined],
  ["bytes=0-1,5-6", undefined],
])("[AT41] a player that asks for %s gets at most one window: %j", (range, wanted) => {
  expect(of(range)).toEqual(wanted);
});

test.each([
  [{ destination: "document" }],
  [{ destination: "iframe" }],
  [{ destination: "image" }],
  [{ destination: "" }],
  [{ method: "POST" }],
  [{ url: "https://elsewhere.example/media/s1" }],
  [{ url: `${origin}/api/media` }],
])("[AT41] %j is no player: nothing of a file is answered", (change) => {
  expect(of("bytes=0-", change)).toBe(undefined);
});

test("[AT41] an answer is a part of the file, of a type that plays, in a sandbox", async () => {
  const bytes = Uint8Array.of(1, 2, 3);
  const response = mediaResponse(10, { ok: true, bytes, sizeBytes: 100, mime: "video/webm" });
  expect([response.status, new Uint8Array(await response.arrayBuffer())]).toEqual([206, bytes]);
  expect(Object.fromEntries(response.headers)).toEqual({
    "accept-ranges": "bytes",
    "cache-control": "no-store",
    "content-length": "3",
    "content-range": "bytes 10-12/100",
    "content-security-policy": "default-src 'none'; sandbox",
    "content-type": "video/webm",
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
  });
});

test.each([
  ["text/html", 404],
  ["image/svg+xml", 404],
  ["application/octet-stream", 404],
])("[ATTACK 60] %s is never answered to an element", (mime, status) => {
  const answer = { ok: true, bytes: Uint8Array.of(1), sizeBytes: 1, mime } as const;
  expect(mediaResponse(0, answer).status).toBe(status);
});

test("[AT41] behind the end there is nothing, and a file that does not open is not found", () => {
  const empty = { ok: true, bytes: new Uint8Array(0), sizeBytes: 5, mime: "audio/ogg" } as const;
  expect(mediaResponse(9, empty).status).toBe(416);
  expect(mediaResponse(0, { ok: false }).status).toBe(404);
});
