import { expect, test } from "vitest";
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { SottoError } from "#schema/errors.ts";
import { partCount } from "#schema/http/attachments.ts";
import type { AttachmentId, ConversationId } from "#schema/ids.ts";
import { nobleProvider as provider } from "../crypto/noble-provider.ts";
import { MemoryBlobStore } from "../store/memory-blob-store.ts";
import { HeadStart } from "./head-start.ts";
import { type SealedFile, sealFile } from "./sealing.ts";
import { type UploadCalls, uploadSealed } from "./sending-parts.ts";
import { blobNameOf } from "./stored-attachment.ts";

const conversationId = encodeBase64url(new Uint8Array(16).fill(5)) as ConversationId;
const fileBytes = 17_000_000;
const never = new AbortController().signal;
const unwatched = () => undefined;

/** A device, and a server that takes parts. */
class Rig {
  readonly calls: string[] = [];
  readonly known = new Map<AttachmentId, HeadStart>();
  readonly blobs = new MemoryBlobStore();
  readonly transfers: UploadCalls = {
    begin: async () => {
      if (this.isOffline) throw new SottoError("unavailable", "offline");
      this.calls.push("begin");
      return { received: [...this.#received], complete: false };
    },
    putPart: async (_place, part, _bytes, { signal }) => {
      await this.hold(part);
      if (signal.aborted) throw new SottoError("unavailable", "broken off");
      this.calls.push(`part ${part}`);
      this.#received.push(part);
    },
    complete: async () => void this.calls.push("complete"),
    delete: async () => void this.calls.push("delete"),
  };
  isOffline = false;
  hold: (part: number) => Promise<void> = async () => undefined;
  readonly #received: number[] = [];

  headStart(): HeadStart {
    return new HeadStart(this, conversationId);
  }

  upload(sealed: SealedFile): Promise<void> {
    const { attachmentId, blobBytes } = sealed;
    const place = { conversationId, attachmentId };
    const name = blobNameOf(provider, conversationId, sealed);
    const parts = { place, name, blobBytes, signal: never, moved: unwatched };
    return uploadSealed(this.transfers, this.blobs, parts);
  }
}

/** A file whose bytes from `at` on come when `rest` resolves, or never when it rejects. */
function slowFile(at: number, rest: Promise<void>): Blob {
  const file = new Blob([new Uint8Array(fileBytes)]);
  return Object.assign(file, {
    slice(from: number, to: number) {
      const slice = new Blob([new Uint8Array(to - from)]);
      if (from < at) return slice;
      return Object.assign(slice, { arrayBuffer: async () => (await rest, new ArrayBuffer(to - from)) });
    },
  });
}

test("[AT26] what is sealed of a file goes up while the rest is being sealed, each part once", async () => {
  const rig = new Rig();
  const { promise: rest, resolve } = Promise.withResolvers<void>();
  rig.hold = async (part) => {
    if (part === 1) setTimeout(() => resolve());
  };
  const headStart = rig.headStart();
  const sealed = await sealFile(provider, rig.blobs, conversationId, slowFile(10_000_000, rest), headStart);
  expect(rig.calls.slice(0, 2)).toEqual(["begin", "part 1"]);
  expect(rig.known.get(sealed.attachmentId)).toBe(headStart);
  await headStart.handOver(never, unwatched);
  const early = rig.calls.length;
  await rig.upload(sealed);
  expect(rig.calls[early]).toBe("begin");
  expect(partCount(sealed.blobBytes)).toBe(3);
  expect(rig.calls.filter((call) => call !== "begin").sort()).toEqual([
    "complete",
    "part 1",
    "part 2",
    "part 3",
  ]);
});

test("[AT26] a head start that fails is left to the upload", async () => {
  const rig = new Rig();
  rig.isOffline = true;
  const headStart = rig.headStart();
  const sealed = await sealFile(
    provider,
    rig.blobs,
    conversationId,
    slowFile(0, Promise.resolve()),
    headStart,
  );
  await headStart.handOver(never, unwatched);
  expect(rig.calls).toEqual([]);
  rig.isOffline = false;
  await rig.upload(sealed);
  expect(rig.calls.at(0)).toBe("begin");
  expect(rig.calls.at(-1)).toBe("complete");
});

test("[AT26] file_unreadable in the middle: parts under way are broken off, the server forgets the others", async () => {
  const rig = new Rig();
  const { promise: rest, reject } = Promise.withResolvers<void>();
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  rig.hold = (part) => {
    if (part === 1) reject(new Error("the disk is gone"));
    return held;
  };
  const headStart = rig.headStart();
  const sealing = sealFile(provider, rig.blobs, conversationId, slowFile(10_000_000, rest), headStart);
  await expect(sealing).rejects.toMatchObject({ code: "file_unreadable" });
  const undone = headStart.undo();
  release();
  await undone;
  expect(rig.calls).toEqual(["begin", "delete"]);
  expect([rig.known.size, await rig.blobs.names()]).toEqual([0, []]);
});

test("[AT26] a discarded upload does not wait for the parts of its head start", async () => {
  const rig = new Rig();
  const discarded = new AbortController();
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  rig.hold = () => held;
  const headStart = rig.headStart();
  await sealFile(provider, rig.blobs, conversationId, slowFile(0, Promise.resolve()), headStart);
  const handedOver = headStart.handOver(discarded.signal, unwatched);
  discarded.abort();
  release();
  await handedOver;
  expect(rig.calls).toEqual(["begin"]);
});

test("a file of one part gets no head start", async () => {
  const rig = new Rig();
  const headStart = rig.headStart();
  await sealFile(provider, rig.blobs, conversationId, new Blob(["short"]), headStart);
  await headStart.handOver(never, unwatched);
  await headStart.undo();
  expect([rig.calls, rig.known.size]).toEqual([[], 0]);
});
