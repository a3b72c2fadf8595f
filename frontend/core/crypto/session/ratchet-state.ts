import { type Bytes } from "#schema/envelope/bytes.ts";
import { type KeyPair, type Provider } from "../provider.ts";

/** What a message tells the peer's ratchet (CRYPTO 2.4, header plaintext). */
export interface Header {
  /** Sender's current ratchet key, 32 bytes. */
  readonly dh: Uint8Array;
  /** Messages in the sender's previous chain. */
  readonly previousCount: number;
  /** Number of this message in its chain, from 0. */
  readonly number: number;
  /** An ML-KEM-768 encapsulation key on offer, 1,184 bytes. */
  readonly kemOffer?: { readonly seq: number; readonly ek: Uint8Array };
  /** The ciphertext that went into this chain's root step, 1,088 bytes. */
  readonly kemReply?: { readonly seq: number; readonly ciphertext: Uint8Array };
}

export interface SkippedKey {
  readonly messageKey: Uint8Array;
  readonly storedAtMs: number;
}

export type SkippedKeys = ReadonlyMap<number, SkippedKey>;

/** A receiving chain that the peer has left behind. */
export interface ClosedChain {
  readonly headerKey: Uint8Array;
  readonly skipped: SkippedKeys;
}

/** The whole state of one ratchet; values only, every step gives a new one (CRYPTO 2.4). */
export interface RatchetState {
  readonly rootKey: Uint8Array;
  readonly sending: {
    readonly dh: KeyPair;
    readonly chainKey?: Uint8Array;
    readonly headerKey?: Uint8Array;
    readonly nextHeaderKey: Uint8Array;
    readonly count: number;
    readonly previousCount: number;
    /** A receive made a new sending chain due; it is made by the next send. */
    readonly isStale: boolean;
  };
  readonly receiving: {
    readonly dh?: Uint8Array;
    readonly chainKey?: Uint8Array;
    readonly headerKey?: Uint8Array;
    readonly nextHeaderKey: Uint8Array;
    readonly count: number;
    readonly skipped: SkippedKeys;
  };
  /** Newest first. */
  readonly closed: readonly ClosedChain[];
  readonly kem: {
    /** Our outstanding offer. */
    readonly self?: { readonly seq: number; readonly seed: Uint8Array };
    readonly selfSeq: number;
    /** The newest unused offer of the peer. */
    readonly peer?: { readonly seq: number; readonly ek: Uint8Array };
    readonly peerSeq: number;
    /** What our current sending chain was seeded with. */
    readonly reply?: { readonly seq: number; readonly ciphertext: Uint8Array };
    readonly chainsSince: number;
    readonly messagesSince: number;
    readonly lastAtMs: number;
  };
}

/** What makes a profile of the ratchet: key derivation, limits, and when to offer a PQ step. */
export interface RatchetProfile {
  readonly maxSkip: number;
  readonly maxSkippedTotal: number;
  readonly maxClosedChains: number;
  readonly skippedMaxAgeMs: number;
  /** `undefined`: never offer PQ steps. */
  readonly pq: { readonly chains: number; readonly ageMs: number; readonly messages: number } | undefined;
  kdfRoot(provider: Provider, rootKey: Uint8Array, ikm: Uint8Array): RootStep;
  kdfChain(
    provider: Provider,
    chainKey: Uint8Array,
  ): { readonly messageKey: Bytes; readonly chainKey: Bytes };
}

export interface RootStep {
  readonly rootKey: Bytes;
  readonly chainKey: Bytes;
  readonly nextHeaderKey: Bytes;
}

export interface Ratchet {
  readonly provider: Provider;
  readonly profile: RatchetProfile;
}
