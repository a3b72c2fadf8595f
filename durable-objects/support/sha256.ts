import type { Bytes } from "#schema/envelope/bytes.ts";

export async function sha256(bytes: Bytes): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
