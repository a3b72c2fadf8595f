import { type Bytes, concat, Reader, sameBytes, Writer } from "#schema/envelope/bytes.ts";
import { type DeviceCert, deviceCertBytes, parseDeviceCert } from "#schema/envelope/device-cert.ts";
import { label } from "#schema/envelope/labels.ts";
import { type DeviceAddress, type OwnDevice, verifyDeviceCert } from "../device-identity.ts";
import { assertOr, CryptoError, parsing } from "../errors.ts";
import { type Provider } from "../provider.ts";

/** Where a chain of manifests stood when somebody last saw it. */
export interface ChainHead {
  readonly deviceId: number;
  readonly version: number;
  /** Hash of the manifest with that version, 32 bytes. */
  readonly hash: Uint8Array;
}

/** Positions of a conversation in a segment, to know what to fetch first. */
export interface SegmentRange {
  /** The first 8 bytes of the conversation id. */
  readonly conversationTag: Uint8Array;
  readonly from: number;
  readonly to: number;
}

export interface SegmentReference {
  /** 16 bytes. */
  readonly segmentId: Uint8Array;
  /** SHA-256 of the sealed segment. */
  readonly hash: Uint8Array;
  readonly entryCount: number;
  readonly ranges: readonly SegmentRange[];
}

/** What a device has backed up (CRYPTO 2.13). Each device writes a chain of its own, so two never conflict. */
export interface Manifest {
  /** 1, 2, 3 … */
  readonly version: number;
  /** Hash of the manifest before, zeros for the first. */
  readonly prevHash: Uint8Array;
  readonly writtenAtMs: number;
  /** Other devices' chains as this device last saw them: none of them can be rolled back alone. */
  readonly witnessed: readonly ChainHead[];
  readonly segments: readonly SegmentReference[];
}

export interface OpenedManifest extends Manifest {
  readonly deviceId: number;
  readonly hash: Uint8Array;
}

export const conversationTagBytes = 8;
const version = 1;
const nonceBytes = 24;
const signatureBytes = 64;

/**
 * `ver 1 | nonce 24 | SEAL(HK("", root, L("bman") ‖ accountId ‖ deviceId, 32), nonce, plaintext, ad = L("bman-ad") ‖ accountId ‖ deviceId)`
 * with `plaintext = cert 266 | version u64 | prevHash 32 | writtenAt u64 | n u8 × (device u32 | version u64 | hash 32)
 * | n u32 × (segId 16 | hash 32 | entries u32 | n u16 × (convTag 8 | from u64 | to u64)) | SIG(DSK, L("bman-sig") ‖ all before)`.
 * The certificate is inside, so that a chain can be verified when its device has long left the device list.
 */
export function sealManifest(
  provider: Provider,
  root: Uint8Array,
  own: OwnDevice,
  manifest: Manifest,
): Bytes {
  const tbs = encodeTbs(own.cert, manifest);
  const plaintext = concat(tbs, provider.sign(own.keys.dsk.secret, concat(label("bman-sig"), tbs)));
  const nonce = provider.random(nonceBytes);
  const key = manifestKey(provider, root, own.cert);
  const sealed = provider.seal(key, nonce, plaintext, manifestAd(own.cert));
  return new Writer().u8(version).bytes(nonce).bytes(sealed).done();
}

/**
 * Throws `CryptoError`: MALFORMED, UNSUPPORTED_VERSION, BAD_TAG (another root, account or device), BAD_CERT (a device that the
 * account key never certified), BAD_SIGNATURE. Without `aik` the account key is taken from the certificate: for an archive
 * whose passphrase vouches for it.
 */
export function openManifest(
  provider: Provider,
  root: Uint8Array,
  expected: DeviceAddress & { readonly aik?: Uint8Array },
  bytes: Uint8Array,
): OpenedManifest {
  const { nonce, sealed } = parsing(() => {
    const reader = new Reader(bytes, "backup manifest");
    reader.version(version);
    return { nonce: reader.take(nonceBytes), sealed: reader.rest() };
  });
  const key = manifestKey(provider, root, expected);
  const plaintext = provider.tryOpen(key, nonce, sealed, manifestAd(expected));
  if (plaintext === undefined) throw new CryptoError("BAD_TAG", "backup manifest: tag");
  assertOr(plaintext.length > deviceCertBytes + signatureBytes, "MALFORMED", "backup manifest: truncated");
  const tbs = plaintext.subarray(0, -signatureBytes);
  const certBytes = tbs.subarray(0, deviceCertBytes);
  const { accountId, deviceId } = expected;
  const aik = expected.aik ?? parsing(() => parseDeviceCert(certBytes)).aik;
  const cert = verifyDeviceCert(provider, certBytes, { accountId, aik });
  assertOr(cert.deviceId === deviceId, "BAD_CERT", "backup manifest: of another device");
  const signature = plaintext.subarray(-signatureBytes);
  const isSigned = provider.verify(cert.dsk, concat(label("bman-sig"), tbs), signature);
  assertOr(isSigned, "BAD_SIGNATURE", "backup manifest: signature");
  return { ...parseTbs(tbs), deviceId, hash: manifestHash(provider, bytes) };
}

