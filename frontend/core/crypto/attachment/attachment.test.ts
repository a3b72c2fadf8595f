import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { blobBytesOf, sealedChunkBytes as sealedBytes } from "#schema/envelope/attachment-size.ts";
import { type Bytes, concat } from "#schema/envelope/bytes.ts";
import { code } from "#test/support/crypto/expect-refused.ts";
import { nobleProvider as provider } from "../noble-provider.ts";
import { AttachmentOpener, AttachmentReader, AttachmentSealer, type BlobPromise } from "./attachment.ts";
import { attachmentCipher, createAttachmentSecret } from "./attachment-cipher.ts";
import { openStreamChunk, sealedChunkOffset, sealedStreamBytes, StreamSealer } from "./stream.ts";

const fill = (length: number, value: number): Bytes => new Uint8Array(length).fill(value);
const address = { conversationId: fill(16, 1), attachmentId: fill(16, 2) };
const secret = { fileKey: fill(32, 3), salt: fill(24, 4) };
const fileOf = (length: number): Bytes =>
  Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 255);
const hashOf = (bytes: Uint8Array): string => String(provider.sha256(bytes));
const headBytes = 56;

function pieces(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
    bytes.subarray(at * size, (at + 1) * size),
  );
}

function seal(
  file: Uint8Array,
  pieceBytes = 1 << 20,
  with_ = secret,
  at = address,
): { blob: Bytes; promise: BlobPromise } {
  const sealer = new AttachmentSealer(provider, at, with_, file.length);
  const parts = pieces(file, pieceBytes).map((piece) => sealer.push(piece));
  const { bytes, blobBytes, blobHash } = sealer.finish();
  const promise = { fileKey: with_.fileKey, sizeBytes: file.length, blobBytes, blobHash };
  return { blob: concat(...parts, bytes), promise };
}

/** Everything that was released, and the refusal if there was one. */
function open(
  blob: Uint8Array,
  promise: BlobPromise,
  pieceBytes = 1 << 20,
  at = address,
): { released: Bytes; refusal?: unknown } {
  const opener = new AttachmentOpener(provider, at, promise);
  const released: Bytes[] = [];
  try {
    for (const piece of pieces(blob, pieceBytes)) released.push(opener.push(piece));
    released.push(opener.finish());
    return { released: concat(...released) };
  } catch (refusal) {
    return { released: concat(...released), refusal };
  }
}

/** The promise with a hash and a length that fit a changed blob: what is left is the stream's own defence. */
function fitting(promise: BlobPromise, blob: Uint8Array): BlobPromise {
  return { ...promise, blobHash: provider.sha256(blob) };
}

describe("a file and back", () => {
  test.each([0, 1, 1_023, 1_024, 1_025, 65_535, 65_536, 65_537, 131_072, 200_000])("of %i bytes", (size) => {
    const file = fileOf(size);
    const { blob, promise } = seal(file);
    expect(blob.length).toBe(blobBytesOf(size));
    expect(promise).toEqual({
      fileKey: secret.fileKey,
      sizeBytes: size,
      blobBytes: blob.length,
      blobHash: provider.sha256(blob),
    });
    const { released, refusal } = open(blob, promise);
    expect([hashOf(released), released.length, refusal]).toEqual([hashOf(file), size, undefined]);
  });

  test("in any cut, byte by byte included", () => {
    const file = fileOf(66_000);
    const whole = seal(file);
    const check = (sealCut: number, openCut: number): void => {
      expect(seal(file, sealCut).promise).toEqual(whole.promise);
      const { released, refusal } = open(whole.blob, whole.promise, openCut);
      expect([hashOf(released), refusal]).toEqual([hashOf(file), undefined]);
    };
    check(1, 1);
    const cut = fc.integer({ min: 20, max: 70_000 });
    fc.assert(fc.property(cut, cut, check), { numRuns: 20 });
  });

  test("what was pushed may be written over afterwards", () => {
    const [file, buffer] = [fileOf(1_000), fill(100, 0)];
    const sealer = new AttachmentSealer(provider, address, secret, file.length);
    const parts = pieces(file, 100).map((piece) => {
      buffer.set(piece);
      return sealer.push(buffer);
    });
    expect(concat(...parts, sealer.finish().bytes)).toEqual(seal(file).blob);
  });

  test("any part of it, in any order", () => {
    const file = fileOf(200_000);
    const { blob, promise } = seal(file);
    const reader = new AttachmentReader(provider, address, promise, blob.subarray(0, headBytes));
    for (const [start, end] of [
      [199_999, 200_000],
      [0, 1],
      [65_535, 65_537],
      [0, 200_000],
    ] as const) {
      const ranges = reader.rangesOf(start, end);
      const opened = concat(
        ...ranges.map((range) => reader.open(range.index, blob.subarray(range.start, range.end))),
      );
      const skipped = start - (ranges[0]?.index ?? 0) * 65_536;
      expect(opened.subarray(skipped, skipped + end - start)).toEqual(file.subarray(start, end));
    }
    expect(reader.rangesOf(65_536, 65_537)).toEqual([{ index: 1, start: 56 + 65_552, end: 56 + 131_104 }]);
    for (const [start, end] of [
      [-1, 1],
      [1, 1],
      [0, 200_001],
      [Number.NaN, 1],
    ] as const) {
      expect(() => reader.rangesOf(start, end)).toThrow(RangeError);
    }
  });

  test("a file that is not as long as said is not sealed", () => {
    expect(() => new AttachmentSealer(provider, address, secret, 3).push(fileOf(4))).toThrow(RangeError);
    const short = new AttachmentSealer(provider, address, secret, 3);
    short.push(fileOf(2));
    expect(() => short.finish()).toThrow(RangeError);
    expect(() => attachmentCipher(provider, address, { ...secret, salt: fill(23, 1) })).toThrow(RangeError);
  });

  test("two secrets share nothing", () => {
    const [one, other] = [createAttachmentSecret(provider), createAttachmentSecret(provider)];
    expect([one.fileKey.length, one.salt.length]).toEqual([32, 24]);
    expect(one.fileKey).not.toEqual(other.fileKey);
    expect(one.salt).not.toEqual(other.salt);
  });

  test("chunk nonces differ in their last five bytes, above 2^32 too", () => {
    const { cipher } = attachmentCipher(provider, address, secret);
    const sealed = [0, 1, 255, 256, 2 ** 32, 2 ** 32 + 1].map((index) =>
      String(cipher.seal(index, false, fill(1, 0))),
    );
    expect(new Set(sealed).size).toBe(6);
    expect(sealedStreamBytes(cipher, 65_536)).toBe(65_536 + 32);
    expect(sealedChunkOffset(cipher, 70_000)).toBe(70_000 * sealedBytes);
  });
});

