import { type Bytes, concat, Reader, sameBytes, Writer } from "#schema/envelope/bytes.ts";
import {
  type DeviceCert,
  deviceCertBytes,
  deviceCertHashInput,
  deviceCertMessage,
  devicePopMessage,
  encodeDeviceCertTbs,
  parseDeviceCert,
} from "#schema/envelope/device-cert.ts";
import {
  encodeSignOutStatement,
  parseSignOutStatement,
  sessionRenewMessage,
  signOutMessage,
  type SignOutStatement,
} from "#schema/envelope/device-statements.ts";
import { assertOr, parsing } from "./errors.ts";
import type { AsymmetricProvider, KeyPair, Provider } from "./provider.ts";

/** The two long-term keys of a device (CRYPTO 2.1). */
export interface DeviceKeys {
  /** Ed25519 signing key; `secret` is its seed. */
  readonly dsk: KeyPair;
  /** X25519 identity key. */
  readonly dik: KeyPair;
}

/** This device: its keys and the certificate that the account key gave it. */
export interface OwnDevice {
  readonly keys: DeviceKeys;
  readonly cert: DeviceCert;
}

export interface DeviceAddress {
  readonly accountId: Uint8Array;
  readonly deviceId: number;
}

/** Makes an Ed25519 account identity key (AIK). Its seed belongs into the vault and nowhere else. */
export function createAccountKey(provider: Provider): KeyPair {
  return accountKeyOf(provider, provider.random(32));
}

/** The AIK of a 32-byte seed taken from the vault. */
export function accountKeyOf(provider: Provider, seed: Uint8Array): KeyPair {
  return { secret: seed, pub: provider.ed25519PublicKey(seed) };
}

export function createDeviceKeys(provider: Provider): DeviceKeys {
  return deviceKeysOf(provider, provider.random(32), provider.random(32));
}

/** Certifies `keys` for `deviceId`, which the caller takes from the account's counter and never reuses. */
export function certifyDevice(
  provider: Provider,
  aik: KeyPair,
  keys: DeviceKeys,
  device: DeviceAddress & { readonly createdAtMs: number },
): DeviceCert {
  const { accountId, deviceId, createdAtMs } = device;
  const tbs = encodeDeviceCertTbs({
    accountId,
    deviceId,
    createdAtMs,
    aik: aik.pub,
    dsk: keys.dsk.pub,
    dik: keys.dik.pub,
  });
  const sigAik = provider.sign(aik.secret, deviceCertMessage(tbs));
  const sigDsk = provider.sign(keys.dsk.secret, devicePopMessage(tbs, sigAik));
  return parseDeviceCert(concat(tbs, sigAik, sigDsk));
}

/**
 * Parses a certificate and checks both signatures, and that it belongs to `expected`.
 * Throws `CryptoError` MALFORMED, UNSUPPORTED_VERSION or BAD_CERT.
 */
export function verifyDeviceCert(
  provider: Provider,
  bytes: Uint8Array,
  expected: { readonly accountId: Uint8Array; readonly aik: Uint8Array },
): DeviceCert {
  const cert = parsing(() => parseDeviceCert(bytes));
  const isExpected = sameBytes(cert.accountId, expected.accountId) && sameBytes(cert.aik, expected.aik);
  assertOr(isExpected, "BAD_CERT", "device certificate: of another account");
  const isSigned =
    provider.verify(cert.aik, deviceCertMessage(cert.tbs), cert.sigAik) &&
    provider.verify(cert.dsk, devicePopMessage(cert.tbs, cert.sigAik), cert.sigDsk);
  assertOr(isSigned, "BAD_CERT", "device certificate: signature");
  return cert;
}

/** `certHash` of a device list. */
export function deviceCertHash(provider: Provider, cert: Uint8Array): Bytes {
  return provider.sha256(deviceCertHashInput(cert));
}

/** `DSK seed 32 | DIK secret 32 | cert 266`, for the sealed store. */
export function encodeOwnDevice(own: OwnDevice): Bytes {
  return new Writer()
    .bytes(own.keys.dsk.secret, 32)
    .bytes(own.keys.dik.secret, 32)
    .bytes(own.cert.bytes, deviceCertBytes)
    .done();
}

/** Takes the public keys from the certificate: `assertOwnKeys` before the first use. Throws `CryptoError` MALFORMED. */
export function decodeOwnDevice(bytes: Uint8Array): OwnDevice {
  return parsing(() => {
    const reader = new Reader(bytes, "own device");
    const [dskSeed, dikSecret] = [reader.take(32), reader.take(32)];
    const cert = parseDeviceCert(reader.take(deviceCertBytes));
    reader.end();
    return {
      keys: { dsk: { secret: dskSeed, pub: cert.dsk }, dik: { secret: dikSecret, pub: cert.dik } },
      cert,
    };
  });
}

/** Throws `CryptoError` MALFORMED when keys and certificate do not belong together. */
export function assertOwnKeys(provider: AsymmetricProvider, { keys: { dsk, dik } }: OwnDevice): void {
  const belongs =
    sameBytes(provider.ed25519PublicKey(dsk.secret), dsk.pub) &&
    sameBytes(provider.x25519PublicKey(dik.secret), dik.pub);
  assertOr(belongs, "MALFORMED", "own device: certificate of other keys");
}

/** A signed statement that this device signs out now. */
export function signOut(provider: Provider, own: OwnDevice, nowMs: number): Bytes {
  const statement = { accountId: own.cert.accountId, deviceId: own.cert.deviceId, signedOutAtMs: nowMs };
  const sig = provider.sign(own.keys.dsk.secret, signOutMessage(statement));
  return encodeSignOutStatement({ ...statement, sig });
}

/** Throws `CryptoError` MALFORMED, BAD_BINDING (another device) or BAD_SIGNATURE. */
export function verifySignOut(provider: Provider, cert: DeviceCert, bytes: Uint8Array): SignOutStatement {
  const statement = parsing(() => parseSignOutStatement(bytes));
  const isSame = sameBytes(statement.accountId, cert.accountId) && statement.deviceId === cert.deviceId;
  assertOr(isSame, "BAD_BINDING", "sign-out statement: of another device");
  const isSigned = provider.verify(cert.dsk, signOutMessage(statement), statement.sig);
  assertOr(isSigned, "BAD_SIGNATURE", "sign-out statement: signature");
  return statement;
}

/** Proves possession of DSK to renew a session; `challenge` is the server's 32 bytes. */
export function signSessionRenewal(provider: Provider, own: OwnDevice, challenge: Uint8Array): Bytes {
  const message = sessionRenewMessage(own.cert.accountId, own.cert.deviceId, challenge);
  return provider.sign(own.keys.dsk.secret, message);
}

function deviceKeysOf(provider: Provider, dskSeed: Uint8Array, dikSecret: Uint8Array): DeviceKeys {
  return {
    dsk: { secret: dskSeed, pub: provider.ed25519PublicKey(dskSeed) },
    dik: { secret: dikSecret, pub: provider.x25519PublicKey(dikSecret) },
  };
}
