/**
 * X25519 and Ed25519 of the platform (WebCrypto): ten to fifteen times as fast as in JavaScript, and asynchronous. Where
 * the platform's are more lenient than ours, this refuses first, so that both judge alike (CRYPTO 0, decision 6).
 */
import type { Bytes } from "#schema/envelope/bytes.ts";
import { sameBytes } from "#schema/envelope/bytes.ts";
import type { FirstUse, Provider } from "../provider.ts";
import { isWeakPoint } from "./weak-point.ts";

/** The operations of a `Provider` that the platform takes over, with its arguments and results. */
export interface NativeCurves {
  /** Rejects where the provider throws. */
  x25519(secret: Uint8Array, pub: Uint8Array): Promise<Bytes>;
  x25519PublicKey(secret: Uint8Array): Promise<Bytes>;
  /** Rejects where the provider throws. */
  x25519FirstUse(secret: Uint8Array, pub: Uint8Array): Promise<FirstUse>;
  sign(seed: Uint8Array, message: Uint8Array): Promise<Bytes>;
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean>;
}

/** A key that the platform has read in. */
type KeyHandle = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

const basePoint = Uint8Array.from({ length: 32 }, (_, index) => (index === 0 ? 9 : 0));
/** RFC 8410: PrivateKeyInfo of 32 bytes, for X25519 and Ed25519. */
const privateX25519 = "302e020100300506032b656e04220420";
const privateEd25519 = "302e020100300506032b657004220420";

const platformCurves: NativeCurves = {
  x25519: async (secret, pub) => derive(await privateX25519Key(secret), await publicX25519Key(pub)),
  x25519PublicKey: (secret) => platformCurves.x25519(secret, basePoint),
  async x25519FirstUse(secret, peer) {
    const own = await privateX25519Key(secret);
    const [pub, shared] = await Promise.all(
      [basePoint, peer].map(async (point) => derive(own, await publicX25519Key(point))),
    );
    return { pub: pub!, shared: shared! };
  },
  async sign(seed, message) {
    const info = privateKeyInfo(privateEd25519, seed);
    const key = await crypto.subtle.importKey("pkcs8", info, "Ed25519", false, ["sign"]);
    return new Uint8Array(await crypto.subtle.sign("Ed25519", key, copyOf(message)));
  },
  async verify(publicKey, message, signature) {
    if (publicKey.length !== 32 || signature.length !== 64 || isWeakPoint(publicKey)) return false;
    try {
      const key = await crypto.subtle.importKey("raw", copyOf(publicKey), "Ed25519", false, ["verify"]);
      return await crypto.subtle.verify("Ed25519", key, copyOf(signature), copyOf(message));
    } catch {
      return false; // an encoding that is no point
    }
  },
};

/**
 * The platform's curves, if it has them and they agree with `provider` on fresh keys, on refusals of low-order keys and
 * on forgeries. Never throws: without them everything is computed as before.
 */
export async function tryNativeCurves(
  provider: Provider,
  curves: NativeCurves = platformCurves,
): Promise<NativeCurves | undefined> {
  try {
    return (await agrees(provider, curves)) ? curves : undefined;
  } catch {
    return undefined; // not there, or not this curve
  }
}

async function agrees(provider: Provider, curves: NativeCurves): Promise<boolean> {
  const [secret, other, message] = [provider.random(32), provider.random(32), provider.random(40)];
  const pub = provider.x25519PublicKey(secret);
  const shared = await curves.x25519(other, pub);
  const first = await curves.x25519FirstUse(other, pub);
  const signature = await curves.sign(secret, message);
  const publicKey = provider.ed25519PublicKey(secret);
  const forged = Uint8Array.from(signature, (byte, index) => (index === 40 ? byte ^ 1 : byte));
  const isLowOrderRefused = await curves.x25519(secret, new Uint8Array(32)).then(
    () => false,
    () => true,
  );
  const isFirstUseRefused = await curves.x25519FirstUse(secret, new Uint8Array(32)).then(
    () => false,
    () => true,
  );
  return (
    sameBytes(await curves.x25519PublicKey(secret), pub) &&
    sameBytes(shared, provider.x25519(other, pub)) &&
    sameBytes(first.shared, shared) &&
    sameBytes(first.pub, provider.x25519PublicKey(other)) &&
    sameBytes(signature, provider.sign(secret, message)) &&
    isLowOrderRefused &&
    isFirstUseRefused &&
    (await curves.verify(publicKey, message, signature)) &&
    !(await curves.verify(publicKey, message, forged)) &&
    !(await curves.verify(smallOrderKey, message, universalSignature))
  );
}

/** The neutral element as a key, for which a lax verifier accepts one signature for every message. */
const smallOrderKey = Uint8Array.from({ length: 32 }, (_, index) => (index === 0 ? 1 : 0));
const universalSignature = Uint8Array.from({ length: 64 }, (_, index) => (index === 0 ? 1 : 0));

function privateX25519Key(secret: Uint8Array): Promise<KeyHandle> {
  const info = privateKeyInfo(privateX25519, secret);
  return crypto.subtle.importKey("pkcs8", info, "X25519", false, ["deriveBits"]);
}

function publicX25519Key(pub: Uint8Array): Promise<KeyHandle> {
  return crypto.subtle.importKey("raw", copyOf(pub), "X25519", false, []);
}

async function derive(own: KeyHandle, peer: KeyHandle): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "X25519", public: peer }, own, 256));
}

function privateKeyInfo(head: string, secret: Uint8Array): Bytes {
  const info = new Uint8Array(48);
  for (let at = 0; at < 16; at += 1) info[at] = Number.parseInt(head.slice(at * 2, at * 2 + 2), 16);
  info.set(secret, 16);
  return info;
}

/** WebCrypto takes no view of a shared buffer; the type cannot tell. */
function copyOf(bytes: Uint8Array): Bytes {
  return Uint8Array.from(bytes);
}
