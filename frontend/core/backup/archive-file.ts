/** All keys of this device as one file, and such a file taken in again. */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { sameBytes } from "#schema/envelope/bytes.ts";
import type { ConversationId } from "#schema/ids.ts";
import { encodeArchive, openArchive } from "../crypto/backup/archive.ts";
import { type ConversationKeys, type KeyEntry, mergeKeys } from "../crypto/backup/key-entries.ts";
import { openManifest, sealManifest } from "../crypto/backup/manifest.ts";
import { openSegment } from "../crypto/backup/segment.ts";
import { assertOr } from "../crypto/errors.ts";
import { restoredKeyTable } from "../store/backup-tables.ts";
import type { Records } from "../store/records.ts";
import { messageKey, messageTable, under } from "../store/tables.ts";
import type { Conversations } from "../sync/conversations.ts";
import type { Self } from "../sync/self.ts";
import { entryOf } from "./batch.ts";
import { addKeys } from "./key-archive.ts";
import { makeSegment, segmentEntriesMax, type SegmentKeyring, toReference } from "./segments.ts";

/** Throws `StoreError`. */
export async function writeArchive(
  records: Records,
  conversations: Conversations,
  self: Self,
  secret: string,
): Promise<Uint8Array> {
  const { provider, own } = self;
  const { accountId, deviceId } = own.cert;
  const root = provider.random(32);
  const keyring: SegmentKeyring = { provider, root, accountId };
  const made = [];
  for (const { conversationId } of conversations.all()) {
    const entries = await allKeys(records, conversationId);
    for (let at = 0; at < entries.length; at += segmentEntriesMax) {
      const part = {
        conversationId: decodeBase64url(conversationId),
        entries: entries.slice(at, at + segmentEntriesMax),
      };
      made.push(makeSegment(keyring, [part]));
    }
  }
  const manifest = sealManifest(provider, root, own, {
    version: 1,
    prevHash: new Uint8Array(32),
    writtenAtMs: self.nowMs(),
    witnessed: [],
    segments: made.map(({ record }) => toReference(record)),
  });
  const segments = made.map(({ bytes }) => bytes);
  const file = await encodeArchive(provider, secret, { accountId, deviceId, root, manifest, segments });
  root.fill(0);
  return file;
}

/**
 * Adds the keys of an archive of this account; keys that are here stay. Returns how many were new, so a second time none.
 * Throws `CryptoError` before anything is changed, and `StoreError`.
 */
export async function readArchive(
  records: Records,
  self: Self,
  secret: string,
  file: Uint8Array,
): Promise<number> {
  const { provider } = self;
  const { accountId } = self.own.cert;
  const archive = await openArchive(provider, secret, accountId, file);
  const { root, deviceId } = archive;
  // The account key may be another one by now: whoever knew the secret vouches for what is inside.
  const manifest = openManifest(provider, root, { accountId, deviceId }, archive.manifest);
  const isWhole = manifest.segments.length === archive.segments.length;
  assertOr(isWhole, "TRUNCATED", "archive: segments are missing");
  const keys = manifest.segments.map(({ segmentId, hash }, index) => {
    const bytes = archive.segments[index] ?? new Uint8Array(0);
    assertOr(sameBytes(provider.sha256(bytes), hash), "BAD_BINDING", "archive: another segment");
    return openSegment(provider, root, { accountId, segmentId }, bytes).keys;
  });
  root.fill(0);
  let added = 0;
  for (const segment of keys) {
    const news = await withoutKnown(records, segment);
    added += await records.transact((transaction) => addKeys(transaction, news, "imported"));
  }
  return added;
}

async function allKeys(records: Records, conversationId: ConversationId): Promise<KeyEntry[]> {
  const stored = await records.list(messageTable, under(conversationId));
  const restored = await records.list(restoredKeyTable, under(conversationId));
  return mergeKeys(
    stored.flatMap(({ value }) => entryOf(value)),
    restored.flatMap(({ value }) => value.entries),
  );
}

/** Leaves out keys of messages that were opened here: they are in this device's own backup. */
async function withoutKnown(
  records: Records,
  keys: readonly ConversationKeys[],
): Promise<ConversationKeys[]> {
  const news: ConversationKeys[] = [];
  for (const { conversationId, entries } of keys) {
    const id = encodeBase64url(conversationId) as ConversationId;
    const stored = await records.list(messageTable, {
      from: messageKey(id, entries[0]?.seq ?? 0),
      below: messageKey(id, (entries.at(-1)?.seq ?? 0) + 1),
    });
    const known = new Set(
      stored.filter(({ value }) => entryOf(value).length > 0).map(({ value }) => value.seq),
    );
    news.push({ conversationId, entries: entries.filter(({ seq }) => !known.has(seq)) });
  }
  return news;
}
