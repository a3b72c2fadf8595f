import { type Bytes, Writer } from "./bytes.ts";
import { label } from "./labels.ts";

/** What the server vouches for when it accepts a message (CRYPTO 2.14). */
export interface FrankedDelivery {
  /** 32 bytes, from the body. */
  readonly commitment: Uint8Array;
  /** 16 bytes. */
  readonly conversationId: Uint8Array;
  readonly sequence: number;
  readonly senderAccountId: Uint8Array;
  readonly senderDeviceId: number;
  readonly serverTimeMs: number;
}

const dayMs = 86_400_000;

/** `FK of a day = HMAC-SHA256(franking key of the server, this)`: `L("frank-day") ‖ day u32`, days of 24 h since 1970. */
export function frankingDayInput(serverTimeMs: number): Bytes {
  return new Writer()
    .bytes(label("frank-day"))
    .u32(Math.floor(serverTimeMs / dayMs))
    .done();
}

/**
 * `ft = HMAC-SHA256(FK of the day, this)`: `L("frank-tag") ‖ fc 32 ‖ convId 16 ‖ seq u64 ‖ senderAccount 16 ‖ senderDevice u32 ‖
 * serverTime u64`. The key of the day is the server's alone, and serverTime says which day's it is.
 */
export function frankingTagInput(delivery: FrankedDelivery): Bytes {
  return new Writer()
    .bytes(label("frank-tag"))
    .bytes(delivery.commitment, 32)
    .bytes(delivery.conversationId, 16)
    .u64(delivery.sequence)
    .bytes(delivery.senderAccountId, 16)
    .u32(delivery.senderDeviceId)
    .u64(delivery.serverTimeMs)
    .done();
}
