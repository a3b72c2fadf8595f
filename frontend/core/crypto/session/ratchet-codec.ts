import { type Reader, type Writer } from "#schema/envelope/bytes.ts";
import { assertOr } from "../errors.ts";
import { type ClosedChain, type RatchetState, type SkippedKey, type SkippedKeys } from "./ratchet-state.ts";

/** Presence bits of the optional fields, in the order in which they follow. */
const presence = {
  sendingChainKey: 1,
  sendingHeaderKey: 2,
  isStale: 4,
  receivingDh: 8,
  receivingChainKey: 16,
  receivingHeaderKey: 32,
  kemSelf: 64,
  kemPeer: 128,
  kemReply: 256,
} as const;
const presenceMask = 511;

export function writeRatchet(writer: Writer, state: RatchetState): void {
  const { sending, receiving, kem } = state;
  const optional = (bytes: Uint8Array | undefined): Uint8Array => bytes ?? new Uint8Array(0);
  writer
    .u16(presenceOf(state))
    .bytes(state.rootKey, 32)
    .bytes(sending.dh.secret, 32)
    .bytes(sending.dh.pub, 32)
    .bytes(sending.nextHeaderKey, 32)
    .u32(sending.count)
    .u32(sending.previousCount)
    .bytes(optional(sending.chainKey))
    .bytes(optional(sending.headerKey))
    .bytes(receiving.nextHeaderKey, 32)
    .u32(receiving.count)
    .bytes(optional(receiving.dh))
    .bytes(optional(receiving.chainKey))
    .bytes(optional(receiving.headerKey));
  writeSkipped(writer, receiving.skipped);
  writer.u8(state.closed.length);
  for (const chain of state.closed) {
    writer.bytes(chain.headerKey, 32);
    writeSkipped(writer, chain.skipped);
  }
  writer.u32(kem.selfSeq).u32(kem.peerSeq).u32(kem.chainsSince).u32(kem.messagesSince).u64(kem.lastAtMs);
  if (kem.self !== undefined) writer.u32(kem.self.seq).bytes(kem.self.seed, 64);
  if (kem.peer !== undefined) writer.u32(kem.peer.seq).bytes(kem.peer.ek, 1184);
  if (kem.reply !== undefined) writer.u32(kem.reply.seq).bytes(kem.reply.ciphertext, 1088);
}

/** Throws `EnvelopeError` or `CryptoError` MALFORMED. */
export function readRatchet(reader: Reader): RatchetState {
  const bits = reader.u16();
  assertOr(bits <= presenceMask, "MALFORMED", "ratchet: unknown presence bits");
  const take32 = <Name extends string>(bit: number, name: Name): Partial<Record<Name, Uint8Array>> =>
    bits & bit ? ({ [name]: reader.take(32) } as Partial<Record<Name, Uint8Array>>) : {};
  const rootKey = reader.take(32);
  const dh = { secret: reader.take(32), pub: reader.take(32) };
  const sending = {
    dh,
    nextHeaderKey: reader.take(32),
    count: reader.u32(),
    previousCount: reader.u32(),
    ...take32(presence.sendingChainKey, "chainKey"),
    ...take32(presence.sendingHeaderKey, "headerKey"),
    isStale: (bits & presence.isStale) !== 0,
  };
  const receiving = {
    nextHeaderKey: reader.take(32),
    count: reader.u32(),
    ...take32(presence.receivingDh, "dh"),
    ...take32(presence.receivingChainKey, "chainKey"),
    ...take32(presence.receivingHeaderKey, "headerKey"),
    skipped: readSkipped(reader),
  };
  const closed = Array.from({ length: reader.u8() }, (): ClosedChain => ({
    headerKey: reader.take(32),
    skipped: readSkipped(reader),
  }));
  const kem = {
    selfSeq: reader.u32(),
    peerSeq: reader.u32(),
    chainsSince: reader.u32(),
    messagesSince: reader.u32(),
    lastAtMs: reader.u64(),
    ...(bits & presence.kemSelf && { self: { seq: reader.u32(), seed: reader.take(64) } }),
    ...(bits & presence.kemPeer && { peer: { seq: reader.u32(), ek: reader.take(1184) } }),
    ...(bits & presence.kemReply && { reply: { seq: reader.u32(), ciphertext: reader.take(1088) } }),
  };
  return { rootKey, sending, receiving, closed, kem };
}

function presenceOf({ sending, receiving, kem }: RatchetState): number {
  return (
    (sending.chainKey ? presence.sendingChainKey : 0) |
    (sending.headerKey ? presence.sendingHeaderKey : 0) |
    (sending.isStale ? presence.isStale : 0) |
    (receiving.dh ? presence.receivingDh : 0) |
    (receiving.chainKey ? presence.receivingChainKey : 0) |
    (receiving.headerKey ? presence.receivingHeaderKey : 0) |
    (kem.self ? presence.kemSelf : 0) |
    (kem.peer ? presence.kemPeer : 0) |
    (kem.reply ? presence.kemReply : 0)
  );
}

/** `n u16 | n × (number u32 | key 32 | storedAt u64)`, in the order of the map: oldest first. */
export function writeSkipped(writer: Writer, skipped: SkippedKeys): void {
  writer.u16(skipped.size);
  for (const [number, key] of skipped) writer.u32(number).bytes(key.messageKey, 32).u64(key.storedAtMs);
}

/** Throws `EnvelopeError` or `CryptoError` MALFORMED. */
export function readSkipped(reader: Reader): SkippedKeys {
  const skipped = new Map<number, SkippedKey>();
  const count = reader.u16();
  for (let index = 0; index < count; index += 1) {
    skipped.set(reader.u32(), { messageKey: reader.take(32), storedAtMs: reader.u64() });
  }
  assertOr(skipped.size === count, "MALFORMED", "ratchet: repeated skipped key");
  return skipped;
}
