/** Requests of a device's backup with signatures that hold, around bytes that no client made. */
import { nobleProvider as provider } from "#core/crypto/noble-provider.ts";
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { backupWriteMessage } from "#schema/envelope/backup-write.ts";
import type { putBackupManifest } from "#schema/http/backup.ts";
import type { RequestOf } from "#schema/http/route.ts";
import type { RawDevice } from "./raw-account.ts";

export type ManifestWrite = RequestOf<typeof putBackupManifest>;

export function manifestWrite(
  { own }: RawDevice,
  write: {
    readonly expected: number;
    readonly version: number;
    readonly data?: Uint8Array;
    readonly segments?: readonly string[];
  },
): ManifestWrite {
  const { expected, version, data = provider.random(500), segments = [] } = write;
  const message = backupWriteMessage({
    accountId: own.cert.accountId,
    deviceId: own.cert.deviceId,
    version,
    manifestSha256: provider.sha256(data),
    segmentIds: segments.map((segment) => decodeBase64url(segment)),
  });
  return {
    expected,
    version,
    data: encodeBase64url(data),
    segments: [...segments] as ManifestWrite["segments"],
    signature: encodeBase64url(provider.sign(own.keys.dsk.secret, message)),
  };
}
