/** Backups of the caller's own account: whose they are comes from the session alone, never from the request. */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { backupWriteMessage } from "#schema/envelope/backup-write.ts";
import { sameBytes } from "#schema/envelope/bytes.ts";
import { parseDeviceCert } from "#schema/envelope/device-cert.ts";
import { SottoError } from "#schema/errors.ts";
import {
  backupDeviceSchema,
  backupSegmentIdSchema,
  type getBackup,
  type getBackupManifest,
  type getBackupSegment,
  type putBackupManifest,
  type putBackupSegment,
} from "#schema/http/backup.ts";
import { BackupStore } from "../backup-store.ts";
import type { Handler } from "../contract.ts";
import { assertSignatures } from "../ed25519.ts";
import { backupQuotaBytes } from "../settings.ts";
import { callInbox } from "../stubs.ts";

export const handleGetBackup: Handler<typeof getBackup> = async ({ env, identity }) => {
  const { manifests, usedBytes } = await (await BackupStore.of(env, identity.account)).list();
  const quotaBytes = backupQuotaBytes(env);
  return { manifests: manifests.map((manifest) => ({ ...manifest })), usedBytes, quotaBytes };
};

export const handleGetManifest: Handler<typeof getBackupManifest> = async ({ env, identity, param }) => {
  const device = param("device", backupDeviceSchema);
  const found = await (await BackupStore.of(env, identity.account)).manifest(device);
  if (found === undefined) throw notFound();
  return { version: found.version, data: encodeBase64url(found.data) };
};

export const handleGetSegment: Handler<typeof getBackupSegment> = async ({ env, identity, param }) => {
  const [device, segment] = [param("device", backupDeviceSchema), param("segment", backupSegmentIdSchema)];
  const found = await (await BackupStore.of(env, identity.account)).segment(device, segment);
  if (found === undefined) throw notFound();
  return { data: encodeBase64url(found) };
};

export const handlePutSegment: Handler<typeof putBackupSegment> = async (call) => {
  const { env, identity, body, param } = call;
  const segment = param("segment", backupSegmentIdSchema);
  const data = decodeBase64url(body.data);
  const store = await BackupStore.of(env, identity.account);
  if (await store.hasSegment(identity.device, segment)) return { stored: false };
  const { usedBytes } = await store.list();
  if (usedBytes + data.length > backupQuotaBytes(env)) {
    throw new SottoError("quota_exceeded", "The backups of this account take all the space they may.");
  }
  return { stored: await store.addSegment(identity.device, segment, data) };
};

export const handlePutManifest: Handler<typeof putBackupManifest> = async ({ env, identity, body }) => {
  const { account, device } = identity;
  const { expected, version, segments } = body;
  const data = decodeBase64url(body.data);
  const certificate = await callInbox(env, account, (inbox) => inbox.certificate({ device }));
  const message = backupWriteMessage({
    accountId: decodeBase64url(account),
    deviceId: device,
    version,
    manifestSha256: new Uint8Array(await crypto.subtle.digest("SHA-256", data)),
    segmentIds: segments.map((segment) => decodeBase64url(segment)),
  });
  const key = parseDeviceCert(decodeBase64url(certificate)).dsk;
  await assertSignatures([{ key, message, signature: decodeBase64url(body.signature) }]);
  const store = await BackupStore.of(env, account);
  const before = await store.manifest(device);
  const isRepeated = before?.version === version && sameBytes(before.data, data);
  if (!isRepeated) {
    const isNext = (before?.version ?? 0) === expected && version > expected;
    if (!isNext || !(await store.replaceManifest(device, before, { version, data }))) {
      throw new SottoError("backup_conflict", "Another manifest is in this place.");
    }
  }
  // After the manifest: what it names is never missing, whenever this breaks off.
  await store.keepSegments(device, segments);
  return { version };
};

function notFound(): SottoError {
  return new SottoError("not_found", "There is no such backup.");
}
