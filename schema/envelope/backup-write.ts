import { type Bytes, Writer } from "./bytes.ts";
import { label } from "./labels.ts";

/** A device's word that a manifest takes the place of its last one, and which of its segments stay (CRYPTO 2.13). */
export interface BackupWrite {
  /** 16 bytes. */
  readonly accountId: Uint8Array;
  readonly deviceId: number;
  readonly version: number;
  /** SHA-256 of the sealed manifest. */
  readonly manifestSha256: Uint8Array;
  /** Ids of the segments that stay, 16 bytes each, in the order of the request. */
  readonly segmentIds: readonly Uint8Array[];
}

/**
 * What DSK signs, so that a stolen token can neither replace nor remove a backup:
 * `L("backup-write") ‖ accountId ‖ deviceId u32 ‖ version u64 ‖ manifest hash 32 ‖ n u32 × segId 16`.
 */
export function backupWriteMessage(write: BackupWrite): Bytes {
  const writer = new Writer().bytes(label("backup-write")).bytes(write.accountId, 16).u32(write.deviceId);
  writer.u64(write.version).bytes(write.manifestSha256, 32).u32(write.segmentIds.length);
  for (const segmentId of write.segmentIds) writer.bytes(segmentId, 16);
  return writer.done();
}
