import { assert, property, uint8Array } from "fast-check";
import { expect, test } from "vitest";
import { code, flip } from "#test/support/crypto/expect-refused.ts";
import { createPeer } from "#test/support/crypto/peers.ts";
import { certifyDevice } from "../device-identity.ts";
import { isCryptoError } from "../errors.ts";
import { nobleProvider as provider } from "../noble-provider.ts";
import { encodeConversationKeys, type KeyEntry, mergeKeys, parseConversationKeys } from "./key-entries.ts";
import { assertNotOlder, type Manifest, manifestHash, openManifest, sealManifest } from "./manifest.ts";
import { openSegment, sealSegment } from "./segment.ts";

const fill = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
const root = fill(32, 7);
const accountId = fill(16, 1);

function entry(seq: number, sender = 1): KeyEntry {
  return {
    seq,
    senderAccountId: fill(16, sender),
    senderDeviceId: sender + 2,
    sentAtMs: 1_800_000_000_000 + seq,
    bodyType: 0x20,
    bodyKey: fill(32, seq % 256),
    bodyHash: fill(32, (seq + 1) % 256),
  };
}

const keys = [
  { conversationId: fill(16, 3), entries: [entry(1), entry(2, 2), entry(9)] },
  { conversationId: fill(16, 4), entries: [entry(5, 2)] },
];
const address = { accountId, segmentId: fill(16, 9) };

test("[BK1] keys of several conversations and senders come back from a segment as they went in", () => {
  expect(openSegment(provider, root, address, sealSegment(provider, root, address, keys))).toEqual({ keys });
  expect(openSegment(provider, root, address, sealSegment(provider, root, address, []))).toEqual({
    keys: [],
  });
});

test("[BK1] entries out of order are not encoded, and not read", () => {
  const conversationId = fill(16, 3);
  const wrong = { conversationId, entries: [entry(2), entry(1)] };
  expect(() => encodeConversationKeys(wrong)).toThrow(RangeError);
  const bytes = encodeConversationKeys({ conversationId, entries: [entry(1), entry(2)] });
  const [first, second] = [bytes.slice(38, 38 + 87), bytes.slice(38 + 87)];
  bytes.set(second, 38);
  bytes.set(first, 38 + 87);
  expect(() => parseConversationKeys(bytes)).toThrow(code("MALFORMED"));
});

test.each([
  ["truncated", (bytes: Uint8Array) => bytes.subarray(0, -1)],
  ["with trailing bytes", (bytes: Uint8Array) => Uint8Array.of(...bytes, 0)],
  ["naming a sender that is not listed", (bytes: Uint8Array) => bytes.fill(9, 46, 48)],
  ["counting more than it holds", (bytes: Uint8Array) => bytes.fill(0xff, 34, 38)],
])("[BK1] MALFORMED: keys %s", (_name, spoil) => {
  const bytes = encodeConversationKeys({ conversationId: fill(16, 3), entries: [entry(1), entry(2)] });
  expect(() => parseConversationKeys(spoil(bytes))).toThrow(code("MALFORMED"));
});

test("[BK1] a block of a kind that this version does not know is passed over", () => {
  const withForeignBlock = {
    ...provider,
    seal: (key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, ad: Uint8Array) =>
      provider.seal(key, nonce, Uint8Array.of(200, 0, 0, 0, 3, 1, 2, 3, ...plaintext), ad),
  };
  const sealed = sealSegment(withForeignBlock, root, address, keys);
  expect(openSegment(provider, root, address, sealed)).toEqual({ keys });
});

test("[ATTACK 66] a segment of another account, root or name, and one with any bit changed, does not open", () => {
  const sealed = sealSegment(provider, root, address, keys);
  const other = { accountId: fill(16, 2), segmentId: address.segmentId };
  expect(() => openSegment(provider, root, other, sealed)).toThrow(code("BAD_TAG"));
  expect(() => openSegment(provider, fill(32, 8), address, sealed)).toThrow(code("BAD_TAG"));
  const renamed = { accountId, segmentId: fill(16, 8) };
  expect(() => openSegment(provider, root, renamed, sealed)).toThrow(code("BAD_BINDING"));
  for (let at = 0; at < sealed.length; at += 1) {
    expect(() => openSegment(provider, root, address, flip(sealed, at))).toThrow(
      expect.objectContaining({ name: "CryptoError" }),
    );
  }
});

