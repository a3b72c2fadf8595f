import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ClientError } from "#core/client-api.ts";
import type { ConversationId } from "#schema/ids.ts";
import { createGroupPictures } from "./group-pictures.ts";

const id = "AAAAAAAAAAAAAAAAAAAAAA" as ConversationId;
const other = "BBBBBBBBBBBBBBBBBBBBBB" as ConversationId;
const made: string[] = [];
const given: string[] = [];

beforeEach(() => {
  made.length = 0;
  given.length = 0;
  vi.spyOn(URL, "createObjectURL").mockImplementation(() => {
    made.push(`blob:${made.length + 1}`);
    return made.at(-1) ?? "";
  });
  vi.spyOn(URL, "revokeObjectURL").mockImplementation((url) => void given.push(url));
});
afterEach(() => vi.restoreAllMocks());

function open(answer: () => Promise<Uint8Array<ArrayBuffer> | undefined>) {
  const groupPicture = vi.fn(answer);
  return { pictures: createGroupPictures({ groupPicture }), groupPicture };
}

test("a picture is fetched once, and another one takes its place", async () => {
  const { pictures, groupPicture } = open(() => Promise.resolve(Uint8Array.of(1)));
  expect(pictures.urlOf(id, undefined)).toBeUndefined();
  expect(pictures.urlOf(id, "first")).toBeUndefined();
  await vi.waitFor(() => expect(pictures.urlOf(id, "first")).toBe("blob:1"));
  expect(pictures.urlOf(other, "first")).toBeUndefined();
  await vi.waitFor(() => expect(pictures.urlOf(other, "first")).toBe("blob:2"));
  expect(pictures.urlOf(id, "second")).toBeUndefined();
  await vi.waitFor(() => expect(pictures.urlOf(id, "second")).toBe("blob:3"));
  expect([groupPicture.mock.calls, given]).toEqual([[[id], [other], [id]], ["blob:1"]]);
});

test("what failed is tried again when there is a network, and not before", async () => {
  let isOnline = false;
  const { pictures, groupPicture } = open(() =>
    isOnline ? Promise.resolve(Uint8Array.of(1)) : Promise.reject(new ClientError("offline")),
  );
  expect(pictures.urlOf(id, "first")).toBeUndefined();
  await Promise.resolve();
  expect([pictures.urlOf(id, "first"), groupPicture.mock.calls.length]).toEqual([undefined, 1]);
  isOnline = true;
  await vi.waitFor(() => {
    pictures.retry();
    expect(pictures.urlOf(id, "first")).toBe("blob:1");
  });
});

test("nothing that was opened stays, nor what comes after that", async () => {
  let answer: (bytes: Uint8Array<ArrayBuffer>) => void = () => undefined;
  const { pictures } = open(() => new Promise((resolve) => (answer = resolve)));
  pictures.urlOf(id, "first");
  answer(Uint8Array.of(1));
  await vi.waitFor(() => expect(pictures.urlOf(id, "first")).toBe("blob:1"));
  pictures.urlOf(other, "late");
  pictures.clear();
  answer(Uint8Array.of(2));
  await Promise.resolve();
  expect([made, given]).toEqual([["blob:1"], ["blob:1"]]);
});
