/** What members put out as their group's picture is data: nothing of it is asked for, kept or shown that is not such a picture. */
import { expect, test } from "vitest";
import type { BlobTransfers } from "#core/attachments/blob-transfers.ts";
import { BlobCache } from "#core/attachments/blob-cache.ts";
import { FileRanges } from "#core/attachments/file-ranges.ts";
import { type PictureTools, readPicture } from "#core/attachments/group-pictures.ts";
import { sealFile } from "#core/attachments/sealing.ts";
import { blobNameOf } from "#core/attachments/stored-attachment.ts";
import { nobleProvider as provider } from "#core/crypto/noble-provider.ts";
import { MemoryBlobStore } from "#core/store/memory-blob-store.ts";
import { MemoryStore } from "#core/store/memory-store.ts";
import { Records } from "#core/store/records.ts";
import { SealedStore } from "#core/store/sealed-store.ts";
import { blobTable, type StoredAttachment } from "#core/store/tables.ts";
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import type { ConversationId } from "#schema/ids.ts";
import { jpegOf } from "#test/support/square-jpeg.ts";

const id = encodeBase64url(new Uint8Array(16).fill(5)) as ConversationId;

/** A device, and the server behind it that answers with `blob` whatever is asked. */
function device(blob: () => Uint8Array<ArrayBuffer>) {
  const store = new SealedStore(new MemoryStore(), provider, new Uint8Array(32).fill(7));
  const blobs = new MemoryBlobStore();
  const cache = new BlobCache(new Records(store, [blobTable]), blobs, () => 1);
  const asked: number[] = [];
  const read: BlobTransfers["read"] = (_place, { from, below }) => {
    asked.push(below - from);
    return Promise.resolve(blob().slice(from, below));
  };
  const transfers = { read } as BlobTransfers;
  const ranges = new FileRanges(provider, cache, transfers);
  const tools: PictureTools = { provider, cache, transfers, ranges };
  return { tools, cache, blobs, asked };
}

/** The pointer that a member gives out for these bytes, and what lies on the server. */
async function given(bytes: Uint8Array<ArrayBuffer>): Promise<[StoredAttachment, Uint8Array<ArrayBuffer>]> {
  const blobs = new MemoryBlobStore();
  const sealed = await sealFile(provider, blobs, id, new Blob([bytes]));
  const blob = await blobs.read(blobNameOf(provider, id, sealed), 0);
  if (blob === undefined) throw new Error("nothing was sealed");
  return [{ ...sealed, name: "a", mime: "text/html" }, blob];
}

test("[CL263] the picture that was promised is fetched once and stays here", async () => {
  const [pointer, blob] = await given(jpegOf(256, 256));
  const { tools, asked } = device(() => blob);
  expect(await readPicture(tools, id, pointer)).toEqual(jpegOf(256, 256));
  expect(await readPicture(tools, id, pointer)).toEqual(jpegOf(256, 256));
  expect(asked).toEqual([pointer.blobBytes]);
});

test("[CL263] a file that says it is larger than pictures are is not asked for", async () => {
  const [pointer, blob] = await given(jpegOf(256, 256, 1, 70_000));
  const { tools, blobs, asked } = device(() => blob);
  await expect(readPicture(tools, id, pointer)).rejects.toMatchObject({ code: "file_too_large" });
  expect([asked, await blobs.names()]).toEqual([[], []]);
});

const png = new Uint8Array(33);
png.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0]);
test.each([
  ["another kind of picture", png],
  ["a picture that unpacks to 17 GB", jpegOf(65_535, 65_535)],
  ["a long strip", jpegOf(256, 1)],
  ["a page", new TextEncoder().encode("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")],
])("[CL263] [ATTACK 60] %s is not handed on", async (_, bytes) => {
  const [pointer, blob] = await given(bytes);
  const { tools } = device(() => blob);
  await expect(readPicture(tools, id, pointer)).rejects.toMatchObject({ code: "not_a_picture" });
});

test("[CL263] another blob than the promised one is neither shown nor kept, and the right one is taken after it", async () => {
  const [pointer, blob] = await given(jpegOf(256, 256));
  const altered = blob.map((byte, at) => (at === 100 ? byte ^ 1 : byte));
  let answer = altered;
  const { tools, cache, blobs } = device(() => answer);
  await expect(readPicture(tools, id, pointer)).rejects.toThrow(
    expect.objectContaining({ name: "DamagedFileError" }),
  );
  expect([cache.isWhole(blobNameOf(provider, id, pointer)), await blobs.names()]).toEqual([false, []]);
  answer = blob;
  expect(await readPicture(tools, id, pointer)).toEqual(jpegOf(256, 256));
});
