import { type Bytes, concat, Writer } from "#schema/envelope/bytes.ts";
import { assertOr, CryptoError } from "../errors.ts";
import { type KeyPair, type Provider } from "../provider.ts";

/** RFC 9180 with DHKEM(X25519, HKDF-SHA256); KDF and AEAD are the profile's. */
export interface HpkeSuite {
  readonly kdfId: number;
  readonly aeadId: number;
  readonly keyBytes: number;
  readonly nonceBytes: number;
  seal(provider: Provider, key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, ad: Uint8Array): Bytes;
  /** `undefined` when the tag does not hold. */
  tryOpen(
    provider: Provider,
    key: Uint8Array,
    nonce: Uint8Array,
    ciphertext: Uint8Array,
    ad: Uint8Array,
  ): Bytes | undefined;
}

/** HKDF-SHA256 and ChaCha20-Poly1305: the only suite of the product. */
export const hpkeChaCha: HpkeSuite = {
  kdfId: 0x0001,
  aeadId: 0x0003,
  keyBytes: 32,
  nonceBytes: 12,
  seal: (provider, key, nonce, plaintext, ad) => provider.sealIetf(key, nonce, plaintext, ad),
  tryOpen: (provider, key, nonce, ciphertext, ad) => provider.tryOpenIetf(key, nonce, ciphertext, ad),
};

export interface HpkeInputs {
  readonly info: Uint8Array;
  /** mode_psk instead of mode_base; the key has at least 32 bytes. */
  readonly psk?: { readonly key: Uint8Array; readonly id: Uint8Array };
}

const kemId = 0x0020;
const modes = { base: 0, psk: 1 } as const;
const pskMinBytes = 32;
const hashBytes = 32;
const none = new Uint8Array(0);
const ascii = new TextEncoder();
const protocol = ascii.encode("HPKE-v1");

/** Both ends of a transfer: messages in order, each under its own nonce, and secrets that only the two ends can compute. */
export class HpkeContext {
  readonly #provider: Provider;
  readonly #suite: HpkeSuite;
  readonly #key: Uint8Array;
  readonly #baseNonce: Uint8Array;
  readonly #exporterSecret: Uint8Array;
  #sequence = 0;

  constructor(provider: Provider, suite: HpkeSuite, schedule: KeySchedule) {
    this.#provider = provider;
    this.#suite = suite;
    this.#key = schedule.key;
    this.#baseNonce = schedule.baseNonce;
    this.#exporterSecret = schedule.exporterSecret;
  }

  seal(plaintext: Uint8Array, ad: Uint8Array = none): Bytes {
    const sealed = this.#suite.seal(this.#provider, this.#key, this.#nonce(), plaintext, ad);
    this.#sequence += 1;
    return sealed;
  }

  /** Throws `CryptoError` BAD_TAG; the next message is still the one that did not open. */
  open(ciphertext: Uint8Array, ad: Uint8Array = none): Bytes {
    const plaintext = this.#suite.tryOpen(this.#provider, this.#key, this.#nonce(), ciphertext, ad);
    if (plaintext === undefined) throw new CryptoError("BAD_TAG", "hpke: tag");
    this.#sequence += 1;
    return plaintext;
  }

