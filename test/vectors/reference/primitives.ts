/** The primitives from `node:crypto`, and HChaCha20 in plain arithmetic. Slow on purpose: nothing here is shared with the product. */
import * as node from "node:crypto";

export type Hex = string;

export class Refused extends Error {}

export function refuseUnless(condition: boolean, rule: string): void {
  if (!condition) throw new Refused(rule);
}

export const bytesOf = (hex: Hex): Buffer => Buffer.from(hex, "hex");
export const hexOf = (bytes: Uint8Array): Hex => Buffer.from(bytes).toString("hex");
export const labelled = (name: string): Buffer => Buffer.from(`sotto/v1/${name}\0`, "latin1");

export const sha256 = (...parts: Uint8Array[]): Buffer =>
  node.createHash("sha256").update(Buffer.concat(parts)).digest();
export const sha512 = (...parts: Uint8Array[]): Buffer =>
  node.createHash("sha512").update(Buffer.concat(parts)).digest();
export const hmac = (key: Uint8Array, ...parts: Uint8Array[]): Buffer =>
  node.createHmac("sha256", key).update(Buffer.concat(parts)).digest();
export const hkdf = (salt: Uint8Array, ikm: Uint8Array, info: Uint8Array, length: number): Buffer =>
  Buffer.from(node.hkdfSync("sha256", ikm, salt, info, length));

/** RFC 8410 wrappers around raw keys. */
const spki = { ed25519: "302a300506032b6570032100", x25519: "302a300506032b656e032100" } as const;
const pkcs8 = {
  ed25519: "302e020100300506032b657004220420",
  x25519: "302e020100300506032b656e04220420",
} as const;

function publicKey(kind: keyof typeof spki, raw: Uint8Array): node.KeyObject {
  return node.createPublicKey({
    key: Buffer.concat([bytesOf(spki[kind]), raw]),
    format: "der",
    type: "spki",
  });
}

function privateKey(kind: keyof typeof pkcs8, raw: Uint8Array): node.KeyObject {
  return node.createPrivateKey({
    key: Buffer.concat([bytesOf(pkcs8[kind]), raw]),
    format: "der",
    type: "pkcs8",
  });
}

export function publicOf(kind: "ed25519" | "x25519", secret: Uint8Array): Buffer {
  const der = node.createPublicKey(privateKey(kind, secret)).export({ format: "der", type: "spki" });
  return der.subarray(-32);
}

export function isSigned(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return node.verify(null, message, publicKey("ed25519", key), signature);
}

export function agree(secret: Uint8Array, other: Uint8Array): Buffer {
  return node.diffieHellman({
    privateKey: privateKey("x25519", secret),
    publicKey: publicKey("x25519", other),
  });
}

/** ChaCha20-Poly1305 of RFC 8439. */
export function openIetf(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, ad: Uint8Array): Buffer {
  refuseUnless(sealed.length >= 16, "shorter than a tag");
  const cipher = node.createDecipheriv("chacha20-poly1305", key, nonce, { authTagLength: 16 });
  cipher.setAAD(ad, { plaintextLength: sealed.length - 16 });
  cipher.setAuthTag(sealed.subarray(-16));
  const plaintext = cipher.update(sealed.subarray(0, -16));
  try {
    cipher.final();
  } catch {
    throw new Refused("tag");
  }
  return plaintext;
}

/** XChaCha20-Poly1305 of draft-irtf-cfrg-xchacha: HChaCha20 over the first 16 nonce bytes, then RFC 8439 with the rest. */
export function open(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, ad: Uint8Array): Buffer {
  const subkey = hchacha20(key, nonce.subarray(0, 16));
  return openIetf(subkey, Buffer.concat([Buffer.alloc(4), nonce.subarray(16)]), sealed, ad);
}

/** XChaCha20-Poly1305 without associated data. */
export function seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array): Buffer {
  const subkey = hchacha20(key, nonce.subarray(0, 16));
  const inner = Buffer.concat([Buffer.alloc(4), nonce.subarray(16)]);
  const cipher = node.createCipheriv("chacha20-poly1305", subkey, inner, { authTagLength: 16 });
  return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

function hchacha20(key: Uint8Array, nonce: Uint8Array): Buffer {
  const input = Buffer.concat([Buffer.from("expand 32-byte k", "latin1"), key, nonce]);
  const state = Array.from({ length: 16 }, (_, at) => input.readUInt32LE(at * 4));
  const add = (a: number, b: number): number => (a + b) % 2 ** 32;
  const rotate = (a: number, by: number): number => ((a << by) | (a >>> (32 - by))) >>> 0;
  const half = (a: number, b: number, d: number, by: number): void => {
    state[a] = add(state[a]!, state[b]!);
    state[d] = rotate((state[d]! ^ state[a]) >>> 0, by);
  };
  const quarter = (a: number, b: number, c: number, d: number): void => {
    half(a, b, d, 16);
    half(c, d, b, 12);
    half(a, b, d, 8);
    half(c, d, b, 7);
  };
  for (let round = 0; round < 10; round += 1) {
    for (let column = 0; column < 4; column += 1) quarter(column, column + 4, column + 8, column + 12);
    for (let at = 0; at < 4; at += 1) {
      quarter(at, 4 + ((at + 1) % 4), 8 + ((at + 2) % 4), 12 + ((at + 3) % 4));
    }
  }
  const out = Buffer.alloc(32);
  for (let at = 0; at < 4; at += 1) {
    out.writeUInt32LE(state[at]!, at * 4);
    out.writeUInt32LE(state[12 + at]!, 16 + at * 4);
  }
  return out;
}
