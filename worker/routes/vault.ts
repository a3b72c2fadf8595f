/** The keys to the vault, replaced or made known by whoever holds the account key. */
import { recoveryKeyMessage } from "#schema/envelope/account-statements.ts";
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { encodeVaultWraps, parsePasskeyWrap, vaultWrapsMessage } from "#schema/envelope/vault-wraps.ts";
import { SottoError } from "#schema/errors.ts";
import type { putRecoveryKey, putVaultWraps } from "#schema/http/vault.ts";
import { assertSignedByAccount } from "../account-key.ts";
import { storeAuthKey } from "../auth-key.ts";
import type { Handler } from "../contract.ts";
import { Directory } from "../directory.ts";
import { sha256 } from "../secrets.ts";

export const handlePutVaultWraps: Handler<typeof putVaultWraps> = async ({ env, identity, body }) => {
  const { account } = identity;
  const wraps = body.wraps.map(({ kind, data }) => ({ kind, data: decodeBase64url(data) }));
  for (const { kind, data } of wraps) if (kind === "passkey") parsePasskeyWrap(data);
  if (!wraps.some(({ kind }) => kind === "recovery")) {
    throw new SottoError("malformed", "The recovery code must go on opening the vault.");
  }
  const version = body.version + 1;
  const digest = await sha256(encodeVaultWraps(wraps));
  const message = vaultWrapsMessage(decodeBase64url(account), version, digest);
  await assertSignedByAccount(env, account, message, body.signature);
  const isReplaced = await new Directory(env.DB).replaceWraps(account, body.version, body.wraps);
  if (!isReplaced) throw vaultConflict();
  return { version };
};

export const handlePutRecoveryKey: Handler<typeof putRecoveryKey> = async ({ env, identity, body }) => {
  const { account } = identity;
  const { version, recoveryKey, signature } = body;
  const digest = await sha256(decodeBase64url(recoveryKey));
  await assertSignedByAccount(
    env,
    account,
    recoveryKeyMessage(decodeBase64url(account), version, digest),
    signature,
  );
  const stored = await storeAuthKey(env, recoveryKey);
  if (!(await new Directory(env.DB).setRecoveryKey(account, version, stored))) throw vaultConflict();
  return {};
};

export function vaultConflict(): SottoError {
  return new SottoError("vault_conflict", "The vault was changed meanwhile.");
}
