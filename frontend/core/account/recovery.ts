/** The recovery code in place of a forgotten password: it shows whose account it is, and then opens the vault (CRYPTO 2.13). */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { loginParameters, recover } from "#schema/http/auth.ts";
import { callRoute } from "../api/http.ts";
import { ClientError } from "../client-api.ts";
import { isCryptoError } from "../crypto/errors.ts";
import type { Provider } from "../crypto/provider.ts";
import { parseRecoveryCode, recoveryAuthKey } from "../crypto/recovery-code.ts";
import type { Environment } from "../environment.ts";
import { enteredUsername, type PendingEntry } from "./login.ts";

/** Throws `SottoError` (wrong_credentials, rate_limited, unavailable) and `ClientError` wrong_credentials or wrong_recovery_code. */
export async function beginRecovery(
  environment: Environment,
  input: { readonly username: string; readonly recoveryCode: string },
): Promise<PendingEntry> {
  const { provider } = environment;
  const username = enteredUsername(input.username);
  const secret = parseSecret(provider, input.recoveryCode);
  const { salt: saltText } = await callRoute(environment, loginParameters, { body: { username } });
  const salt = decodeBase64url(saltText);
  const recoveryKey = encodeBase64url(recoveryAuthKey(provider, salt, secret));
  secret.fill(0);
  const again = () => callRoute(environment, recover, { body: { username, recoveryKey } });
  return { username, salt, again, answer: await again() };
}

function parseSecret(provider: Provider, recoveryCode: string): Uint8Array {
  try {
    return parseRecoveryCode(provider, recoveryCode);
  } catch (error) {
    if (isCryptoError(error)) throw new ClientError("wrong_recovery_code", { cause: error });
    throw error;
  }
}
