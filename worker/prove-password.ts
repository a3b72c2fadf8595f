import { SottoError } from "#schema/errors.ts";
import { isAuthKeyRight } from "./auth-key.ts";
import { type AccountRecord, Directory } from "./directory.ts";
import type { Env } from "./env.ts";
import { countAttempt, forgetAttempts } from "./login-attempts.ts";

/**
 * The account whose password this is, or whose password `successor` is already. Unknown names cost the same. Throws `wrong_credentials`
 * and `rate_limited`.
 */
export async function provePassword(
  env: Env,
  input: { readonly username: string; readonly authKey: string; readonly successor?: string },
): Promise<AccountRecord> {
  const { username, authKey, successor } = input;
  await countAttempt(env, username, Date.now());
  const found = await new Directory(env.DB).accountByName(username);
  const isRight =
    (await isAuthKeyRight(env, found, authKey)) ||
    (successor !== undefined && (await isAuthKeyRight(env, found, successor)));
  if (found === undefined || !isRight) {
    throw new SottoError("wrong_credentials", "Username or password is wrong.");
  }
  await forgetAttempts(env, username);
  return found;
}
