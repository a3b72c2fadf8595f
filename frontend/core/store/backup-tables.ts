/** What the client keeps of its backup: what it has written, what it has read, and the keys that came back. */
import type { BackupSegmentId } from "#schema/http/backup.ts";
import type { ConversationId, DeviceId } from "#schema/ids.ts";
import {
  type ConversationKeys,
  encodeConversationKeys,
  parseConversationKeys,
} from "../crypto/backup/key-entries.ts";
import { jsonTable, orderedKey, type Table } from "./sealed-store.ts";

/** A segment as a manifest names it; binary fields are base64url. */
export interface SegmentRecord {
  readonly id: BackupSegmentId;
  readonly hash: string;
  readonly entryCount: number;
  /** Conversation tag, first and last position. Empty: it may hold keys of any conversation. */
  readonly ranges: readonly (readonly [tag: string, from: number, to: number])[];
}

/** This device's chain; one record, key `self`. */
export interface BackupStateRecord {
  /** Of the newest manifest made here; 0 before the first. */
  readonly version: number;
  readonly hash: string;
  /** The version that the server holds as far as is known. */
  readonly storedVersion: number;
  readonly segments: readonly SegmentRecord[];
  /** The newest manifest and the segments that go before it, until the server has them. */
  readonly unsent?: { readonly manifest: string; readonly segments: readonly BackupSegmentId[] };
  readonly savedAtMs?: number;
  /** The segment with what was known of contacts last, and SHA-256 of that. */
  readonly contacts?: { readonly digest: string; readonly segment: BackupSegmentId };
}
export const backupStateTable = jsonTable<BackupStateRecord>("backup-state");

/** Messages up to `seq` are in a segment, key conversation id. */
export const backupCursorTable = jsonTable<{ readonly seq: number }>("backup-cursors");

/** Messages at or below the cursor whose key came late, key `messageKey`. */
export const backupLateTable = jsonTable<Record<string, never>>("backup-late");

/** Sealed segments that may still grow into a larger one, or are not sent, key segment id. */
export const backupSegmentTable: Table<Uint8Array> = {
  name: "backup-segments",
  encode: (bytes) => Uint8Array.from(bytes),
  decode: (bytes) => bytes,
};

/** Keys that came back from backups, key `conversation/chunk`; `keyChunkOf` gives the chunk of a position. */
export const restoredKeyTable: Table<ConversationKeys> = {
  name: "restored-keys",
  encode: encodeConversationKeys,
  decode: parseConversationKeys,
};
export const keyChunkPositions = 128;
export function keyChunkOf(seq: number): number {
  return Math.floor(seq / keyChunkPositions);
}
export function keyChunkKey(conversationId: ConversationId, chunk: number): string {
  return `${conversationId}/${orderedKey(chunk)}`;
}

/** Chunks that came from a file and are in no backup of the server, key as in `restoredKeyTable`. */
export const importedChunkTable = jsonTable<Record<string, never>>("imported-chunks");

/** What is known of the account's other backups; one record, key `self`. */
export interface RestoreRecord {
  readonly heads: readonly { readonly device: DeviceId; readonly version: number; readonly hash: string }[];
  readonly segments: readonly (SegmentRecord & { readonly device: DeviceId })[];
  /** Ids of those whose keys are in the table above. */
  readonly fetched: readonly BackupSegmentId[];
  /** Everything from before this device joined was fetched; what others save from then on is fetched when it is missed. */
  readonly complete?: boolean;
}
export const restoreTable = jsonTable<RestoreRecord>("restore");

export const backupKey = "self";
