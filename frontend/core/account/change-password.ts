/** Another password for the account (CRYPTO 2.13). It opens no vault, so nothing is sealed anew. */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import * as routes from "#schema/http/auth.ts";
import { callRoute } from "../api/http.ts";
import { defaultPasswordParams, derivePasswordKeys } from "../crypto/password.ts";
import type { Argon2Params } from "../crypto/provider.ts";
import type { Environment } from "../environment.ts";
import { passwordKnownKey, passwordKnownTable } from "../store/own-tables.ts";
import type { Records } from "../store/records.ts";
import type { Engine } from "../sync/engine.ts";
import type { PasswordApi, PasswordChangeView } from "./password-api.ts";

/** Throws `SottoError` wrong_credentials, rate_limited and others, `CryptoError` for parameters that are not acceptable, `StoreError`. */
export async function changePassword(
  environment: Environment,
  records: Records,
  engine: Engine,
  username: string,
  { current, next, signOutOthers }: Parameters<PasswordApi["changePassword"]>[0],
): Promise<{ signedOut: number }> {
  const { salt: saltText, argon2 } = await callRoute(environment, routes.loginParameters, {
    body: { username },
  });
  const salt = decodeBase64url(saltText);
  const present = { memoryKib: argon2.memoryKiB, passes: argon2.passes, lanes: argon2.lanes };
  const { memoryKib, passes } = defaultPasswordParams;
  const body = {
    authKey: await authKeyOf(environment, current, salt, present),
    next: {
      authKey: await authKeyOf(environment, next, salt, defaultPasswordParams),
      argon2: { memoryKiB: memoryKib, passes, lanes: 1 as const },
    },
    signOutOthers,
  };
  return engine.news.quietly(async () => {
    const { changedAtMs, ended } = await engine.call(routes.changePassword, { body });
    await know(records, changedAtMs);
    return { signedOut: ended };
  });
}

/** Throws `StoreError`. */
export async function acknowledgePassword(records: Records, engine: Engine): Promise<void> {
  const told = engine.news.password;
  if (told !== undefined) await engine.news.quietly(() => know(records, told.changedAtMs));
}

/** The change that the person of this device has not heard of. Throws `StoreError`. */
export async function unknownChange(
  records: Records,
  engine: Engine,
): Promise<PasswordChangeView | undefined> {
  const told = engine.news.password;
  if (told === undefined || told.changedAtMs <= engine.self.joinedAtMs) return undefined;
  const known = await records.read(passwordKnownTable, passwordKnownKey);
  return told.changedAtMs <= (known?.changedAtMs ?? 0) ? undefined : told;
}

async function know(records: Records, changedAtMs: number): Promise<void> {
  await records.transact(async (transaction) => {
    await transaction.get(passwordKnownTable, passwordKnownKey);
    transaction.put(passwordKnownTable, passwordKnownKey, { changedAtMs });
  });
}

async function authKeyOf(
  { provider }: Environment,
  password: string,
  salt: Uint8Array,
  params: Argon2Params,
): Promise<string> {
  const { authKey, vaultKek } = await derivePasswordKeys(provider, password, salt, params);
  vaultKek.fill(0);
  return encodeBase64url(authKey);
}
