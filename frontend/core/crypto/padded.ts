import { type Bytes, isAllZero, Reader, Writer } from "#schema/envelope/bytes.ts";
import { paddedLength } from "#schema/envelope/padding.ts";
import { assertOr, parsing } from "./errors.ts";

const lengthBytes = 4;

/** `pad(m) = len u32 ‖ m ‖ 0…` up to `P(len + 4)` (CRYPTO 2.6). */
export function pad(message: Uint8Array): Bytes {
  const total = paddedLength(message.length + lengthBytes);
  return new Writer()
    .u32(message.length)
    .bytes(message)
    .zeros(total - lengthBytes - message.length)
    .done();
}

/** Throws `CryptoError` BAD_PADDING when length, zeros or total do not fit. */
export function unpad(padded: Uint8Array): Bytes {
  return parsing(() => {
    assertOr(padded.length >= lengthBytes, "BAD_PADDING", "padding: too short");
    const reader = new Reader(padded, "padding");
    const length = reader.u32();
    const isPlausible =
      length <= padded.length - lengthBytes && padded.length === paddedLength(length + lengthBytes);
    assertOr(isPlausible, "BAD_PADDING", "padding: length");
    const message = reader.take(length);
    assertOr(isAllZero(reader.rest()), "BAD_PADDING", "padding: not zero");
    return message;
  });
}