test("[BK1] any bytes as a segment or a manifest give a value or a typed refusal", () => {
  const tryOpen = (work: () => unknown): boolean => {
    try {
      work();
      return true;
    } catch (error) {
      return isCryptoError(error);
    }
  };
  assert(
    property(uint8Array({ maxLength: 400 }), (bytes) => {
      expect(tryOpen(() => openSegment(provider, root, address, bytes))).toBe(true);
      expect(tryOpen(() => openManifest(provider, root, { accountId, deviceId: 1 }, bytes))).toBe(true);
      expect(tryOpen(() => parseConversationKeys(bytes))).toBe(true);
    }),
  );
});

test("what is merged has every position once, the first one's entry where both have it", () => {
  const first = [entry(2, 1), entry(4, 1)];
  expect(mergeKeys(first, [entry(1, 2), entry(2, 2), entry(7, 2)])).toEqual([
    entry(1, 2),
    entry(2, 1),
    entry(4, 1),
    entry(7, 2),
  ]);
});

const peer = createPeer(provider, { deviceId: 3 });
const expected = { accountId, deviceId: 3, aik: peer.aik.pub };
const manifest: Manifest = {
  version: 5,
  prevHash: fill(32, 6),
  writtenAtMs: 1_800_000_000_000,
  witnessed: [{ deviceId: 1, version: 8, hash: fill(32, 5) }],
  segments: [
    {
      segmentId: fill(16, 9),
      hash: fill(32, 4),
      entryCount: 4,
      ranges: [{ conversationTag: fill(8, 3), from: 1, to: 9 }],
    },
  ],
};

test("[BK2] a manifest comes back with its device and hash", () => {
  const sealed = sealManifest(provider, root, peer.own, manifest);
  const hash = manifestHash(provider, sealed);
  expect(openManifest(provider, root, expected, sealed)).toEqual({ ...manifest, deviceId: 3, hash });
  expect(openManifest(provider, root, { accountId, deviceId: 3 }, sealed).hash).toEqual(hash);
});

test("[ATTACK 66] a manifest of another account, device or account key, or with any bit changed, is refused", () => {
  const sealed = sealManifest(provider, root, peer.own, manifest);
  const open = (change: object, by = root) => openManifest(provider, by, { ...expected, ...change }, sealed);
  expect(() => open({}, fill(32, 8))).toThrow(code("BAD_TAG"));
  expect(() => open({ deviceId: 4 })).toThrow(code("BAD_TAG"));
  expect(() => open({ accountId: fill(16, 2) })).toThrow(code("BAD_TAG"));
  expect(() => open({ aik: createPeer(provider).aik.pub })).toThrow(code("BAD_CERT"));
  for (let at = 0; at < sealed.length; at += 7) {
    expect(() => openManifest(provider, root, expected, flip(sealed, at))).toThrow(
      expect.objectContaining({ name: "CryptoError" }),
    );
  }
});

test("[ATTACK 66] BAD_SIGNATURE: who knows the backup root but not the device's key writes no manifest for it", () => {
  const { keys: otherKeys } = createPeer(provider, { deviceId: 3 }).own;
  const forged = { cert: peer.own.cert, keys: otherKeys };
  const sealed = sealManifest(provider, root, forged, manifest);
  expect(() => openManifest(provider, root, expected, sealed)).toThrow(code("BAD_SIGNATURE"));
});

test("[ATTACK 66] BAD_CERT: a device's certificate does not serve another device's chain", () => {
  const { keys: ownKeys } = peer.own;
  const device = { accountId, deviceId: 4, createdAtMs: 0 };
  const other = { keys: ownKeys, cert: certifyDevice(provider, peer.aik, ownKeys, device) };
  const renumbered = { ...other, cert: { ...other.cert, deviceId: 3 } };
  const sealed = sealManifest(provider, root, renumbered, manifest);
  expect(() => openManifest(provider, root, expected, sealed)).toThrow(code("BAD_CERT"));
});

test("[ATTACK 66] STATE_ROLLBACK: an older manifest, another one at a known version, one that does not follow", () => {
  const opened = openManifest(provider, root, expected, sealManifest(provider, root, peer.own, manifest));
  const head = (version: number, hash: Uint8Array) => [{ deviceId: 3, version, hash }];
  const check = (heads: Parameters<typeof assertNotOlder>[1]) => () => assertNotOlder(opened, heads);
  expect(check(head(6, fill(32, 1)))).toThrow(code("STATE_ROLLBACK"));
  expect(check(head(5, fill(32, 1)))).toThrow(code("STATE_ROLLBACK"));
  expect(check(head(4, fill(32, 1)))).toThrow(code("STATE_ROLLBACK"));
  expect(check(head(5, opened.hash))).not.toThrow();
  expect(check(head(4, manifest.prevHash))).not.toThrow();
  expect(check(head(2, fill(32, 1)))).not.toThrow();
  expect(check([{ deviceId: 9, version: 90, hash: fill(32, 1) }])).not.toThrow();
});
