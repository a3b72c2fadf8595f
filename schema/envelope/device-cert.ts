import { assertWellFormed } from "./envelope-error.ts";
import { type Bytes, concat, Reader, Writer } from "./bytes.ts";
import { label } from "./labels.ts";

/** What the account key certifies about one device (CRYPTO 2.1, `TBS`). */
export interface DeviceCertContent {
  /** 16 bytes. */
  readonly accountId: Uint8Array;
  /** 1 … 2^32−1, never reused within an account. */
  readonly deviceId: number;
  /** Ed25519 account identity key, 32 bytes. */
  readonly aik: Uint8Array;
  /** Ed25519 device signing key, 32 bytes. */
  readonly dsk: Uint8Array;
  /** X25519 device identity key, 32 bytes. */
  readonly dik: Uint8Array;
  readonly createdAtMs: number;
}

export interface DeviceCert extends DeviceCertContent {
  /** The 138 signed bytes. */
  readonly tbs: Bytes;
  /** 64 bytes by AIK over `deviceCertMessage`. */
  readonly sigAik: Bytes;
  /** 64 bytes by DSK over `devicePopMessage`. */
  readonly sigDsk: Bytes;
  /** All 266 bytes. */
  readonly bytes: Bytes;
}

const deviceCertTbsBytes = 138;
export const deviceCertBytes = 266;

const version = 1;
const sigAlgEd25519 = 1;
/** bit 0 PQ-DR, bit 1 sender keys: both mandatory in suite 1. */
const mandatoryCaps = 0b11;

/** `ver 1 | sigAlg 1 | accountId 16 | deviceId u32 | AIK 32 | DSK 32 | DIK 32 | createdAt u64 | notAfter u64=0 | caps u32`. */
export function encodeDeviceCertTbs(content: DeviceCertContent): Bytes {
  if (content.deviceId === 0) throw new RangeError("deviceId 0 is not a device");
  return new Writer()
    .u8(version)
    .u8(sigAlgEd25519)
    .bytes(content.accountId, 16)
    .u32(content.deviceId)
    .bytes(content.aik, 32)
    .bytes(content.dsk, 32)
    .bytes(content.dik, 32)
    .u64(content.createdAtMs)
    .u64(0)
    .u32(mandatoryCaps)
    .done();
}

/** What AIK signs: `L("device-cert") ‖ TBS`. */
export function deviceCertMessage(tbs: Uint8Array): Bytes {
  return concat(label("device-cert"), tbs);
}

/** What DSK signs, proving that the device holds it: `L("device-pop") ‖ TBS ‖ sigAIK`. */
export function devicePopMessage(tbs: Uint8Array, sigAik: Uint8Array): Bytes {
  return concat(label("device-pop"), tbs, sigAik);
}

/** `certHash` of a device list is SHA-256 of this: `L("device-cert-hash") ‖ cert`. */
export function deviceCertHashInput(cert: Uint8Array): Bytes {
  return concat(label("device-cert-hash"), cert);
}

/** Parses the layout of CRYPTO 2.1. Signatures are not checked. Throws `EnvelopeError`. */
export function parseDeviceCert(bytes: Uint8Array): DeviceCert {
  assertWellFormed(bytes.length === deviceCertBytes, "device certificate: wrong length");
  const reader = new Reader(bytes, "device certificate");
  reader.version(version);
  assertWellFormed(reader.u8() === sigAlgEd25519, "device certificate: unknown signature algorithm");
  const accountId = reader.take(16);
  const deviceId = reader.u32();
  assertWellFormed(deviceId !== 0, "device certificate: device id zero");
  const content = {
    accountId,
    deviceId,
    aik: reader.take(32),
    dsk: reader.take(32),
    dik: reader.take(32),
    createdAtMs: reader.u64(),
  };
  assertWellFormed(reader.u64() === 0, "device certificate: notAfter is reserved");
  assertWellFormed(reader.u32() === mandatoryCaps, "device certificate: capabilities of another suite");
  const sigAik = reader.take(64);
  const sigDsk = reader.take(64);
  reader.end();
  const own = Uint8Array.from(bytes);
  return { ...content, tbs: own.slice(0, deviceCertTbsBytes), sigAik, sigDsk, bytes: own };
}
