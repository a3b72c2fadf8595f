import { encodeBase64url } from "#schema/envelope/base64url.ts";

/** 16 random bytes in base64url. */
export function randomId(): string {
  return encodeBase64url(crypto.getRandomValues(new Uint8Array(16)));
}
