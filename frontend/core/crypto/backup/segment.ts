import { type Bytes, concat, Reader, sameBytes, Writer } from "#schema/envelope/bytes.ts";
import { label } from "#schema/envelope/labels.ts";
import { assertOr, CryptoError, parsing } from "../errors.ts";
import { type Provider } from "../provider.ts";
import { type BackedUpContacts, encodeContacts, parseContacts } from "./contacts-block.ts";
import { type ConversationKeys, encodeConversationKeys, parseConversationKeys } from "./key-entries.ts";

/** A piece of a backup: keys of several conversations, sealed once and never changed (CRYPTO 2.13). */
export interface SegmentAddress {
  /** 16 bytes. */
  readonly accountId: Uint8Array;
  /** 16 random bytes. */
  readonly segmentId: Uint8Array;
}

export interface SegmentContent {
  readonly keys: readonly ConversationKeys[];
  readonly contacts?: BackedUpContacts;
}

/** What a block holds. A reader passes over kinds that it does not know. */
const blockKinds = { conversationKeys: 1, contacts: 2 } as const;

const version = 1;
const nonceBytes = 24;

/**
 * `ver 1 | segId 16 | nonce 24 | SEAL(segKey, nonce, plaintext, ad = L("bseg-ad") ‖ accountId ‖ segId)` with
 * `segKey = HK("", root, L("bseg") ‖ segId, 32)` and `plaintext = n × (kind u8 | length u32 | block)`.
 * `root` is BRK (32 bytes), or the root of an exported archive.
 */
export function sealSegment(
  provider: Provider,
  root: Uint8Array,
  address: SegmentAddress,
  keys: readonly ConversationKeys[],
  contacts?: BackedUpContacts,
): Bytes {
  const writer = new Writer();
  if (contacts !== undefined) {
    const block = encodeContacts(contacts);
    writer.u8(blockKinds.contacts).u32(block.length).bytes(block);
  }
  for (const conversation of keys) {
    const block = encodeConversationKeys(conversation);
    writer.u8(blockKinds.conversationKeys).u32(block.length).bytes(block);
  }
  const plaintext = writer.done();
  const nonce = provider.random(nonceBytes);
  const key = segmentKey(provider, root, address.segmentId);
  const sealed = provider.seal(key, nonce, plaintext, segmentAd(address));
  plaintext.fill(0);
  return new Writer().u8(version).bytes(address.segmentId, 16).bytes(nonce).bytes(sealed).done();
}

/**
 * Throws `CryptoError`: MALFORMED, UNSUPPORTED_VERSION, BAD_BINDING (another segment), BAD_TAG (another root, account or
 * segment).
 */
export function openSegment(
  provider: Provider,
  root: Uint8Array,
  address: SegmentAddress,
  bytes: Uint8Array,
): SegmentContent {
  const { segmentId, nonce, sealed } = parsing(() => {
    const reader = new Reader(bytes, "backup segment");
    reader.version(version);
    return { segmentId: reader.take(16), nonce: reader.take(nonceBytes), sealed: reader.rest() };
  });
  assertOr(sameBytes(segmentId, address.segmentId), "BAD_BINDING", "backup segment: another one");
  const key = segmentKey(provider, root, segmentId);
  const plaintext = provider.tryOpen(key, nonce, sealed, segmentAd(address));
  if (plaintext === undefined) throw new CryptoError("BAD_TAG", "backup segment: tag");
  return parsing(() => {
    const reader = new Reader(plaintext, "backup segment");
    const keys: ConversationKeys[] = [];
    let contacts: BackedUpContacts | undefined;
    while (reader.remaining > 0) {
      const kind = reader.u8();
      const block = reader.take(reader.u32());
      if (kind === blockKinds.conversationKeys) keys.push(parseConversationKeys(block));
      if (kind === blockKinds.contacts) contacts = parseContacts(block);
    }
    return { keys, ...(contacts && { contacts }) };
  });
}

function segmentKey(provider: Provider, root: Uint8Array, segmentId: Uint8Array): Bytes {
  if (root.length !== 32) throw new RangeError("backup root: expected 32 bytes");
  return provider.hkdf(new Uint8Array(0), root, concat(label("bseg"), segmentId), 32);
}

function segmentAd({ accountId, segmentId }: SegmentAddress): Bytes {
  return new Writer().bytes(label("bseg-ad")).bytes(accountId, 16).bytes(segmentId, 16).done();
}
