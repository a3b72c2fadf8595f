/** Ed25519 through WebCrypto, with the small-order keys refused that it would accept universal forgeries under. */
import { SottoError } from "#schema/errors.ts";
import { sameBytes } from "#schema/envelope/bytes.ts";

/** y-coordinates of the points of small order and their non-canonical twins, sign bit cleared. */
const smallOrder = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
].map((hex) =>
  Uint8Array.from({ length: 32 }, (_, index) => parseInt(hex.slice(index * 2, index * 2 + 2), 16)),
);

export interface Signed {
  readonly key: Uint8Array;
  readonly message: Uint8Array<ArrayBuffer>;
  readonly signature: Uint8Array;
}

/** Throws `bad_signature` unless every signature holds. */
export async function assertSignatures(signed: readonly Signed[]): Promise<void> {
  const verdicts = await Promise.all(signed.map(isSignatureGood));
  if (verdicts.includes(false)) throw new SottoError("bad_signature", "A signature does not hold.");
}

async function isSignatureGood({ key, message, signature }: Signed): Promise<boolean> {
  if (hasSmallOrder(key)) return false;
  try {
    const imported = await crypto.subtle.importKey("raw", Uint8Array.from(key), "Ed25519", false, ["verify"]);
    return await crypto.subtle.verify("Ed25519", imported, Uint8Array.from(signature), message);
  } catch {
    // Not the encoding of a point: nothing is signed by it.
    return false;
  }
}

function hasSmallOrder(key: Uint8Array): boolean {
  const unsigned = Uint8Array.from(key);
  unsigned[31] = (unsigned[31] ?? 0) & 0x7f;
  return smallOrder.some((point) => sameBytes(point, unsigned));
}
