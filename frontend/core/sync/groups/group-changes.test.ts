import { expect, test } from "vitest";
import type { GroupSettings } from "../../crypto/group/group-settings.ts";
import { describeSettings } from "./group-changes.ts";

const avatar = (byte: number): GroupSettings["avatar"] => ({
  attachmentId: new Uint8Array(16).fill(byte),
  fileKey: new Uint8Array(32).fill(byte),
  blobHash: new Uint8Array(32).fill(byte),
  sizeBytes: 1_000,
  blobBytes: 1_100,
  name: "group.jpg",
  mime: "image/jpeg",
});
const plain: GroupSettings = { name: "Choir" };
const pictured: GroupSettings = { name: "Choir", avatar: avatar(1)! };

test.each([
  ["a first picture", plain, pictured, { type: "picture", isSet: true }],
  ["another picture", pictured, { ...pictured, avatar: avatar(2)! }, { type: "picture", isSet: true }],
  ["no picture any more", pictured, plain, { type: "picture", isSet: false }],
  ["a name beside a picture", pictured, { ...pictured, name: "Duo" }, { type: "renamed", title: "Duo" }],
  ["a name and a picture at once", plain, { ...pictured, name: "Duo" }, { type: "renamed", title: "Duo" }],
  ["the same under another key", pictured, pictured, { type: "renamed", title: "Choir" }],
  ["what was before is not readable", undefined, pictured, { type: "renamed", title: "Choir" }],
  ["what comes is not readable", pictured, undefined, { type: "renamed" }],
] as const)("[CL260] settings are told by what differs: %s", (_, before, after, change) => {
  expect(describeSettings({ before, after })).toEqual(change);
});