describe("chunks", () => {
  const file = fileOf(200_000);
  const { blob, promise } = seal(file);
  const head = blob.subarray(0, headBytes);
  const chunks = pieces(blob.subarray(headBytes), sealedBytes);
  const other = seal(fileOf(200_000), 1 << 20, secret, { ...address, attachmentId: fill(16, 9) });
  const otherChunks = pieces(other.blob.subarray(headBytes), sealedBytes);
  const [a, b, c, d] = chunks as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];

  test.each<[string, number, Uint8Array[]]>([
    ["reordered", 0, [b, a, c, d]],
    ["doubled", 1, [a, a, c, d]],
    ["swapped at the end", 2, [a, b, d, c]],
    ["taken from another file of the same key", 1, [a, otherChunks[1]!, c, d]],
    ["the last one made full", 3, [a, b, c, concat(d, fill(sealedBytes - d.length, 0))]],
    ["the last one in the middle", 1, [a, d, b, c]],
    ["one flipped bit", 2, [a, b, c.map((byte, at) => (at === 77 ? byte ^ 1 : byte)), d]],
  ])("[ATTACK 58] %s: nothing of the chunk or behind it is released", (_, good, changed) => {
    const bytes = concat(head, ...changed);
    const lying = { ...fitting(promise, bytes), blobBytes: promise.blobBytes };
    for (const pieceBytes of [sealedBytes, 1 << 20]) {
      const { released, refusal } = open(bytes, lying, pieceBytes);
      expect(refusal).toMatchObject({
        name: "CryptoError",
        code: expect.toBeOneOf(["BAD_TAG", "MALFORMED", "TRUNCATED"]),
      });
      expect(hashOf(released)).toEqual(hashOf(file.subarray(0, released.length)));
      expect(released.length).toBeLessThanOrEqual(good * 65_536);
    }
  });

  test.each<[string, Uint8Array, string]>([
    ["cut between chunks", concat(head, a, b, c), "TRUNCATED"],
    ["cut within a chunk", blob.subarray(0, -1), "TRUNCATED"],
    ["cut within the head", blob.subarray(0, 55), "TRUNCATED"],
    ["empty", fill(0, 0), "TRUNCATED"],
    ["extended by an empty chunk", concat(blob, fill(16, 0)), "MALFORMED"],
    ["another blob of that length", other.blob, "BAD_COMMITMENT"],
  ])("[ATTACK 58] a blob %s: refused", (_, bytes, refused) => {
    expect(open(bytes, promise).refusal).toEqual(code(refused as "TRUNCATED"));
  });

  test("[ATTACK 58] a chunk on its own: the last one in another's place, and lengths it cannot have", () => {
    const reader = new AttachmentReader(provider, address, promise, head);
    expect(() => reader.open(0, b)).toThrow(code("BAD_TAG"));
    expect(() => reader.open(0, d)).toThrow(code("TRUNCATED"));
    expect(() => reader.open(3, c)).toThrow(code("TRUNCATED"));
    expect(() => reader.open(3, d.subarray(0, 15))).toThrow(code("TRUNCATED"));
    expect(() => reader.open(3, d.subarray(1))).toThrow(code("BAD_TAG"));
    const { cipher } = attachmentCipher(provider, address, secret);
    expect(() => openStreamChunk(cipher, 0, true, a)).toThrow(code("TRUNCATED"));
  });

  test("[ATTACK 58] a blob that opens but is not the one hashed: BAD_BINDING, its last chunk is not released", () => {
    const { released, refusal } = open(blob, { ...promise, blobHash: fill(32, 1) }, sealedBytes);
    expect(refusal).toEqual(code("BAD_BINDING"));
    expect(released.length).toBe(3 * 65_536);
  });
});

