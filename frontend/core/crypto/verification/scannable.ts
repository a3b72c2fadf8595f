import { type Bytes, Reader, Writer } from "#schema/envelope/bytes.ts";
import { assertOr, CryptoError, parsing } from "../errors.ts";
import { type Provider } from "../provider.ts";

/** What a QR code of a safety number says: the first 32 bytes of both fingerprints. */
export interface ScannableFingerprint {
  readonly version: number;
  /** Of the side that shows the code. */
  readonly local: Uint8Array;
  readonly remote: Uint8Array;
}

const fingerprintBytes = 32;
/** Field numbers and wire types of Signal's `CombinedFingerprints`. */
const tags = { version: 0x08, local: 0x12, remote: 0x1a, content: 0x0a } as const;

/** Signal's protobuf in its one canonical spelling: `08 version | 12 22 0a 20 local 32 | 1a 22 0a 20 remote 32`. */
export function encodeScannable({ version, local, remote }: ScannableFingerprint): Bytes {
  if (version > 127) throw new RangeError("scannable fingerprint: version above one byte");
  const writer = new Writer().u8(tags.version).u8(version);
  for (const [tag, fingerprint] of [
    [tags.local, local],
    [tags.remote, remote],
  ] as const) {
    writer.u8(tag).u8(fingerprintBytes + 2);
    writer.u8(tags.content).u8(fingerprintBytes).bytes(fingerprint.subarray(0, fingerprintBytes));
  }
  return writer.done();
}

/** Reads the canonical spelling only. Throws `CryptoError` MALFORMED. */
export function parseScannable(bytes: Uint8Array): ScannableFingerprint {
  return parsing(() => {
    const reader = new Reader(bytes, "scannable fingerprint");
    const expectByte = (value: number): void =>
      assertOr(reader.u8() === value, "MALFORMED", "scannable fingerprint: another layout");
    const fingerprint = (tag: number): Bytes => {
      for (const byte of [tag, fingerprintBytes + 2, tags.content, fingerprintBytes]) expectByte(byte);
      return reader.take(fingerprintBytes);
    };
    expectByte(tags.version);
    const version = reader.u8();
    assertOr(version <= 127, "MALFORMED", "scannable fingerprint: version above one byte");
    const scannable = { version, local: fingerprint(tags.local), remote: fingerprint(tags.remote) };
    reader.end();
    return scannable;
  });
}

/**
 * Compares what was scanned from the other side's screen with what is computed here: theirs must be ours turned round.
 * Throws `CryptoError` MALFORMED, or UNSUPPORTED_VERSION when both sides do not compute the same kind.
 */
export function isSameScannable(provider: Provider, own: ScannableFingerprint, scanned: Uint8Array): boolean {
  const theirs = parseScannable(scanned);
  if (theirs.version !== own.version) {
    throw new CryptoError("UNSUPPORTED_VERSION", "scannable fingerprint: of another version");
  }
  const isTheirSide = provider.equal(theirs.local, own.remote.subarray(0, fingerprintBytes));
  const isOurSide = provider.equal(theirs.remote, own.local.subarray(0, fingerprintBytes));
  return isTheirSide && isOurSide;
}
