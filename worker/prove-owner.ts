/** Whose account it is, shown by the password or by the recovery code. Unknown names cost the same and are refused the same. */
import { SottoError } from "#schema/errors.ts";
import { isAuthKeyRight } from "./auth-key.ts";
import { type AccountRecord, Directory } from "./directory.ts";
import type { Env } from "./env.ts";
import { countAttempt, forgetAttempts } from "./login-attempts.ts";

/** The account whose password this is, or whose password `successor` is already. Throws `wrong_credentials` and `rate_limited`. */
export function provePassword(
  env: Env,
  input: { readonly username: string; readonly authKey: string; readonly successor?: string },
): Promise<AccountRecord> {
  const { username, authKey, successor } = input;
  return prove(
    env,
    username,
    async (found) =>
      (await isAuthKeyRight(env, found, authKey)) ||
      (successor !== undefined && (await isAuthKeyRight(env, found, successor))),
  );
}

/** The account whose recovery code this is of. Throws `wrong_credentials`, also where none is known, and `rate_limited`. */
export function proveRecoveryKey(
  env: Env,
  { username, recoveryKey }: { readonly username: string; readonly recoveryKey: string },
): Promise<AccountRecord> {
  return prove(env, username, (found) => isAuthKeyRight(env, found?.recovery, recoveryKey));
}

async function prove(
  env: Env,
  username: string,
  isRight: (found: AccountRecord | undefined) => Promise<boolean>,
): Promise<AccountRecord> {
  await countAttempt(env, username, Date.now());
  const found = await new Directory(env.DB).accountByName(username);
  if (!(await isRight(found)) || found === undefined) {
    throw new SottoError("wrong_credentials", "Username and secret do not belong together.");
  }
  await forgetAttempts(env, username);
  return found;
}
