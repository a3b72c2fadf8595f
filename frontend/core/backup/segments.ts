/**
 * How segments grow: the newest ones are joined while the one before is not larger, so that there are few of them and a
 * key is sent again about as often as its segment doubles.
 */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import type { BackupSegmentId } from "#schema/http/backup.ts";
import { limits } from "#schema/limits.ts";
import { type BackedUpContacts, contactsMaxBytes } from "../crypto/backup/contacts-block.ts";
import { type ConversationKeys, mergeKeys } from "../crypto/backup/key-entries.ts";
import { conversationTagBytes, type SegmentReference } from "../crypto/backup/manifest.ts";
import { openSegment, sealSegment, type SegmentContent } from "../crypto/backup/segment.ts";
import type { Provider } from "../crypto/provider.ts";
import type { SegmentRecord } from "../store/backup-tables.ts";

/** Bytes of a key whose conversation and sender occur nowhere else in the segment. */
const entryBytesMax = 130;
export const segmentEntriesMax =
  Math.floor((limits.backupSegmentBytes - contactsMaxBytes) / entryBytesMax) - 1;
/** A segment of more conversations names none of them: a list of all would make the manifest larger than the keys. */
const rangesMax = 16;

export interface SegmentKeyring {
  readonly provider: Provider;
  /** 32 bytes. */
  readonly root: Uint8Array;
  /** 16 bytes. */
  readonly accountId: Uint8Array;
}

/** Whether a segment of so many keys is joined with a newer one of `newer`. */
export function isJoined(older: number, newer: number): boolean {
  return older <= newer && older + newer <= segmentEntriesMax;
}

/** A segment that no other could be joined with any more. */
export function isFinal({ entryCount }: SegmentRecord): boolean {
  return entryCount > segmentEntriesMax / 2;
}

/** Keys of both by conversation; where both have a position, `first` counts. */
export function joinKeys(
  first: readonly ConversationKeys[],
  second: readonly ConversationKeys[],
): ConversationKeys[] {
  const joined = new Map(second.map((keys) => [encodeBase64url(keys.conversationId), keys]));
  for (const { conversationId, entries } of first) {
    const id = encodeBase64url(conversationId);
    const merged = mergeKeys(entries, joined.get(id)?.entries ?? []);
    joined.set(id, { conversationId, entries: merged });
  }
  return [...joined.values()];
}

export function makeSegment(
  { provider, root, accountId }: SegmentKeyring,
  keys: readonly ConversationKeys[],
  contacts?: BackedUpContacts,
): { readonly record: SegmentRecord; readonly bytes: Uint8Array } {
  const segmentId = provider.random(16);
  const bytes = sealSegment(provider, root, { accountId, segmentId }, keys, contacts);
  const ranges = keys.map(({ conversationId, entries }) => {
    return [tagOf(conversationId), entries[0]?.seq ?? 0, entries.at(-1)?.seq ?? 0] as const;
  });
  const record = {
    id: encodeBase64url(segmentId) as BackupSegmentId,
    hash: encodeBase64url(provider.sha256(bytes)),
    entryCount: keys.reduce((sum, { entries }) => sum + entries.length, 0),
    ranges: ranges.length > rangesMax ? [] : ranges,
  };
  return { record, bytes };
}

/** Throws `CryptoError`. */
export function readSegment(
  { provider, root, accountId }: SegmentKeyring,
  id: BackupSegmentId,
  bytes: Uint8Array,
): SegmentContent {
  return openSegment(provider, root, { accountId, segmentId: decodeBase64url(id) }, bytes);
}

export function toReference({ id, hash, entryCount, ranges }: SegmentRecord): SegmentReference {
  return {
    segmentId: decodeBase64url(id),
    hash: decodeBase64url(hash),
    entryCount,
    ranges: ranges.map(([tag, from, to]) => ({ conversationTag: decodeBase64url(tag), from, to })),
  };
}

export function toRecord({ segmentId, hash, entryCount, ranges }: SegmentReference): SegmentRecord {
  return {
    id: encodeBase64url(segmentId) as BackupSegmentId,
    hash: encodeBase64url(hash),
    entryCount,
    ranges: ranges.map(({ conversationTag, from, to }) => [encodeBase64url(conversationTag), from, to]),
  };
}

/** Whether the segment can hold a key of these positions. */
export function mayHold(
  { ranges }: SegmentRecord,
  conversationId: Uint8Array,
  from: number,
  to: number,
): boolean {
  const tag = tagOf(conversationId);
  return (
    ranges.length === 0 || ranges.some(([each, first, last]) => each === tag && first <= to && last >= from)
  );
}

function tagOf(conversationId: Uint8Array): string {
  return encodeBase64url(conversationId.slice(0, conversationTagBytes));
}
