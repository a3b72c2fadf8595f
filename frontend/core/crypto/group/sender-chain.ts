import { type Bytes, concat } from "#schema/envelope/bytes.ts";
import { assertOr, CryptoError } from "../errors.ts";
import { type Provider } from "../provider.ts";
import { type RatchetProfile, type SkippedKeys } from "../session/ratchet-state.ts";
import { boundSkipped, skipKeys, takeKey } from "../session/skipped-keys.ts";

/** What makes a profile of the sender chain: key derivation, limits, cipher and signature. */
export interface SenderChainProfile extends Pick<RatchetProfile, "kdfChain"> {
  readonly maxSkip: number;
  readonly maxSkippedTotal: number;
  readonly skippedMaxAgeMs: number;
  /** Opens one message and tells nothing about the chain. */
  contentKey(provider: Provider, messageKey: Uint8Array): Bytes;
  seal(
    provider: Provider,
    contentKey: Uint8Array,
    nonce: Uint8Array,
    plaintext: Uint8Array,
    ad: Uint8Array,
  ): Bytes;
  /** `undefined` when the seal does not hold. */
  tryOpen(
    provider: Provider,
    contentKey: Uint8Array,
    nonce: Uint8Array,
    ciphertext: Uint8Array,
    ad: Uint8Array,
  ): Bytes | undefined;
  sign(provider: Provider, secret: Uint8Array, message: Uint8Array): Bytes;
  verify(provider: Provider, publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

export interface SenderChain {
  readonly provider: Provider;
  readonly profile: SenderChainProfile;
}

/** The sender's end of a chain. */
export interface SendingChain {
  readonly chainKey: Uint8Array;
  /** Number of the next message. */
  readonly number: number;
}

/** A receiver's end of a chain. */
export interface ReceivingChain extends SendingChain {
  /** Keys of messages that were passed over. */
  readonly skipped: SkippedKeys;
}

/** The layout around one message: what stands before the ciphertext, and what is bound in front of it. */
export interface ChainFrame {
  readonly nonce: Uint8Array;
  /** All bytes before the ciphertext. */
  readonly head: Uint8Array;
  /** Prefix of the associated data; the head follows. */
  readonly adPrefix: Uint8Array;
  /** Prefix of what is signed; head and ciphertext follow. */
  readonly signaturePrefix: Uint8Array;
}

export interface SealedInChain {
  readonly chain: SendingChain;
  /** `head ‖ ciphertext ‖ signature`. */
  readonly bytes: Bytes;
  readonly contentKey: Bytes;
}

/** Seals and signs the next message; `frameOf` gets its number. The key is used up: store `chain` before anything is sent. */
export function sealInChain(
  core: SenderChain,
  chain: SendingChain,
  signingSecret: Uint8Array,
  frameOf: (number: number) => ChainFrame,
  plaintext: Uint8Array,
): SealedInChain {
  const { provider, profile } = core;
  const step = profile.kdfChain(provider, chain.chainKey);
  const { nonce, head, adPrefix, signaturePrefix } = frameOf(chain.number);
  const contentKey = profile.contentKey(provider, step.messageKey);
  step.messageKey.fill(0);
  const ciphertext = profile.seal(provider, contentKey, nonce, plaintext, concat(adPrefix, head));
  const signed = concat(head, ciphertext);
  const signature = profile.sign(provider, signingSecret, concat(signaturePrefix, signed));
  return {
    chain: { chainKey: step.chainKey, number: chain.number + 1 },
    bytes: concat(signed, signature),
    contentKey,
  };
}

export interface ReceivedFrame extends ChainFrame {
  readonly number: number;
  readonly ciphertext: Uint8Array;
  readonly signature: Uint8Array;
}

export interface OpenedInChain {
  /** To be kept only after everything about the message was found good. */
  readonly chain: ReceivingChain;
  readonly plaintext: Bytes;
  readonly contentKey: Bytes;
}

/**
 * Opens one message: signature first, then the chain, then the seal. Nothing is changed by a refusal.
 * Throws `CryptoError`: BAD_SIGNATURE, TOO_FAR (before any derivation), DUPLICATE, BAD_TAG.
 */
export function openInChain(
  core: SenderChain,
  chain: ReceivingChain,
  signingKey: Uint8Array,
  frame: ReceivedFrame,
  nowMs: number,
): OpenedInChain {
  const { provider, profile } = core;
  const message = concat(frame.signaturePrefix, frame.head, frame.ciphertext);
  const isSigned = profile.verify(provider, signingKey, message, frame.signature);
  assertOr(isSigned, "BAD_SIGNATURE", "sender chain: signature");
  const step = messageKeyAt(core, chain, frame.number, nowMs);
  const ad = concat(frame.adPrefix, frame.head);
  const contentKey = profile.contentKey(provider, step.messageKey);
  const plaintext = profile.tryOpen(provider, contentKey, frame.nonce, frame.ciphertext, ad);
  if (plaintext === undefined) throw new CryptoError("BAD_TAG", "sender chain: tag");
  return { chain: step.chain, contentKey, plaintext };
}

/** Derives the chain key at `number`, without changing anything. The caller has bounded the distance. */
export function chainKeyAt(core: SenderChain, chain: SendingChain, number: number): Uint8Array {
  let { chainKey } = chain;
  for (let at = chain.number; at < number; at += 1) {
    chainKey = core.profile.kdfChain(core.provider, chainKey).chainKey;
  }
  return chainKey;
}

function messageKeyAt(
  core: SenderChain,
  before: ReceivingChain,
  number: number,
  nowMs: number,
): { readonly chain: ReceivingChain; readonly messageKey: Uint8Array } {
  const limits = { ...core.profile, maxClosedChains: 0 };
  const chain = { ...before, skipped: boundSkipped(limits, before.skipped, [], nowMs).current };
  if (number < chain.number) {
    const taken = takeKey(chain.skipped, number);
    if (taken === undefined)
      throw new CryptoError("DUPLICATE", "sender chain: key used, expired or never had");
    return { chain: { ...chain, skipped: taken.rest }, messageKey: taken.key.messageKey };
  }
  const isNear = number - chain.number <= core.profile.maxSkip;
  assertOr(isNear, "TOO_FAR", "sender chain: too many messages skipped");
  const advanced = skipKeys(core, chain, chain.number, number, nowMs);
  const step = core.profile.kdfChain(core.provider, advanced.chainKey);
  const skipped = boundSkipped(limits, advanced.skipped, [], nowMs).current;
  return { chain: { chainKey: step.chainKey, number: number + 1, skipped }, messageKey: step.messageKey };
}