describe("one blob, two keys", () => {
  const file = fileOf(5_000);
  const { blob, promise } = seal(file);

  test("[ATTACK 59] BAD_COMMITMENT: another key, another attachment, another conversation, another salt", () => {
    const wrong = { ...promise, fileKey: fill(32, 8) };
    expect(open(blob, wrong).refusal).toEqual(code("BAD_COMMITMENT"));
    for (const at of [
      { ...address, attachmentId: fill(16, 8) },
      { ...address, conversationId: fill(16, 8) },
    ]) {
      expect(open(blob, promise, 1 << 20, at)).toEqual({
        released: fill(0, 0),
        refusal: code("BAD_COMMITMENT"),
      });
    }
    const salted = Uint8Array.from(blob).fill(9, 0, 1);
    expect(open(salted, fitting(promise, salted)).refusal).toEqual(code("BAD_COMMITMENT"));
  });

  test("[ATTACK 59] a blob made to open under a second key is refused before its first chunk", () => {
    // The worst case: chunks that really open under both keys. Simulated by chunks sealed under the second key behind the first's head.
    const second = { fileKey: fill(32, 8), salt: secret.salt };
    const forged = concat(blob.subarray(0, headBytes), seal(file, 1 << 20, second).blob.subarray(headBytes));
    const lying = { ...fitting(promise, forged), fileKey: second.fileKey };
    expect(open(forged, lying)).toEqual({ released: fill(0, 0), refusal: code("BAD_COMMITMENT") });
    expect(() => new AttachmentReader(provider, address, lying, forged.subarray(0, headBytes))).toThrow(
      code("BAD_COMMITMENT"),
    );
  });
});

describe("lies about size", () => {
  const { blob, promise } = seal(fileOf(5_000));

  test.each<[string, Partial<BlobPromise>]>([
    ["negative", { sizeBytes: -1 }],
    ["a fraction", { sizeBytes: 1.5 }],
    ["above 2^53", { sizeBytes: 2 ** 53 }],
    ["no number", { sizeBytes: Number.NaN }],
    ["larger than the blob", { sizeBytes: 60_000 }],
    ["far smaller than the blob", { sizeBytes: 10 }],
    ["another blob length", { blobBytes: promise.blobBytes + 1 }],
  ])("[ATTACK 60] MALFORMED before any download: %s", (_, lie) => {
    expect(() => new AttachmentOpener(provider, address, { ...promise, ...lie })).toThrow(code("MALFORMED"));
    expect(
      () => new AttachmentReader(provider, address, { ...promise, ...lie }, blob.subarray(0, 56)),
    ).toThrow(code("MALFORMED"));
  });

  test("[ATTACK 60] BAD_PADDING: a size within the same bucket that would hide the end of the file", () => {
    expect(open(blob, { ...promise, sizeBytes: 4_999 }).refusal).toEqual(code("BAD_PADDING"));
    const reader = new AttachmentReader(
      provider,
      address,
      { ...promise, sizeBytes: 4_999 },
      blob.subarray(0, 56),
    );
    expect(() => reader.open(0, blob.subarray(56))).toThrow(code("BAD_PADDING"));
  });

  test("[ATTACK 60] BAD_PADDING: something behind the file instead of zeros", () => {
    const { cipher, head } = attachmentCipher(provider, address, secret);
    const sealer = new StreamSealer(cipher);
    const padded = fill(5_120, 0).fill(1, 5_119);
    padded.set(fileOf(5_000));
    const bytes = concat(head, sealer.push(padded), sealer.finish());
    expect(bytes.length).toBe(promise.blobBytes);
    expect(open(bytes, fitting(promise, bytes))).toEqual({
      released: fill(0, 0),
      refusal: code("BAD_PADDING"),
    });
  });
});

test("MALFORMED: a head of another length", () => {
  const { promise } = seal(fileOf(1));
  expect(() => new AttachmentReader(provider, address, promise, fill(55, 0))).toThrow(code("MALFORMED"));
});
