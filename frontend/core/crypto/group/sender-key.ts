import { sameBytes } from "#schema/envelope/bytes.ts";
import { type DeviceAddress } from "../device-identity.ts";
import { assertOr } from "../errors.ts";
import { type KeyPair, type Provider } from "../provider.ts";
import { type GroupHistory, wasMember, stateAt } from "./group-history.ts";
import { groupChainOf, senderKeyLimits } from "./group-suite1.ts";
import { chainKeyAt, type ReceivingChain, type SendingChain } from "./sender-chain.ts";
import { type GroupSettingsKey, type SenderKeyMessage } from "./sender-key-message.ts";

/** This device's sender key in one group. */
export interface OwnSenderKey {
  /** 8 bytes. */
  readonly id: Uint8Array;
  readonly groupId: Uint8Array;
  /** State of the group when the key was made. */
  readonly epoch: number;
  readonly createdAtMs: number;
  /** Ed25519; `secret` is its seed. */
  readonly signing: KeyPair;
  readonly chain: SendingChain;
}

/** A sender key that a device of another member handed over. */
export interface ReceivedSenderKey {
  readonly id: Uint8Array;
  /** State of the group that its sender named. */
  readonly epoch: number;
  readonly signingKey: Uint8Array;
  readonly chain: ReceivingChain;
}

/** Everything known of one sending device in one group. */
export interface SenderKeys {
  /** Newest first, at most 5. */
  readonly keys: readonly ReceivedSenderKey[];
}

/** Makes a key for the group as it is now. */
export function createSenderKey(
  provider: Provider,
  group: { readonly groupId: Uint8Array; readonly epoch: number },
  nowMs: number,
): OwnSenderKey {
  const [id, chainKey, seed] = [provider.random(8), provider.random(32), provider.random(32)];
  return {
    id,
    groupId: group.groupId,
    epoch: group.epoch,
    createdAtMs: nowMs,
    signing: { secret: seed, pub: provider.ed25519PublicKey(seed) },
    chain: { chainKey, number: 0 },
  };
}

export type RotationReason = "removal" | "revocation" | "age" | "messages";

/**
 * Why the own key may not be used again, or `undefined` (CRYPTO 2.7). `heldByRevoked` tells that a device which was given this key is
 * no longer active, or that this account revoked one of its own.
 */
export function rotationReason(
  key: OwnSenderKey,
  now: { readonly rotationEpoch: number; readonly heldByRevoked: boolean; readonly nowMs: number },
): RotationReason | undefined {
  if (key.epoch < now.rotationEpoch) return "removal";
  if (now.heldByRevoked) return "revocation";
  if (now.nowMs - key.createdAtMs >= senderKeyLimits.rotateAfterMs) return "age";
  if (key.chain.number >= senderKeyLimits.rotateAfterMessages) return "messages";
  return undefined;
}

/** What a device gets that does not hold the key yet: the chain from the next message on, nothing before. */
export function senderKeyMessageOf(
  key: OwnSenderKey,
  group: { readonly epoch: number; readonly stateHash: Uint8Array },
  settings: GroupSettingsKey,
): SenderKeyMessage {
  return {
    senderKeyId: key.id,
    groupId: key.groupId,
    epoch: group.epoch,
    stateHash: group.stateHash,
    number: key.chain.number,
    chainKey: key.chain.chainKey,
    signingKey: key.signing.pub,
    settings,
  };
}

/**
 * Takes in a sender key from a capsule of `sender`, the identity of the session it came in. A key that is known stays as it is: a later
 * message never moves a chain back or forth (attack 54, 56). Throws `CryptoError`: BAD_BINDING (another group, another state than the
 * one named, the same id for another key), EPOCH_AHEAD (fetch operations and try again), NOT_MEMBER, STALE_EPOCH (a state of too long
 * ago), TOO_FAR. Nothing is changed by a refusal. Whether a key is too old to be used is decided when a body comes.
 */
export function acceptSenderKey(
  provider: Provider,
  history: GroupHistory,
  sender: DeviceAddress,
  known: SenderKeys | undefined,
  message: SenderKeyMessage,
): SenderKeys {
  const keys = known?.keys ?? [];
  const isOfGroup = sameBytes(message.groupId, history.head.state.groupId);
  assertOr(isOfGroup, "BAD_BINDING", "sender key: for another group");
  const state = stateAt(history, message.epoch);
  const isSameState = provider.equal(state.stateHash, message.stateHash);
  assertOr(isSameState, "BAD_BINDING", "sender key: its sender knows another state of the group");
  const isMember = wasMember(history, sender.accountId, message.epoch);
  assertOr(isMember, "NOT_MEMBER", "sender key: from somebody who is not a member");
  const same = keys.find(({ id }) => sameBytes(id, message.senderKeyId));
  if (same !== undefined) {
    assertSameKey(provider, same, message);
    return { keys };
  }
  const key: ReceivedSenderKey = {
    id: message.senderKeyId,
    epoch: message.epoch,
    signingKey: message.signingKey,
    chain: { chainKey: message.chainKey, number: message.number, skipped: new Map() },
  };
  return { keys: [key, ...keys].slice(0, senderKeyLimits.keysPerDevice) };
}

/** The chain key can be compared only where ours can be derived to: at or behind the number that we expect next. */
function assertSameKey(provider: Provider, known: ReceivedSenderKey, message: SenderKeyMessage): void {
  const isSameSigner = provider.equal(known.signingKey, message.signingKey);
  assertOr(isSameSigner, "BAD_BINDING", "sender key: the same id for another key");
  if (message.number < known.chain.number) return;
  const core = groupChainOf(provider);
  const isNear = message.number - known.chain.number <= core.profile.maxSkip;
  assertOr(isNear, "TOO_FAR", "sender key: too far ahead of the one known");
  const derived = chainKeyAt(core, known.chain, message.number);
  assertOr(
    provider.equal(derived, message.chainKey),
    "BAD_BINDING",
    "sender key: the same id for another chain",
  );
}
