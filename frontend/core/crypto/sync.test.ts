import { expect, test } from "vitest";
import { encodeSyncEnvelope, parseSyncEnvelope } from "#schema/envelope/sync-envelope.ts";
import { concat } from "#schema/envelope/bytes.ts";
import { type CborValue, encodeCbor } from "./cbor.ts";
import { nobleProvider } from "./noble-provider.ts";
import { label } from "#schema/envelope/labels.ts";
import { pad } from "./padded.ts";
import { openSync, sealSync } from "./sync.ts";
import { type SyncItem, syncMaxBytes } from "./sync-item.ts";

const fill = (length: number, value: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(value);
const code = (name: string): unknown => expect.objectContaining({ name: "CryptoError", code: name });

const from = { accountId: fill(16, 1), deviceId: 7 };
const item = { type: "draft", id: "a_b-c.d", changedAtMs: 1_800_000_000_000, deviceId: 7, value: "hi" };

test("items come out as they went in, also of kinds that nobody knows yet", () => {
  const items: SyncItem[] = [item, { ...item, type: "new", value: new Map([["deep", [1, fill(3, 2)]]]) }];
  const sealed = sealSync(nobleProvider, from, items);
  expect(openSync(nobleProvider, from, sealed, sealed)).toEqual(items);
});

test("BAD_BINDING, BAD_TAG: other bytes than the capsule names, another key, another sender", () => {
  const sealed = sealSync(nobleProvider, from, [item]);
  const other = sealSync(nobleProvider, from, [item]);
  expect(() => openSync(nobleProvider, from, sealed, other)).toThrow(code("BAD_BINDING"));
  const otherKey = { ...sealed, key: other.key };
  expect(() => openSync(nobleProvider, from, otherKey, sealed)).toThrow(code("BAD_TAG"));
  const otherDevice = { ...from, deviceId: 8 };
  expect(() => openSync(nobleProvider, otherDevice, sealed, sealed)).toThrow(code("BAD_TAG"));
});

const broken: [rule: string, items: CborValue][] = [
  ["no list", "draft"],
  ["more than 256 items", Array.from({ length: 257 }, () => [])],
  ["an item that is no list", ["draft"]],
  ["a field less", [["draft", "id", 1, 1]]],
  ["a field more", [["draft", "id", 1, 1, "", ""]]],
  ["a type with other letters", [["Draft", "id", 1, 1, ""]]],
  ["a slash in the id", [["draft", "a/b", 1, 1, ""]]],
  ["an id too long", [["draft", "i".repeat(65), 1, 1, ""]]],
  ["a negative time", [["draft", "id", -1, 1, ""]]],
  ["a time that no other can follow", [["draft", "id", Number.MAX_SAFE_INTEGER, 1, ""]]],
  ["a device beyond 32 bits", [["draft", "id", 1, 2 ** 32, ""]]],
];

test.each(broken)("MALFORMED: %s", (_, items) => {
  const [key, nonce] = [fill(32, 1), fill(24, 2)];
  const ad = concat(label("sync"), from.accountId, Uint8Array.of(0, 0, 0, 7));
  const ciphertext = nobleProvider.seal(key, nonce, pad(encodeCbor(items)), ad);
  const hash = nobleProvider.sha256(concat(nonce, ciphertext));
  expect(() => openSync(nobleProvider, from, { key, hash }, { nonce, ciphertext })).toThrow(
    code("MALFORMED"),
  );
});

test("what does not fit beside the longest capsule is not sealed", () => {
  const long = { ...item, value: "x".repeat(syncMaxBytes) };
  expect(() => sealSync(nobleProvider, from, [long])).toThrow(RangeError);
});

test("sync envelope: one spelling; another version or type, a cut and a missing tag are refused", () => {
  const envelope = { capsule: fill(405, 1), nonce: fill(24, 2), ciphertext: fill(40, 3) };
  const bytes = encodeSyncEnvelope(envelope);
  expect(parseSyncEnvelope(bytes)).toEqual(envelope);
  const version = Uint8Array.from(bytes);
  version[0] = 2;
  expect(() => parseSyncEnvelope(version)).toThrow(expect.objectContaining({ name: "EnvelopeError" }));
  const type = Uint8Array.from(bytes);
  type[1] = 0x40;
  expect(() => parseSyncEnvelope(type)).toThrow(expect.objectContaining({ name: "EnvelopeError" }));
  for (const length of [0, 3, 100, 4 + 405 + 23, 4 + 405 + 24 + 15]) {
    expect(() => parseSyncEnvelope(bytes.subarray(0, length))).toThrow(
      expect.objectContaining({ name: "EnvelopeError" }),
    );
  }
});
