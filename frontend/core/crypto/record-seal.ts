import { type Bytes, concat, Reader, Writer } from "#schema/envelope/bytes.ts";
import { label } from "#schema/envelope/labels.ts";
import { assertOr, parsing } from "./errors.ts";
import { type Provider } from "./provider.ts";

/** Where a record lives. Both parts are well-formed text. */
export interface RecordAddress {
  readonly store: string;
  readonly key: string;
}

export interface OpenedRecord {
  readonly generation: number;
  readonly value: Bytes;
}

const nonceBytes = 24;

/**
 * A record at rest (CRYPTO 2.12): `gen u64 | nonce 24 | SEAL(HK("", DMK, L("rec") ‖ address, 32), nonce, value, ad = address ‖ gen)`
 * with `address = len u8 ‖ store ‖ len u16 ‖ key`. `generation` grows by one with every write (compare-and-swap).
 */
export function sealRecord(
  provider: Provider,
  dmk: Uint8Array,
  address: RecordAddress & { readonly generation: number },
  value: Uint8Array,
): Bytes {
  const generation = new Writer().u64(address.generation).done();
  const nonce = provider.random(nonceBytes);
  const bound = encodeAddress(address);
  const sealed = provider.seal(recordKey(provider, dmk, bound), nonce, value, concat(bound, generation));
  return concat(generation, nonce, sealed);
}

/** Throws `CryptoError` MALFORMED or BAD_TAG: another device key, or a record moved from another store or key. */
export function openRecord(
  provider: Provider,
  dmk: Uint8Array,
  address: RecordAddress,
  record: Uint8Array,
): OpenedRecord {
  const { generation, nonce, sealed } = parsing(() => {
    const reader = new Reader(record, "record");
    return { generation: reader.u64(), nonce: reader.take(nonceBytes), sealed: reader.rest() };
  });
  const bound = encodeAddress(address);
  const value = provider.tryOpen(
    recordKey(provider, dmk, bound),
    nonce,
    sealed,
    concat(bound, record.subarray(0, 8)),
  );
  assertOr(value !== undefined, "BAD_TAG", "record: tag");
  return { generation, value };
}

function recordKey(provider: Provider, dmk: Uint8Array, address: Uint8Array): Bytes {
  if (dmk.length !== 32) throw new RangeError("device master key: expected 32 bytes");
  return provider.hkdf(new Uint8Array(0), dmk, concat(label("rec"), address), 32);
}

function encodeAddress({ store, key }: RecordAddress): Bytes {
  if (!store.isWellFormed() || !key.isWellFormed()) throw new RangeError("record address: lone surrogate");
  const encoder = new TextEncoder();
  const [storeBytes, keyBytes] = [encoder.encode(store), encoder.encode(key)];
  return new Writer().u8(storeBytes.length).bytes(storeBytes).u16(keyBytes.length).bytes(keyBytes).done();
}