/** `H(L("bman-hash") ‖ sealed manifest)`. */
export function manifestHash(provider: Provider, bytes: Uint8Array): Bytes {
  return provider.sha256(concat(label("bman-hash"), bytes));
}

/**
 * Refuses a manifest that is older than a known head of its chain, or another one in its place (attack 66).
 * Throws `CryptoError` STATE_ROLLBACK.
 */
export function assertNotOlder(manifest: OpenedManifest, heads: readonly ChainHead[]): void {
  for (const head of heads) {
    if (head.deviceId !== manifest.deviceId) continue;
    assertOr(manifest.version >= head.version, "STATE_ROLLBACK", "backup manifest: older than one known");
    const isSame = manifest.version !== head.version || sameBytes(manifest.hash, head.hash);
    assertOr(isSame, "STATE_ROLLBACK", "backup manifest: another one at a known version");
    const follows = manifest.version !== head.version + 1 || sameBytes(manifest.prevHash, head.hash);
    assertOr(follows, "STATE_ROLLBACK", "backup manifest: does not follow the one known");
  }
}

function encodeTbs(cert: DeviceCert, manifest: Manifest): Bytes {
  const { witnessed, segments } = manifest;
  const writer = new Writer().bytes(cert.bytes, deviceCertBytes).u64(manifest.version);
  writer.bytes(manifest.prevHash, 32).u64(manifest.writtenAtMs).u8(witnessed.length);
  for (const head of witnessed) writer.u32(head.deviceId).u64(head.version).bytes(head.hash, 32);
  writer.u32(segments.length);
  for (const { segmentId, hash, entryCount, ranges } of segments) {
    writer.bytes(segmentId, 16).bytes(hash, 32).u32(entryCount).u16(ranges.length);
    for (const { conversationTag, from, to } of ranges) {
      writer.bytes(conversationTag, conversationTagBytes).u64(from).u64(to);
    }
  }
  return writer.done();
}

function parseTbs(tbs: Uint8Array): Manifest {
  return parsing(() => {
    const reader = new Reader(tbs, "backup manifest");
    reader.take(deviceCertBytes);
    const [manifestVersion, prevHash, writtenAtMs] = [reader.u64(), reader.take(32), reader.u64()];
    assertOr(manifestVersion > 0, "MALFORMED", "backup manifest: version zero");
    const witnessed = Array.from({ length: reader.u8() }, () => {
      return { deviceId: reader.u32(), version: reader.u64(), hash: reader.take(32) };
    });
    const count = reader.u32();
    assertOr(count * 54 <= reader.remaining, "MALFORMED", "backup manifest: truncated");
    const segments = Array.from({ length: count }, () => ({
      segmentId: reader.take(16),
      hash: reader.take(32),
      entryCount: reader.u32(),
      ranges: Array.from({ length: reader.u16() }, () => {
        return { conversationTag: reader.take(conversationTagBytes), from: reader.u64(), to: reader.u64() };
      }),
    }));
    reader.end();
    return { version: manifestVersion, prevHash, writtenAtMs, witnessed, segments };
  });
}

function manifestKey(provider: Provider, root: Uint8Array, address: DeviceAddress): Bytes {
  if (root.length !== 32) throw new RangeError("backup root: expected 32 bytes");
  return provider.hkdf(new Uint8Array(0), root, concat(label("bman"), encodeAddress(address)), 32);
}

function manifestAd(address: DeviceAddress): Bytes {
  return concat(label("bman-ad"), encodeAddress(address));
}

function encodeAddress({ accountId, deviceId }: DeviceAddress): Bytes {
  return new Writer().bytes(accountId, 16).u32(deviceId).done();
}
