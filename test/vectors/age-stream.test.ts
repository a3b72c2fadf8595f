/**
 * The STREAM of age through our stream core: 16-byte nonce, key by HKDF, ChaCha20-Poly1305 with an 11-byte counter and a flag for the
 * last chunk. Vectors of the C2SP test kit (CCTV). Headers and recipients of age are not ours and are skipped.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync } from "node:crypto";
import { inflateSync } from "node:zlib";
import * as vectors from "cctv-age";
import { describe, expect, test } from "vitest";
import { type Bytes, concat } from "#schema/envelope/bytes.ts";
import { type StreamCipher, StreamOpener, StreamSealer } from "#core/crypto/attachment/stream.ts";
import { fromHex } from "./wycheproof-files.ts";

const algorithm = "chacha20-poly1305";
const options = { authTagLength: 16 };

function ageCipher(fileKey: Uint8Array, nonce: Uint8Array): StreamCipher {
  const key = new Uint8Array(hkdfSync("sha256", fileKey, nonce, "payload", 32));
  const nonceOf = (index: number, isLast: boolean): Buffer => {
    const bytes = Buffer.alloc(12);
    bytes.writeUInt32BE(index, 7);
    bytes[11] = isLast ? 1 : 0;
    return bytes;
  };
  return {
    chunkBytes: 65_536,
    tagBytes: 16,
    lastChunk: "flagged",
    seal(index, isLast, plaintext) {
      const cipher = createCipheriv(algorithm, key, nonceOf(index, isLast), options);
      return concat(cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
    },
    tryOpen(index, isLast, sealed) {
      const cipher = createDecipheriv(algorithm, key, nonceOf(index, isLast), options);
      cipher.setAuthTag(sealed.subarray(-16));
      const plaintext = cipher.update(sealed.subarray(0, -16));
      try {
        return concat(plaintext, cipher.final());
      } catch {
        return undefined;
      }
    },
  };
}

interface AgeVector {
  readonly name: string;
  readonly expect: string;
  /** SHA-256 of what may be released. */
  readonly payload: string;
  readonly cipher: StreamCipher;
  readonly stream: Uint8Array;
}

function parseVector(name: string, bytes: Uint8Array): AgeVector {
  const text = Buffer.from(bytes).toString("latin1");
  const fields = new Map(
    text
      .slice(0, text.indexOf("\n\n"))
      .split("\n")
      .map((line) => line.split(": ") as [string, string]),
  );
  const rest = bytes.subarray(text.indexOf("\n\n") + 2);
  const file = fields.get("compressed") === "zlib" ? inflateSync(rest) : Buffer.from(rest);
  const payloadAt = file.indexOf("\n", file.indexOf("\n---") + 1) + 1;
  const nonce = file.subarray(payloadAt, payloadAt + 16);
  return {
    name,
    expect: fields.get("expect") ?? "",
    payload: fields.get("payload") ?? "",
    cipher: ageCipher(fromHex(fields.get("file key") ?? ""), nonce),
    stream: file.subarray(payloadAt + 16),
  };
}

const cases = Object.entries(vectors)
  .filter(([name]) => name.startsWith("stream_") && !name.endsWith("_nonce"))
  .map(([name, bytes]) => parseVector(name, bytes));

const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Opens a stream cut into pieces of `pieceBytes`, and tells what was released before a refusal. */
function open({ cipher, stream }: AgeVector, pieceBytes: number): { released: Bytes; refusal?: unknown } {
  const opener = new StreamOpener(cipher);
  const released: Bytes[] = [];
  try {
    for (let at = 0; at < stream.length; at += pieceBytes) {
      released.push(opener.push(stream.subarray(at, at + pieceBytes)));
    }
    released.push(opener.finish());
    return { released: concat(...released) };
  } catch (refusal) {
    return { released: concat(...released), refusal };
  }
}

const longest = open(
  cases.find(({ name }) => name === "stream_257_chunks")!,
  1 << 20,
).released;

test("the kit is there", () => {
  expect(cases.length).toBe(26);
  expect(new Set(cases.map((vector) => vector.expect))).toEqual(new Set(["success", "payload failure"]));
});

describe.each([
  ["whole", Number.MAX_SAFE_INTEGER],
  ["in pieces of 1,000", 1000],
  ["in pieces of a sealed chunk", 65_552],
])("age vectors, %s", (_, pieceBytes) => {
  test.each(cases)("$name: $expect", (vector) => {
    const { released, refusal } = open(vector, pieceBytes);
    if (vector.expect === "success") {
      expect({ refusal, hash: hashOf(released) }).toEqual({ refusal: undefined, hash: vector.payload });
      const sealer = new StreamSealer(vector.cipher);
      const sealed = concat(sealer.push(released), sealer.finish());
      expect(hashOf(sealed)).toBe(hashOf(vector.stream));
    } else {
      expect(refusal).toMatchObject({
        name: "CryptoError",
        code: expect.toBeOneOf(["BAD_TAG", "TRUNCATED"]),
      });
      // Only whole verified chunks come out: the beginning of what the longest good file of the kit holds.
      expect(released.length % 65_536).toBe(0);
      expect(hashOf(released)).toBe(hashOf(longest.subarray(0, released.length)));
    }
  });
});
