import { label } from "#schema/envelope/labels.ts";
import { type Provider } from "../provider.ts";
import { suite1 } from "../session/suite1.ts";
import { type SenderChain, type SenderChainProfile } from "./sender-chain.ts";

const none = new Uint8Array(0);
const bodyKeyInfo = label("group-bk");

/** The sender chain of suite 1 (CRYPTO 2.7). Chain constants are those of the ratchet. */
const groupSuite1: SenderChainProfile = {
  maxSkip: 2000,
  maxSkippedTotal: 2000,
  skippedMaxAgeMs: suite1.skippedMaxAgeMs,
  kdfChain: (provider, chainKey) => suite1.kdfChain(provider, chainKey),
  /** `BK = HK("", mk, L("group-bk"), 32)`. */
  contentKey: (provider, messageKey) => provider.hkdf(none, messageKey, bodyKeyInfo, 32),
  seal: (provider, contentKey, nonce, plaintext, ad) => provider.seal(contentKey, nonce, plaintext, ad),
  tryOpen: (provider, contentKey, nonce, ciphertext, ad) =>
    provider.tryOpen(contentKey, nonce, ciphertext, ad),
  sign: (provider, secret, message) => provider.sign(secret, message),
  verify: (provider, publicKey, message, signature) => provider.verify(publicKey, message, signature),
};

/** Limits of sender keys (CRYPTO 2.7). */
export const senderKeyLimits = {
  /** Remembered keys of one sending device. */
  keysPerDevice: 5,
  rotateAfterMs: 7 * 86_400_000,
  rotateAfterMessages: 1000,
} as const;

/** The sender chain of suite 1 over a provider. */
export function groupChainOf(provider: Provider): SenderChain {
  return { provider, profile: groupSuite1 };
}
