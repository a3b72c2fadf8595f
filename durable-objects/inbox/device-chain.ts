/** The rules by which one device list follows another (CRYPTO 2.1), as far as a server can check them. */
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { sameBytes } from "#schema/envelope/bytes.ts";
import { parseDeviceCert } from "#schema/envelope/device-cert.ts";
import type { DeviceList } from "#schema/envelope/device-list.ts";
import { leavesOutRightly } from "#schema/envelope/device-list-succession.ts";
import { SottoError } from "#schema/errors.ts";
import type { DeviceId } from "#schema/ids.ts";

export interface Joining {
  readonly device: DeviceId;
  /** SHA-256 of `deviceCertHashInput`. */
  readonly certHash: Uint8Array;
}

export interface Predecessor {
  readonly list: DeviceList;
  /** DLH, base64url. */
  readonly hash: string;
}

/**
 * Throws `device_list_conflict` unless `list` is the next list and adds exactly the joining device, or none. `kind` is what may follow:
 * a reset leaves no device but the joining one, under another account key.
 */
export function assertNextList(
  list: DeviceList,
  joining: Joining | undefined,
  previous: Predecessor | undefined,
  kind: "change" | "reset" = "change",
): void {
  const isNext = previous === undefined ? isGenesis(list) : follows(list, previous, kind);
  const added = list.devices.filter(
    (entry) => previous?.list.devices.some(({ deviceId }) => deviceId === entry.deviceId) !== true,
  );
  const entry = added[0];
  const addsOnlyTheJoining =
    joining !== undefined &&
    added.length === 1 &&
    entry !== undefined &&
    entry.deviceId === joining.device &&
    entry.status === "active" &&
    sameBytes(entry.certHash, joining.certHash);
  const addsRightly = joining === undefined ? added.length === 0 : addsOnlyTheJoining;
  if (!isNext || !addsRightly) throw conflict();
}

/** Throws `device_list_conflict` when another device of the account has one of the certificate's keys. */
export function assertFreshKeys(certificate: Uint8Array, others: readonly Uint8Array[]): void {
  const own = parseDeviceCert(certificate);
  for (const other of others) {
    const { dsk, dik } = parseDeviceCert(other);
    if (sameBytes(dsk, own.dsk) || sameBytes(dik, own.dik)) throw conflict();
  }
}

export function conflict(): SottoError {
  return new SottoError("device_list_conflict", "The device list does not follow the newest one.");
}

function isGenesis(list: DeviceList): boolean {
  return list.kind === "genesis" && list.devices.length === 1;
}

function follows(list: DeviceList, { list: before, hash }: Predecessor, kind: "change" | "reset"): boolean {
  if (list.kind !== kind || list.version !== before.version + 1) return false;
  const isReset = kind === "reset";
  if (sameBytes(list.aik, before.aik) === isReset || encodeBase64url(list.prevHash) !== hash) return false;
  const keeps = before.devices.every((old) => {
    const now = list.devices.find(({ deviceId }) => deviceId === old.deviceId);
    if (now === undefined) return true; // see `leavesOutRightly`
    if (!sameBytes(now.certHash, old.certHash)) return false;
    return now.status === "revoked" || (old.status === "active" && !isReset);
  });
  const highest = before.devices.at(-1)?.deviceId ?? 0;
  const knownIds = new Set(before.devices.map(({ deviceId }) => deviceId));
  if (!keeps || !leavesOutRightly(before, list)) return false;
  return list.devices.every(({ deviceId }) => knownIds.has(deviceId) || deviceId > highest);
}
