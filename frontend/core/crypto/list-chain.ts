import { sameBytes } from "#schema/envelope/bytes.ts";
import { type DeviceCert } from "#schema/envelope/device-cert.ts";
import {
  type DeviceList,
  deviceListMessage,
  deviceListRotationMessage,
  parseDeviceList,
} from "#schema/envelope/device-list.ts";
import { leavesOutRightly } from "#schema/envelope/device-list-succession.ts";
import { type DeviceAddress, deviceCertHash, verifyDeviceCert } from "./device-identity.ts";
import { deviceListHash } from "./device-list.ts";
import { assertOr, CryptoError, parsing } from "./errors.ts";
import { type Provider } from "./provider.ts";

/** The newest list of an account that this client has ever accepted. */
export interface ListPin {
  readonly version: number;
  /** DLH, 32 bytes. */
  readonly hash: Uint8Array;
  /** Account key at that version. */
  readonly aik: Uint8Array;
}

export interface VerifiedList {
  readonly list: DeviceList;
  readonly pin: ListPin;
  /** Against the pin: `new` without one; `rotated` was signed by the old key, `reset` by nobody known. */
  readonly identity: "new" | "same" | "rotated" | "reset";
}

/** An active device of a verified list whose certificate was checked. */
export interface VerifiedDevice extends DeviceAddress {
  readonly cert: DeviceCert;
  readonly certHash: Uint8Array;
}

/**
 * Checks consecutive lists of one account, oldest first, against the pin (CRYPTO 2.1).
 * With a pin the lists must reach back to the pinned version, so that the pinned list itself is among them.
 * Throws `CryptoError`: MALFORMED, BAD_SIGNATURE, BAD_BINDING (another account), LIST_ROLLBACK (older than the pin),
 * LIST_FORK (another list at a known version, or a broken chain), UNTRUSTED_IDENTITY (account key swapped without a hand-over),
 * BAD_CERT (a revoked device that returns, an id used again).
 */
export function verifyListChain(
  provider: Provider,
  accountId: Uint8Array,
  lists: readonly Uint8Array[],
  pin?: ListPin,
): VerifiedList {
  const chain = lists.map((bytes) => parsing(() => parseDeviceList(bytes)));
  const [first, last] = [chain[0], chain.at(-1)];
  if (first === undefined || last === undefined) throw new CryptoError("MALFORMED", "device lists: none");
  assertOr(
    chain.every((list) => sameBytes(list.accountId, accountId)),
    "BAD_BINDING",
    "device list: of another account",
  );
  if (pin !== undefined) assertReachesPin(provider, chain, pin);
  for (const [index, list] of chain.entries()) {
    const previous = chain[index - 1];
    assertSigned(provider, list);
    if (previous !== undefined) assertFollows(provider, previous, list);
  }
  const identity = pin === undefined ? "new" : identitySince(chain, pin);
  return {
    list: last,
    pin: { version: last.version, hash: deviceListHash(provider, last), aik: last.aik },
    identity,
  };
}

/**
 * Checks the certificates of the active devices of a verified list; `certs` may hold others, which are ignored.
 * `known.isVerified` skips the signatures of a certificate seen before, by its hash; `known.isForeignKey` tells
 * that a DSK or DIK belongs to another account. Throws `CryptoError` BAD_CERT or MALFORMED.
 */
export function verifyDevices(
  provider: Provider,
  list: DeviceList,
  certs: readonly Uint8Array[],
  known: {
    readonly isVerified?: (certHash: Uint8Array) => boolean;
    readonly isForeignKey?: (key: Uint8Array) => boolean;
  } = {},
): VerifiedDevice[] {
  const hashed = certs.map((bytes) => ({ bytes, hash: deviceCertHash(provider, bytes) }));
  const seenKeys: Uint8Array[] = [];
  return list.devices
    .filter((entry) => entry.status === "active")
    .map((entry) => {
      const found = hashed.find(({ hash }) => sameBytes(hash, entry.certHash));
      if (found === undefined) throw new CryptoError("BAD_CERT", "device list: a certificate is missing");
      const skipSignatures = known.isVerified?.(entry.certHash) === true;
      const verifier = skipSignatures ? { ...provider, verify: () => true } : provider;
      const cert = verifyDeviceCert(verifier, found.bytes, list);
      assertOr(cert.deviceId === entry.deviceId, "BAD_CERT", "device certificate: of another device");
      for (const key of [cert.dsk, cert.dik]) {
        const isShared =
          seenKeys.some((other) => sameBytes(other, key)) || known.isForeignKey?.(key) === true;
        assertOr(!isShared, "BAD_CERT", "device certificate: a key that another device uses");
        seenKeys.push(key);
      }
      return { accountId: cert.accountId, deviceId: cert.deviceId, cert, certHash: found.hash };
    });
}

function assertReachesPin(provider: Provider, chain: readonly DeviceList[], pin: ListPin): void {
  const newest = chain.at(-1)?.version ?? 0;
  assertOr(newest >= pin.version, "LIST_ROLLBACK", "device list: older than the one known");
  const pinned = chain.find((list) => list.version === pin.version);
  if (pinned === undefined) throw new CryptoError("LIST_FORK", "device lists: do not reach the one known");
  const isSame = sameBytes(deviceListHash(provider, pinned), pin.hash);
  assertOr(isSame, "LIST_FORK", "device list: another one at a known version");
}

function assertSigned(provider: Provider, list: DeviceList): void {
  const isSigned = provider.verify(list.aik, deviceListMessage(list.tbs), list.sigAik);
  assertOr(isSigned, "BAD_SIGNATURE", "device list: signature");
}

function assertFollows(provider: Provider, previous: DeviceList, list: DeviceList): void {
  const isNext =
    list.version === previous.version + 1 && sameBytes(list.prevHash, deviceListHash(provider, previous));
  assertOr(isNext, "LIST_FORK", "device list: does not follow the one before");
  if (list.kind === "rotation") {
    const message = deviceListRotationMessage(list.tbs, list.sigAik);
    const isHandedOver = provider.verify(previous.aik, message, list.sigOldAik ?? new Uint8Array(0));
    assertOr(isHandedOver, "BAD_SIGNATURE", "device list: rotation without the old key");
  } else if (list.kind !== "reset") {
    assertOr(sameBytes(list.aik, previous.aik), "UNTRUSTED_IDENTITY", "device list: account key swapped");
  }
  const isHandOver = list.kind === "rotation" || list.kind === "reset";
  const highestBefore = previous.devices.at(-1)?.deviceId ?? 0;
  for (const entry of list.devices) {
    const before = previous.devices.find((old) => old.deviceId === entry.deviceId);
    const isAllowed =
      before === undefined
        ? entry.deviceId > highestBefore
        : (isHandOver || sameBytes(before.certHash, entry.certHash)) &&
          (before.status === "active" || entry.status === "revoked");
    assertOr(isAllowed, "BAD_CERT", "device list: a device returned or was replaced");
  }
  const highest = list.devices.at(-1)?.deviceId ?? 0;
  assertOr(highest >= highestBefore, "BAD_CERT", "device list: the newest device vanished");
  assertOr(leavesOutRightly(previous, list), "BAD_CERT", "device list: a device vanished that must be named");
}

function identitySince(chain: readonly DeviceList[], pin: ListPin): "same" | "rotated" | "reset" {
  const since = chain.filter((list) => list.version > pin.version);
  if (since.some((list) => list.kind === "reset")) return "reset";
  return since.some((list) => list.kind === "rotation") ? "rotated" : "same";
}
