/** `sotto password`: another password for the account; `sotto recover`: in a new folder, where it is forgotten. */
import type { Client } from "#core/client.ts";
import { limits } from "#schema/limits.ts";
import { type Arguments, UsageError } from "./arguments.ts";
import { ask, secret } from "./prompt.ts";

export async function password(client: Client, { scope, forgotten }: Arguments): Promise<number> {
  const current = forgotten
    ? { recoveryCode: await askCode() }
    : await secret("SOTTO_PASSWORD", "Current password: ");
  const next = await askNext();
  if (next === current) throw new UsageError("that is the current password");
  const { signedOut } = await client.changePassword({ current, next, signOutOthers: scope === "everywhere" });
  process.stderr.write(`The password is changed. Other devices that were signed out: ${signedOut}.\n`);
  return 0;
}

export async function recover(client: Client, { rest, deviceName }: Arguments): Promise<number> {
  const username = rest[0] ?? (await ask("Username: "));
  const recoveryCode = await askCode();
  const next = await askNext();
  const { isPasswordSet } = await client.recoverAccount({
    username,
    recoveryCode,
    password: next,
    deviceName,
  });
  if (isPasswordSet) {
    process.stderr.write("Signed in, and the new password is set.\n");
    return 0;
  }
  process.stderr.write("Signed in, but the password is still the old one; try: sotto password --forgotten\n");
  return 1;
}

export function askCode(): Promise<string> {
  return secret("SOTTO_RECOVERY_CODE", "Recovery code: ");
}

/** Throws `UsageError`. */
async function askNext(): Promise<string> {
  const next = await secret("SOTTO_NEW_PASSWORD", "New password: ");
  const again = await secret("SOTTO_NEW_PASSWORD", "New password, once more: ");
  if (next !== again) throw new UsageError("the two new passwords are not the same");
  if (Array.from(next).length < limits.passwordMinChars) {
    throw new UsageError(`a password has at least ${limits.passwordMinChars} characters`);
  }
  return next;
}
