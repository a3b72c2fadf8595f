/** Keys derived from the one server secret, one label per purpose. */
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { concat } from "#schema/envelope/bytes.ts";

export type SecretLabel =
  | "pepper"
  | "unknown-user-salt"
  | "login-name"
  | "metrics"
  | "refresh-token"
  | "attachment-name"
  | "backup-name"
  | "franking";

/** A CryptoKey, by the name that every environment knows it. */
type HmacKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

const keys = new Map<string, Promise<HmacKey>>();

/** HMAC-SHA256 of `parts` under the key of `label`. Parts before the last must be of fixed length. */
export async function labelledHmac(
  serverSecret: string,
  label: SecretLabel,
  ...parts: readonly Uint8Array[]
): Promise<Uint8Array<ArrayBuffer>> {
  const cacheKey = `${label} ${serverSecret}`;
  let key = keys.get(cacheKey);
  if (key === undefined) {
    key = deriveKey(serverSecret, label);
    keys.set(cacheKey, key);
  }
  return new Uint8Array(await crypto.subtle.sign("HMAC", await key, concat(...parts)));
}

/** What the operator shows to read the metrics. */
export function metricsToken(serverSecret: string): Promise<Uint8Array<ArrayBuffer>> {
  return labelledHmac(serverSecret, "metrics", utf8("token"));
}

/** What the days' keys for franking tags are derived from; the operator shows it to whoever verifies reports. */
export function frankingKey(serverSecret: string): Promise<Uint8Array<ArrayBuffer>> {
  return labelledHmac(serverSecret, "franking", utf8("key"));
}

export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export async function sha256(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", Uint8Array.from(bytes)));
}

/** Takes the same time wherever two equally long values differ. */
export function sameSecret(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let index = 0; index < a.length; index += 1) difference |= a[index]! ^ b[index]!;
  return difference === 0;
}

async function deriveKey(serverSecret: string, label: SecretLabel): Promise<HmacKey> {
  const secret = decodeBase64url(serverSecret);
  if (secret.length < 32) throw new Error("SERVER_SECRET is shorter than 32 bytes");
  const root = await importKey(secret);
  const derived = await crypto.subtle.sign("HMAC", root, concat(utf8(`sotto/server/v1/${label}\0`)));
  return importKey(new Uint8Array(derived));
}

export function importKey(bytes: Uint8Array<ArrayBuffer>): Promise<HmacKey> {
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
}
