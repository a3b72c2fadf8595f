import { type Bytes } from "#schema/envelope/bytes.ts";
import { type DeviceCert } from "#schema/envelope/device-cert.ts";
import {
  type DeviceList,
  type DeviceListContent,
  type DeviceListEntry,
  deviceListHashInput,
  deviceListMaxEntries,
  deviceListMessage,
  deviceListRotationMessage,
  encodeDeviceList,
  encodeDeviceListTbs,
  parseDeviceList,
} from "#schema/envelope/device-list.ts";
import { dispensableDevices } from "#schema/envelope/device-list-succession.ts";
import { deviceCertHash } from "./device-identity.ts";
import { type KeyPair, type Provider } from "./provider.ts";

export interface DeviceListChange {
  readonly issuedAtMs: number;
  /** New devices; for a new account key also the new certificates of the devices that stay. */
  readonly add?: readonly DeviceCert[];
  /** Ids of active devices. */
  readonly revoke?: readonly number[];
}

/** DLH of CRYPTO 2.1: SHA-256 over the whole list, signatures included. */
export function deviceListHash(provider: Provider, list: Pick<DeviceList, "bytes">): Bytes {
  return provider.sha256(deviceListHashInput(list.bytes));
}

/** The first list of an account: version 1 with the given devices active. */
export function createGenesisList(
  provider: Provider,
  aik: KeyPair,
  genesis: {
    readonly accountId: Uint8Array;
    readonly issuedAtMs: number;
    readonly certs: readonly DeviceCert[];
  },
): DeviceList {
  const content: DeviceListContent = {
    kind: "genesis",
    accountId: genesis.accountId,
    aik: aik.pub,
    version: 1,
    prevHash: new Uint8Array(32),
    issuedAtMs: genesis.issuedAtMs,
    devices: genesis.certs.map((cert) => activeEntry(provider, cert)),
  };
  return signList(provider, aik, content);
}

/**
 * The next list under the same account key. A list that would exceed 16 entries leaves out the oldest that were revoked before it.
 * Throws `RangeError` for a revocation of a device that is not active, or for more than 16 active devices.
 */
export function createNextList(
  provider: Provider,
  aik: KeyPair,
  previous: DeviceList,
  change: DeviceListChange,
): DeviceList {
  return signList(provider, aik, nextContent(provider, aik, "change", previous, change));
}

/** Hands the account over to `aik`, signed by `oldAik` too (kind rotation). */
export function createRotationList(
  provider: Provider,
  aik: KeyPair,
  oldAik: KeyPair,
  previous: DeviceList,
  change: DeviceListChange,
): DeviceList {
  return signList(provider, aik, nextContent(provider, aik, "rotation", previous, change), oldAik);
}

/** A new account key without the old one (the vault was lost): every contact sees a changed safety number. */
export function createResetList(
  provider: Provider,
  aik: KeyPair,
  previous: DeviceList,
  change: DeviceListChange,
): DeviceList {
  return signList(provider, aik, nextContent(provider, aik, "reset", previous, change));
}

function nextContent(
  provider: Provider,
  aik: KeyPair,
  kind: "change" | "rotation" | "reset",
  previous: DeviceList,
  change: DeviceListChange,
): DeviceListContent {
  const revoked = new Set(change.revoke);
  const added = new Map((change.add ?? []).map((cert) => [cert.deviceId, activeEntry(provider, cert)]));
  const kept = previous.devices.map((entry): DeviceListEntry => {
    const replacement = kind === "change" ? undefined : added.get(entry.deviceId);
    if (revoked.delete(entry.deviceId)) {
      if (entry.status === "revoked") throw new RangeError("device list: the device is revoked already");
      return { ...entry, status: "revoked" };
    }
    if (kind === "change" || entry.status === "revoked") return entry;
    if (replacement === undefined) throw new RangeError("device list: a device lacks a new certificate");
    added.delete(entry.deviceId);
    return replacement;
  });
  if (revoked.size > 0) throw new RangeError("device list: no such device to revoke");
  const devices = [...kept, ...added.values()];
  const excess = Math.max(0, devices.length - deviceListMaxEntries);
  const leftOut = new Set(
    dispensableDevices(previous, kind)
      .slice(0, excess)
      .map(({ deviceId }) => deviceId),
  );
  if (leftOut.size < excess) throw new RangeError("device list: too many devices");
  return {
    kind,
    accountId: previous.accountId,
    aik: aik.pub,
    version: previous.version + 1,
    prevHash: deviceListHash(provider, previous),
    issuedAtMs: change.issuedAtMs,
    devices: devices.filter(({ deviceId }) => !leftOut.has(deviceId)),
  };
}

function signList(
  provider: Provider,
  aik: KeyPair,
  content: DeviceListContent,
  oldAik?: KeyPair,
): DeviceList {
  const tbs = encodeDeviceListTbs(content);
  const sigAik = provider.sign(aik.secret, deviceListMessage(tbs));
  const sigOldAik = oldAik && provider.sign(oldAik.secret, deviceListRotationMessage(tbs, sigAik));
  return parseDeviceList(encodeDeviceList(tbs, sigAik, sigOldAik));
}

function activeEntry(provider: Provider, cert: DeviceCert): DeviceListEntry {
  return { deviceId: cert.deviceId, status: "active", certHash: deviceCertHash(provider, cert.bytes) };
}
