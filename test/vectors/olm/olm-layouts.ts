/** Olm's two messages: a version byte, then fields of `tag, value` as in protobuf (olm.md, "The Olm Message Format"). */
import { type Bytes, concat } from "#schema/envelope/bytes.ts";

export const macBytes = 8;
const version = 3;

export interface Message {
  /** Ratchet key, 32 bytes. */
  readonly dh: Uint8Array;
  readonly number: number;
  readonly ciphertext: Uint8Array;
}

export interface PrekeyMessage {
  readonly oneTimeKey: Uint8Array;
  readonly baseKey: Uint8Array;
  readonly identityKey: Uint8Array;
  readonly message: Uint8Array;
}

/** Without its authentication code. */
export function writeMessage({ dh, number, ciphertext }: Message): Bytes {
  return concat(
    Uint8Array.of(version),
    bytesField(0x0a, dh),
    Uint8Array.of(0x10),
    varint(number),
    bytesField(0x22, ciphertext),
  );
}

/** `sealed` ends in the authentication code. */
export function parseMessage(sealed: Uint8Array): Message {
  const fields = readFields(sealed.subarray(0, -macBytes));
  return { dh: bytesOf(fields, 0x0a), number: numberOf(fields, 0x10), ciphertext: bytesOf(fields, 0x22) };
}

export function writePrekeyMessage({ oneTimeKey, baseKey, identityKey, message }: PrekeyMessage): Bytes {
  return concat(
    Uint8Array.of(version),
    bytesField(0x0a, oneTimeKey),
    bytesField(0x12, baseKey),
    bytesField(0x1a, identityKey),
    bytesField(0x22, message),
  );
}

export function parsePrekeyMessage(bytes: Uint8Array): PrekeyMessage {
  const fields = readFields(bytes);
  return {
    oneTimeKey: bytesOf(fields, 0x0a),
    baseKey: bytesOf(fields, 0x12),
    identityKey: bytesOf(fields, 0x1a),
    message: bytesOf(fields, 0x22),
  };
}

type Fields = ReadonlyMap<number, Uint8Array | number>;

function bytesField(tag: number, value: Uint8Array): Bytes {
  return concat(Uint8Array.of(tag), varint(value.length), value);
}

function varint(value: number): Bytes {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Uint8Array.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}

function readFields(bytes: Uint8Array): Fields {
  if (bytes[0] !== version) throw new Error("another version");
  const fields = new Map<number, Uint8Array | number>();
  let at = 1;
  const readVarint = (): number => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at];
      if (byte === undefined) throw new Error("cut off");
      at += 1;
      value += (byte % 128) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = readVarint();
    const value = readVarint();
    if (tag % 8 === 0) fields.set(tag, value);
    else fields.set(tag, bytes.subarray(at, (at += value)));
  }
  return fields;
}

function bytesOf(fields: Fields, tag: number): Uint8Array {
  const value = fields.get(tag);
  if (!(value instanceof Uint8Array)) throw new Error(`no bytes under tag ${tag}`);
  return value;
}

function numberOf(fields: Fields, tag: number): number {
  const value = fields.get(tag);
  if (typeof value !== "number") throw new Error(`no number under tag ${tag}`);
  return value;
}