  /** A secret of `length` bytes for one purpose (RFC 9180 §5.3). */
  export(context: Uint8Array, length: number): Bytes {
    const id = suiteId(this.#suite);
    return labeledExpand(this.#provider, id, this.#exporterSecret, "sec", context, length);
  }

  #nonce(): Bytes {
    const nonce = Uint8Array.from(this.#baseNonce);
    for (let at = nonce.length - 1, left = this.#sequence; left > 0; at -= 1, left = Math.floor(left / 256)) {
      nonce[at]! ^= left % 256;
    }
    return nonce;
  }
}

interface KeySchedule {
  readonly key: Bytes;
  readonly baseNonce: Bytes;
  readonly exporterSecret: Bytes;
}

/** Begins a transfer to `recipient`. `enc` travels beside the ciphertexts. Throws `CryptoError` MALFORMED for a low-order key. */
export function hpkeSender(
  provider: Provider,
  suite: HpkeSuite,
  recipient: Uint8Array,
  inputs: HpkeInputs,
): { readonly enc: Bytes; readonly context: HpkeContext } {
  const ephemeral = provider.random(32);
  const enc = provider.x25519PublicKey(ephemeral);
  const shared = kemSecret(provider, provider.x25519(ephemeral, recipient), enc, recipient);
  return { enc, context: contextOf(provider, suite, shared, inputs) };
}

/** The other end. Throws `CryptoError` MALFORMED for an `enc` of another length or of low order. */
export function hpkeRecipient(
  provider: Provider,
  suite: HpkeSuite,
  own: KeyPair,
  enc: Uint8Array,
  inputs: HpkeInputs,
): HpkeContext {
  assertOr(enc.length === 32, "MALFORMED", "hpke: encapsulated key");
  const shared = kemSecret(provider, provider.x25519(own.secret, enc), enc, own.pub);
  return contextOf(provider, suite, shared, inputs);
}

function contextOf(
  provider: Provider,
  suite: HpkeSuite,
  shared: Uint8Array,
  { info, psk }: HpkeInputs,
): HpkeContext {
  if (psk !== undefined && (psk.key.length < pskMinBytes || psk.id.length === 0)) {
    throw new RangeError("hpke: psk shorter than 32 bytes, or without an id");
  }
  const id = suiteId(suite);
  const extract = (salt: Uint8Array, label: string, ikm: Uint8Array): Bytes =>
    labeledExtract(provider, id, salt, label, ikm);
  const context = concat(
    Uint8Array.of(psk === undefined ? modes.base : modes.psk),
    extract(none, "psk_id_hash", psk?.id ?? none),
    extract(none, "info_hash", info),
  );
  const secret = extract(shared, "secret", psk?.key ?? none);
  const expand = (label: string, length: number): Bytes =>
    labeledExpand(provider, id, secret, label, context, length);
  return new HpkeContext(provider, suite, {
    key: expand("key", suite.keyBytes),
    baseNonce: expand("base_nonce", suite.nonceBytes),
    exporterSecret: expand("exp", hashBytes),
  });
}

/** ExtractAndExpand of DHKEM (§4.1). */
function kemSecret(provider: Provider, dh: Uint8Array, enc: Uint8Array, recipient: Uint8Array): Bytes {
  const id = new Writer().bytes(ascii.encode("KEM")).u16(kemId).done();
  const prk = labeledExtract(provider, id, none, "eae_prk", dh);
  return labeledExpand(provider, id, prk, "shared_secret", concat(enc, recipient), hashBytes);
}

function suiteId(suite: HpkeSuite): Bytes {
  return new Writer().bytes(ascii.encode("HPKE")).u16(kemId).u16(suite.kdfId).u16(suite.aeadId).done();
}

function labeledExtract(
  provider: Provider,
  id: Uint8Array,
  salt: Uint8Array,
  label: string,
  ikm: Uint8Array,
): Bytes {
  return provider.hmac(salt, concat(protocol, id, ascii.encode(label), ikm));
}

function labeledExpand(
  provider: Provider,
  id: Uint8Array,
  prk: Uint8Array,
  label: string,
  info: Uint8Array,
  length: number,
): Bytes {
  const head = new Writer().u16(length).bytes(protocol).bytes(id).bytes(ascii.encode(label)).done();
  return expand(provider, prk, concat(head, info), length);
}

/** HKDF-Expand (RFC 5869 §2.3); the provider's `hkdf` has no separate halves. */
function expand(provider: Provider, prk: Uint8Array, info: Uint8Array, length: number): Bytes {
  if (length > 255 * hashBytes) throw new RangeError("hpke: export too long");
  const blocks: Bytes[] = [];
  let block: Bytes = none;
  for (let counter = 1; blocks.length * hashBytes < length; counter += 1) {
    block = provider.hmac(prk, concat(block, info, Uint8Array.of(counter)));
    blocks.push(block);
  }
  return concat(...blocks).slice(0, length);
}
