import { expect, test } from "vitest";
import { boxOf, extensionOf, mediaKindOf } from "./kinds.ts";

const sized = { width: 800, height: 600 };

test.each([
  ["image/jpeg", sized, "image"],
  ["image/png", {}, "file"],
  ["image/png", { width: 60_000, height: 60_000 }, "file"],
  ["video/mp4", sized, "video"],
  ["audio/ogg", {}, "audio"],
  ["image/svg+xml", sized, "file"],
  ["text/html", sized, "file"],
  ["application/xhtml+xml", sized, "file"],
  ["application/pdf", sized, "file"],
  ["constructor", sized, "file"],
])("[ATTACK 60] %s %j is offered as %s", (mime, size, kind) => {
  expect(mediaKindOf({ mime, ...size })).toBe(kind);
});

test.each([
  ["report.pdf", "PDF"],
  ["archive.tar.gz", "GZ"],
  [".bashrc", ""],
  ["no end", ""],
  ["odd.ex e", ""],
])("the card of %s says %j", (name, extension) => {
  expect(extensionOf(name)).toBe(extension);
});

test.each([
  [
    { width: 4_000, height: 3_000 },
    { width: 360, height: 270 },
  ],
  [
    { width: 1_000, height: 4_000 },
    { width: 140, height: 420 },
  ],
  [
    { width: 4_000, height: 200 },
    { width: 360, height: 96 },
  ],
  [
    { width: 20, height: 20 },
    { width: 140, height: 96 },
  ],
  [{}, { width: 300, height: 200 }],
])("%j gets the box %j", (size, box) => {
  expect(boxOf(size)).toEqual(box);
});
