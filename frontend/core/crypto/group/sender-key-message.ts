import { type Bytes, Reader, Writer } from "#schema/envelope/bytes.ts";
import { assertWellFormed } from "#schema/envelope/envelope-error.ts";

/** A sender key as it is handed to one device in a capsule of kind 3 (CRYPTO 2.7, decision 070). */
export interface SenderKeyMessage {
  /** 8 bytes. */
  readonly senderKeyId: Uint8Array;
  /** 16 bytes. */
  readonly groupId: Uint8Array;
  /** The state of the group that the sender saw; not of when the key was made. */
  readonly epoch: number;
  readonly stateHash: Uint8Array;
  /** Number of the first message that `chainKey` opens. */
  readonly number: number;
  readonly chainKey: Uint8Array;
  /** Ed25519 key of the chain, 32 bytes. */
  readonly signingKey: Uint8Array;
  readonly settings: GroupSettingsKey;
}

/** The key of a group's sealed settings; it travels with every sender key. */
export interface GroupSettingsKey {
  /** Epoch of the operation that first used it. */
  readonly epoch: number;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

export const senderKeyMessageBytes = 165;

const suite = 1;

/** `skId 8 | groupId 16 | epoch u32 | stateHash 32 | n u32 | CK 32 | sigPub 32 | suite u8 | settingsEpoch u32 | settingsKey 32`. */
export function encodeSenderKeyMessage(message: SenderKeyMessage): Bytes {
  return new Writer()
    .bytes(message.senderKeyId, 8)
    .bytes(message.groupId, 16)
    .u32(message.epoch)
    .bytes(message.stateHash, 32)
    .u32(message.number)
    .bytes(message.chainKey, 32)
    .bytes(message.signingKey, 32)
    .u8(suite)
    .u32(message.settings.epoch)
    .bytes(message.settings.key, 32)
    .done();
}

/** Throws `EnvelopeError`. */
export function parseSenderKeyMessage(bytes: Uint8Array): SenderKeyMessage {
  const reader = new Reader(bytes, "sender key");
  const head = {
    senderKeyId: reader.take(8),
    groupId: reader.take(16),
    epoch: reader.u32(),
    stateHash: reader.take(32),
    number: reader.u32(),
    chainKey: reader.take(32),
    signingKey: reader.take(32),
  };
  reader.version(suite);
  const settings = { epoch: reader.u32(), key: reader.take(32) };
  reader.end();
  const isKnown = head.epoch >= 1 && settings.epoch >= 1 && settings.epoch <= head.epoch;
  assertWellFormed(isKnown, "sender key: epoch");
  return { ...head, settings };
}
