/** Another password for the account (CRYPTO 2.13). It opens no vault, so nothing is sealed anew. */
import { passwordChangeMessage } from "#schema/envelope/account-statements.ts";
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { SottoError } from "#schema/errors.ts";
import * as routes from "#schema/http/auth.ts";
import type * as v from "valibot";
import { callRoute } from "../api/http.ts";
import type { Tokens } from "../api/tokens.ts";
import { defaultPasswordParams, derivePasswordKeys } from "../crypto/password.ts";
import type { Argon2Params } from "../crypto/provider.ts";
import type { Environment } from "../environment.ts";
import { passwordKnownKey, passwordKnownTable } from "../store/own-tables.ts";
import type { Records } from "../store/records.ts";
import type { Engine } from "../sync/engine.ts";
import type { SignedIn } from "./signed-in.ts";
import { lock, type UnlockedAccount, unlockAccount } from "./unlock.ts";
import type { PasswordApi, PasswordChangeView } from "./password-api.ts";

type ChangeBody = v.InferOutput<typeof routes.changePassword.request>;
type Change = Omit<ChangeBody, "proof">;

/** Somebody else may change it, or another session begin, while the account key signs. */
const attemptsMax = 3;

/**
 * Throws `SottoError` wrong_credentials, rate_limited and others, `ClientError` wrong_recovery_code or wrong_passkey, `CryptoError` for parameters
 * or lists that are not acceptable, `StoreError`.
 */
export async function changePassword(
  environment: Environment,
  records: Records,
  { engine, tokens }: Pick<SignedIn, "engine" | "tokens">,
  username: string,
  { current, next, signOutOthers }: Parameters<PasswordApi["changePassword"]>[0],
): Promise<{ signedOut: number }> {
  const { salt: saltText, argon2 } = await callRoute(environment, routes.loginParameters, {
    body: { username },
  });
  const salt = decodeBase64url(saltText);
  const { memoryKib, passes } = defaultPasswordParams;
  const change: Change = {
    next: {
      authKey: await authKeyOf(environment, next, salt, defaultPasswordParams),
      argon2: { memoryKiB: memoryKib, passes, lanes: 1 },
    },
    signOutOthers,
  };
  const send = (body: ChangeBody) =>
    engine.news.quietly(async () => {
      const { changedAtMs, ended } = await engine.call(routes.changePassword, { body });
      await know(records, changedAtMs);
      return { signedOut: ended };
    });
  if (typeof current === "string") {
    const present = { memoryKib: argon2.memoryKiB, passes: argon2.passes, lanes: argon2.lanes };
    return send({ proof: { authKey: await authKeyOf(environment, current, salt, present) }, ...change });
  }
  for (let attempt = 1; ; attempt += 1) {
    const unlocked = await unlockAccount(environment, records, engine, current);
    try {
      return await send({ proof: signChange(environment, unlocked, tokens, change), ...change });
    } catch (error) {
      const isStale =
        error instanceof SottoError && (error.kind === "wrong_credentials" || error.kind === "bad_signature");
      if (!isStale || attempt >= attemptsMax) throw error;
    } finally {
      lock(unlocked);
    }
  }
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

/** The account key's word for one change in one session. */
function signChange(
  { provider }: Environment,
  { account, aik, passwordId: replaces }: UnlockedAccount,
  { sessionId }: Tokens,
  { next, signOutOthers }: Change,
): ChangeBody["proof"] {
  if (sessionId === undefined) throw new SottoError("unavailable", "No session has begun.");
  const message = passwordChangeMessage({
    accountId: decodeBase64url(account),
    sessionId: decodeBase64url(sessionId),
    replaces: decodeBase64url(replaces),
    authKeyDigest: provider.sha256(decodeBase64url(next.authKey)),
    argon2: next.argon2,
    signOutOthers,
  });
  return { replaces, signature: encodeBase64url(provider.sign(aik.secret, message)) };
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
