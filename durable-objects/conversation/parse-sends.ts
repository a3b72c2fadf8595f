/** From the bytes of a binary frame to the messages in it; nothing is decoded before its size is known. */
import { EnvelopeError } from "#schema/envelope/envelope-error.ts";
import { limits } from "#schema/limits.ts";
import type { MessageSend } from "#schema/protocol/message.ts";
import { decodeSends } from "#schema/protocol/send-frame.ts";

export function parseSends(frame: ArrayBuffer): MessageSend[] | "malformed" | "too_large" {
  if (frame.byteLength > limits.frameBytes) return "too_large";
  try {
    return decodeSends(new Uint8Array(frame));
  } catch (error) {
    if (error instanceof EnvelopeError) return "malformed";
    throw error;
  }
}
