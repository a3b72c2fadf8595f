/** The request that puts a manifest in its place, signed by this device (SPEC BK13). */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { backupWriteMessage } from "#schema/envelope/backup-write.ts";
import type { BackupStateRecord } from "../store/backup-tables.ts";
import type { Self } from "../sync/self.ts";

export function manifestRequest({ provider, own }: Self, state: BackupStateRecord, manifest: string) {
  const segments = state.segments.map(({ id }) => id);
  const message = backupWriteMessage({
    accountId: own.cert.accountId,
    deviceId: own.cert.deviceId,
    version: state.version,
    manifestSha256: provider.sha256(decodeBase64url(manifest)),
    segmentIds: segments.map((id) => decodeBase64url(id)),
  });
  const signature = encodeBase64url(provider.sign(own.keys.dsk.secret, message));
  return { expected: state.storedVersion, version: state.version, data: manifest, segments, signature };
}
