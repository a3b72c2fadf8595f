import { groupBodyType } from "#schema/envelope/group-body.ts";
import {
  type ConversationKeys,
  encodeConversationKeys,
  parseConversationKeys,
} from "./backup/key-entries.ts";
import { openBeside, sealBeside, type SealedBeside } from "./beside-capsule.ts";
import type { BesideKey } from "./capsule.ts";
import type { DeviceAddress } from "./device-identity.ts";
import { assertOr } from "./errors.ts";
import type { Provider } from "./provider.ts";

/** Keys in one envelope: with as many senders and the longest capsule they stay below what a to-device message may have. */
export const historyKeysMax = 28;

/**
 * Keys of earlier messages of one group for who came in (CRYPTO 2.7, decision 140): `encodeConversationKeys`, as `sealBeside` under
 * `L("history")`. Throws `RangeError` for more than 28 keys, and for any that is not of a group's message.
 */
export function sealHistoryKeys(
  provider: Provider,
  from: DeviceAddress,
  keys: ConversationKeys,
): SealedBeside {
  if (!isShareable(keys)) throw new RangeError("history: other keys, or too many");
  return sealBeside(provider, "history", from, encodeConversationKeys(keys));
}

/** Throws `CryptoError` as `openBeside`, and MALFORMED, also for keys that nobody hands on. */
export function openHistoryKeys(
  provider: Provider,
  from: DeviceAddress,
  named: BesideKey,
  sealed: Pick<SealedBeside, "nonce" | "ciphertext">,
): ConversationKeys {
  const keys = parseConversationKeys(openBeside(provider, "history", from, named, sealed));
  assertOr(isShareable(keys), "MALFORMED", "history: other keys, or too many");
  return keys;
}

function isShareable({ entries }: ConversationKeys): boolean {
  return entries.length <= historyKeysMax && entries.every(({ bodyType }) => bodyType === groupBodyType);
}
