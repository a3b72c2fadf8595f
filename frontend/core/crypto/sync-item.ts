import type { Bytes } from "#schema/envelope/bytes.ts";
import { type CborValue, encodeCbor } from "./cbor.ts";

/** One thing that all devices of an account know alike; the one with the higher `(changedAtMs, deviceId)` counts. */
export interface SyncItem {
  /** `[a-z]`, at most 32. */
  readonly type: string;
  /** `[A-Za-z0-9_.-]`, at most 64; what it is about. */
  readonly id: string;
  readonly changedAtMs: number;
  /** Where it was changed. */
  readonly deviceId: number;
  readonly value: CborValue;
}

/** Encoded items of one message: with the longest capsule they stay below what a to-device message may have. */
export const syncMaxBytes = 3_000;
/** `[type, id, changedAtMs, deviceId, value]`. */
export function encodeSyncItem(item: SyncItem): Bytes {
  return encodeCbor(syncFields(item));
}

export function syncFields({ type, id, changedAtMs, deviceId, value }: SyncItem): CborValue[] {
  return [type, id, changedAtMs, deviceId, value];
}
