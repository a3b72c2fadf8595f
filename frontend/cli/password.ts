/** `sotto password`: another password for the account. */
import type { Client } from "#core/client.ts";
import { limits } from "#schema/limits.ts";
import { type Arguments, UsageError } from "./arguments.ts";
import { secret } from "./prompt.ts";

export async function password(client: Client, { scope }: Arguments): Promise<number> {
  const current = await secret("SOTTO_PASSWORD", "Current password: ");
  const next = await secret("SOTTO_NEW_PASSWORD", "New password: ");
  const again = await secret("SOTTO_NEW_PASSWORD", "New password, once more: ");
  if (next !== again) throw new UsageError("the two new passwords are not the same");
  if (next === current) throw new UsageError("that is the current password");
  if (Array.from(next).length < limits.passwordMinChars) {
    throw new UsageError(`a password has at least ${limits.passwordMinChars} characters`);
  }
  const { signedOut } = await client.changePassword({ current, next, signOutOthers: scope === "everywhere" });
  process.stderr.write(`The password is changed. Other devices that were signed out: ${signedOut}.\n`);
  return 0;
}
