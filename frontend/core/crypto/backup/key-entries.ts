import { type Bytes, Reader, sameBytes, Writer } from "#schema/envelope/bytes.ts";
import { assertOr, parsing } from "../errors.ts";

/** What opens one message body again: key, hash, and what the body has to say of its sender (CRYPTO 2.5, 2.13). */
export interface KeyEntry {
  readonly seq: number;
  /** 16 bytes. */
  readonly senderAccountId: Uint8Array;
  readonly senderDeviceId: number;
  readonly sentAtMs: number;
  /** Type byte of the body that the key belongs to: 0x20 for a direct one, 0x30 for one of a group, 0x32 for the settings in an operation. */
  readonly bodyType: number;
  /** BK, 32 bytes. */
  readonly bodyKey: Uint8Array;
  /** BH, 32 bytes: it binds the key to one body, so that a server can neither move nor swap anything. */
  readonly bodyHash: Uint8Array;
}

/** Keys of one conversation, ascending by `seq`, each once. */
export interface ConversationKeys {
  /** 16 bytes. */
  readonly conversationId: Uint8Array;
  readonly entries: readonly KeyEntry[];
}

const keyEntryBytes = 87;

/**
 * `convId 16 | n u16 × accountId 16 | m u32 × (seq u64 | account u16 | device u32 | sentAt u64 | bodyType u8 | BK 32 | BH 32)`,
 * where `account` counts from 0 into the list before.
 */
export function encodeConversationKeys({ conversationId, entries }: ConversationKeys): Bytes {
  const accounts: Uint8Array[] = [];
  const indexes = entries.map(({ senderAccountId }) => {
    const known = accounts.findIndex((account) => sameBytes(account, senderAccountId));
    return known === -1 ? accounts.push(senderAccountId) - 1 : known;
  });
  const writer = new Writer().bytes(conversationId, 16).u16(accounts.length);
  for (const account of accounts) writer.bytes(account, 16);
  writer.u32(entries.length);
  let before = 0;
  for (const [index, entry] of entries.entries()) {
    if (entry.seq <= before) throw new RangeError("conversation keys: not ascending");
    before = entry.seq;
    writer.u64(entry.seq).u16(indexes[index]!).u32(entry.senderDeviceId).u64(entry.sentAtMs);
    writer.u8(entry.bodyType).bytes(entry.bodyKey, 32).bytes(entry.bodyHash, 32);
  }
  return writer.done();
}

/** Throws `CryptoError` MALFORMED, also for entries out of order or a sender that is not listed. */
export function parseConversationKeys(bytes: Uint8Array): ConversationKeys {
  return parsing(() => {
    const reader = new Reader(bytes, "conversation keys");
    const conversationId = reader.take(16);
    const accounts = Array.from({ length: reader.u16() }, () => reader.take(16));
    const count = reader.u32();
    assertOr(reader.remaining === count * keyEntryBytes, "MALFORMED", "conversation keys: length");
    let before = 0;
    const entries = Array.from({ length: count }, () => {
      const entry = readEntry(reader, accounts);
      assertOr(entry.seq > before, "MALFORMED", "conversation keys: not ascending");
      before = entry.seq;
      return entry;
    });
    return { conversationId, entries };
  });
}

/** Both together, ascending; where both have a position, `first` counts. */
export function mergeKeys(first: readonly KeyEntry[], second: readonly KeyEntry[]): KeyEntry[] {
  const merged = new Map(second.map((entry) => [entry.seq, entry]));
  for (const entry of first) merged.set(entry.seq, entry);
  return [...merged.values()].sort((a, b) => a.seq - b.seq);
}

function readEntry(reader: Reader, accounts: readonly Uint8Array[]): KeyEntry {
  const seq = reader.u64();
  const senderAccountId = accounts[reader.u16()];
  assertOr(senderAccountId !== undefined, "MALFORMED", "conversation keys: unknown sender");
  return {
    seq,
    senderAccountId,
    senderDeviceId: reader.u32(),
    sentAtMs: reader.u64(),
    bodyType: reader.u8(),
    bodyKey: reader.take(32),
    bodyHash: reader.take(32),
  };
}
