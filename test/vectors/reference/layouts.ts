/** Reading of fixed layouts, CBOR and padding, written from CRYPTO 2 alone. */
import { Refused, refuseUnless } from "./primitives.ts";

/** A table of fields: `[name, bytes]` or `[name, "u8" | "u16" | "u32" | "u64"]`, or `[name, lengthField]` for what a field before it counts. */
export type Field = readonly [
  name: string,
  size: number | "u8" | "u16" | "u32" | "u64" | { readonly of: string },
];

export interface Fields {
  readonly numbers: Readonly<Record<string, number>>;
  readonly bytes: Readonly<Record<string, Buffer>>;
  readonly rest: Buffer;
}

const widths = { u8: 1, u16: 2, u32: 4, u64: 8 } as const;

/** Reads a table from the front. */
export function read(bytes: Uint8Array, table: readonly Field[]): Fields {
  const source = Buffer.from(bytes);
  const numbers: Record<string, number> = {};
  const parts: Record<string, Buffer> = {};
  let at = 0;
  const take = (length: number): Buffer => {
    refuseUnless(at + length <= source.length, "truncated");
    at += length;
    return source.subarray(at - length, at);
  };
  for (const [name, size] of table) {
    if (typeof size === "number") parts[name] = take(size);
    else if (typeof size === "object") parts[name] = take(numbers[size.of]!);
    else {
      const value = BigInt(`0x${take(widths[size]).toString("hex")}`);
      refuseUnless(value <= BigInt(Number.MAX_SAFE_INTEGER), "integer out of range");
      numbers[name] = Number(value);
    }
  }
  return { numbers, bytes: parts, rest: source.subarray(at) };
}

/** Reads a table that has to be all there is. */
export function readAll(bytes: Uint8Array, table: readonly Field[]): Fields {
  const fields = read(bytes, table);
  refuseUnless(fields.rest.length === 0, "trailing bytes");
  return fields;
}

/** `len u32 ‖ m ‖ 0…` up to a padded size. */
export function unpadded(padded: Buffer): Buffer {
  refuseUnless(padded.length >= 4, "padding");
  const length = padded.readUInt32BE(0);
  refuseUnless(padded.length === paddedSize(length + 4), "padded size");
  refuseUnless(
    padded.subarray(4 + length).every((byte) => byte === 0),
    "padding",
  );
  return padded.subarray(4, 4 + length);
}

function paddedSize(length: number): number {
  if (length <= 256) return 256;
  return length <= 512 ? 512 : padme(length);
}

export function padme(length: number): number {
  let exponent = 0;
  while (2 ** (exponent + 1) <= length) exponent += 1;
  let bits = 0;
  while (2 ** (bits + 1) <= exponent) bits += 1;
  const last = 2 ** Math.max(0, exponent - bits - 1);
  return Math.floor((length + last - 1) / last) * last;
}

export type Cbor = number | string | Buffer | Cbor[] | { [key: string]: Cbor };

/** Deterministic CBOR as CRYPTO 2.0 allows it. */
export function cbor(bytes: Buffer): Cbor {
  const [value, end] = item(bytes, 0);
  refuseUnless(end === bytes.length, "trailing bytes");
  return value;
}

function item(bytes: Buffer, start: number): [Cbor, number] {
  const [type, argument, at] = headOf(bytes, start);
  if (type === 0) return [argument, at];
  if (type === 1) return [-1 - argument, at];
  if (type === 2) return [slice(bytes, at, argument), at + argument];
  if (type === 3) return [slice(bytes, at, argument).toString("utf8"), at + argument];
  let next = at;
  const values: Cbor[] = [];
  for (let index = 0; index < (type === 5 ? argument * 2 : argument); index += 1) {
    const [value, end] = item(bytes, next);
    values.push(value);
    next = end;
  }
  if (type === 4) return [values, next];
  if (type !== 5) throw new Refused("cbor type");
  const map: { [key: string]: Cbor } = {};
  for (let index = 0; index < values.length; index += 2) {
    const key = values[index];
    if (typeof key !== "string") throw new Refused("cbor key");
    map[key] = values[index + 1]!;
  }
  return [map, next];
}

function headOf(bytes: Buffer, at: number): [type: number, argument: number, next: number] {
  refuseUnless(at < bytes.length, "truncated");
  const [type, info] = [bytes[at]! >> 5, bytes[at]! % 32];
  if (info < 24) return [type, info, at + 1];
  refuseUnless(info <= 27, "cbor length");
  const width = 2 ** (info - 24);
  return [type, Number(BigInt(`0x${slice(bytes, at + 1, width).toString("hex")}`)), at + 1 + width];
}

function slice(bytes: Buffer, at: number, length: number): Buffer {
  refuseUnless(at + length <= bytes.length, "truncated");
  return bytes.subarray(at, at + length);
}
