import { expect, test } from "vitest";
import {
  encodeSyncEnvelope,
  historyEnvelopeType,
  parseSyncEnvelope,
} from "#schema/envelope/sync-envelope.ts";
import { limits } from "#schema/limits.ts";
import { encodeConversationKeys, type KeyEntry } from "./backup/key-entries.ts";
import { sealBeside } from "./beside-capsule.ts";
import { historyKeysMax, openHistoryKeys, sealHistoryKeys } from "./history-keys.ts";
import { nobleProvider } from "./noble-provider.ts";

const fill = (length: number, value: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(value);
const code = (name: string): unknown => expect.objectContaining({ name: "CryptoError", code: name });

const from = { accountId: fill(16, 1), deviceId: 7 };
const conversationId = fill(16, 9);

function entries(count: number, changes: Partial<KeyEntry> = {}): KeyEntry[] {
  return Array.from({ length: count }, (_, index) => ({
    seq: index + 1,
    senderAccountId: fill(16, index),
    senderDeviceId: 1,
    sentAtMs: 1_800_000_000_000 + index,
    bodyType: 0x30,
    bodyKey: fill(32, index),
    bodyHash: fill(32, 0x80 + index),
    ...changes,
  }));
}

test("keys come out as they went in; the most of them, by as many senders, fit beside the longest capsule", () => {
  const keys = { conversationId, entries: entries(historyKeysMax) };
  const sealed = sealHistoryKeys(nobleProvider, from, keys);
  expect(openHistoryKeys(nobleProvider, from, sealed, sealed)).toEqual(keys);
  const capsule = fill(4_700, 0x10);
  const envelope = encodeSyncEnvelope({ ...sealed, capsule }, historyEnvelopeType);
  expect(envelope.length).toBeLessThanOrEqual(limits.deviceMessageBytes);
  const { nonce, ciphertext } = sealed;
  expect(parseSyncEnvelope(envelope, historyEnvelopeType)).toEqual({ capsule, nonce, ciphertext });
  expect(() => parseSyncEnvelope(envelope)).toThrow("another type");
});

test("BAD_BINDING, BAD_TAG: other bytes than the capsule names, another key, another device, another purpose", () => {
  const keys = { conversationId, entries: entries(2) };
  const sealed = sealHistoryKeys(nobleProvider, from, keys);
  const other = sealHistoryKeys(nobleProvider, from, keys);
  expect(() => openHistoryKeys(nobleProvider, from, sealed, other)).toThrow(code("BAD_BINDING"));
  const otherKey = { ...sealed, key: other.key };
  expect(() => openHistoryKeys(nobleProvider, from, otherKey, sealed)).toThrow(code("BAD_TAG"));
  expect(() => openHistoryKeys(nobleProvider, { ...from, deviceId: 8 }, sealed, sealed)).toThrow(
    code("BAD_TAG"),
  );
  const sync = sealBeside(nobleProvider, "sync", from, encodeConversationKeys(keys));
  expect(() => openHistoryKeys(nobleProvider, from, sync, sync)).toThrow(code("BAD_TAG"));
});

test.each([
  ["one key too many", entries(historyKeysMax + 1)],
  ["a key of a direct message", entries(1, { bodyType: 0x20 })],
  ["a key of a group's settings", entries(1, { bodyType: 0x32 })],
])("MALFORMED: %s", (_, wrong) => {
  const keys = { conversationId, entries: wrong };
  expect(() => sealHistoryKeys(nobleProvider, from, keys)).toThrow(RangeError);
  const sealed = sealBeside(nobleProvider, "history", from, encodeConversationKeys(keys));
  expect(() => openHistoryKeys(nobleProvider, from, sealed, sealed)).toThrow(code("MALFORMED"));
});
