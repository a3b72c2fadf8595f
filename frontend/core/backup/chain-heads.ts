/** How far a device has seen the chains of others. */
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { assertNotOlder, type ChainHead, type OpenedManifest } from "../crypto/backup/manifest.ts";
import { isCryptoError } from "../crypto/errors.ts";
import type { RestoreRecord } from "../store/backup-tables.ts";

export function toHead({ device, version, hash }: RestoreRecord["heads"][number]): ChainHead {
  return { deviceId: device, version, hash: decodeBase64url(hash) };
}

/** Whether no other device has seen this chain further along, or otherwise. */
export function isAccepted(manifest: OpenedManifest, witnessed: readonly ChainHead[]): boolean {
  try {
    assertNotOlder(manifest, witnessed);
    return true;
  } catch (error) {
    if (isCryptoError(error)) return false;
    throw error;
  }
}
