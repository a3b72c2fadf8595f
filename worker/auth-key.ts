/** What the server keeps instead of a password (CRYPTO 2.13), and what it says about names it does not know. */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import type { Argon2Cost } from "#schema/http/auth.ts";
import type { Settings } from "./settings.ts";
import { labelledHmac, sameSecret, utf8 } from "./secrets.ts";

type SecretEnv = Pick<Settings, "SERVER_SECRET">;

export interface StoredAuthKey {
  readonly serverSalt: string;
  readonly authHash: string;
}

const saltBytes = 16;
export const defaultArgon2: Argon2Cost = { memoryKiB: 65_536, passes: 3, lanes: 1 };

export async function storeAuthKey(env: SecretEnv, authKey: string): Promise<StoredAuthKey> {
  const salt = crypto.getRandomValues(new Uint8Array(saltBytes));
  return { serverSalt: encodeBase64url(salt), authHash: encodeBase64url(await hash(env, salt, authKey)) };
}

/** Does the same work for an account that does not exist. */
export async function isAuthKeyRight(
  env: SecretEnv,
  stored: StoredAuthKey | undefined,
  authKey: string,
): Promise<boolean> {
  const salt = stored === undefined ? new Uint8Array(saltBytes) : decodeBase64url(stored.serverSalt);
  const expected = stored === undefined ? new Uint8Array(32) : decodeBase64url(stored.authHash);
  const isSame = sameSecret(await hash(env, salt, authKey), expected);
  return isSame && stored !== undefined;
}

/** A salt for a name without an account: the same whenever it is asked for. */
export async function unknownUserSalt(env: SecretEnv, username: string): Promise<string> {
  const mac = await labelledHmac(env.SERVER_SECRET, "unknown-user-salt", utf8(username));
  return encodeBase64url(mac.subarray(0, saltBytes));
}

function hash(env: SecretEnv, salt: Uint8Array, authKey: string): Promise<Uint8Array> {
  return labelledHmac(env.SERVER_SECRET, "pepper", salt, decodeBase64url(authKey));
}
