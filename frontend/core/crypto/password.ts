import { type Bytes } from "#schema/envelope/bytes.ts";
import { label } from "#schema/envelope/labels.ts";
import { assertOr } from "./errors.ts";
import { type Argon2Params, type Provider } from "./provider.ts";

export interface PasswordKeys {
  /** Sent to the server at login, 32 bytes. */
  readonly authKey: Bytes;
  /** Opens the password wrap of the vault key; never leaves the client. */
  readonly vaultKek: Bytes;
}

/** CRYPTO 2.13. */
export const defaultPasswordParams: Argon2Params = { memoryKib: 65_536, passes: 3, lanes: 1 };

const floor: Argon2Params = { memoryKib: 19_456, passes: 2, lanes: 1 };
/** Above this a server would only stop the client. */
const ceiling: Argon2Params = { memoryKib: 1_048_576, passes: 16, lanes: 4 };
const saltBytes = 16;

/** Refuses parameters a server chose too low (attack 62) or absurdly high. Throws `CryptoError` MALFORMED. */
export function assertPasswordParams(params: Argon2Params): void {
  for (const name of ["memoryKib", "passes", "lanes"] as const) {
    const value = params[name];
    const isInRange = Number.isInteger(value) && value >= floor[name] && value <= ceiling[name];
    assertOr(isInRange, "MALFORMED", `password parameters: ${name} out of range`);
  }
}

/**
 * `pw = Argon2id(NFKC(password), salt)`, then one key per purpose. The salt is the account's, 16 bytes, pinned after the first
 * login. Throws `CryptoError` MALFORMED before any work for parameters or a salt that are not acceptable.
 */
export async function derivePasswordKeys(
  provider: Provider,
  password: string,
  salt: Uint8Array,
  params: Argon2Params = defaultPasswordParams,
): Promise<PasswordKeys> {
  assertPasswordParams(params);
  assertOr(salt.length === saltBytes, "MALFORMED", "password salt: expected 16 bytes");
  const bytes = new TextEncoder().encode(password.normalize("NFKC"));
  const stretched = await provider.argon2id(bytes, salt, params, 32);
  bytes.fill(0);
  const keys = {
    authKey: provider.hkdf(salt, stretched, label("auth"), 32),
    vaultKek: provider.hkdf(salt, stretched, label("vault-kek"), 32),
  };
  stretched.fill(0);
  return keys;
}
