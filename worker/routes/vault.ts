/** The keys to the vault, replaced as a whole by whoever holds the account key. */
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { parseDeviceList } from "#schema/envelope/device-list.ts";
import { encodeVaultWraps, parsePasskeyWrap, vaultWrapsMessage } from "#schema/envelope/vault-wraps.ts";
import { SottoError } from "#schema/errors.ts";
import type { putVaultWraps } from "#schema/http/vault.ts";
import type { Handler } from "../contract.ts";
import { Directory } from "../directory.ts";
import { assertSignatures } from "../ed25519.ts";
import { callInbox } from "../stubs.ts";

export const handlePutVaultWraps: Handler<typeof putVaultWraps> = async ({ env, identity, body }) => {
  const { account } = identity;
  const wraps = body.wraps.map(({ kind, data }) => ({ kind, data: decodeBase64url(data) }));
  for (const { kind, data } of wraps) if (kind === "passkey") parsePasskeyWrap(data);
  if (!wraps.some(({ kind }) => kind === "recovery")) {
    throw new SottoError("malformed", "The recovery code must go on opening the vault.");
  }
  const devices = await callInbox(env, account, (inbox) => inbox.directory({ after: 0 }));
  const newest = devices.lists.at(-1);
  if (newest === undefined) throw new SottoError("not_found", "This account does not exist.");
  const version = body.version + 1;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", encodeVaultWraps(wraps)));
  const key = parseDeviceList(decodeBase64url(newest)).aik;
  const message = vaultWrapsMessage(decodeBase64url(account), version, digest);
  await assertSignatures([{ key, message, signature: decodeBase64url(body.signature) }]);
  const isReplaced = await new Directory(env.DB).replaceWraps(account, body.version, body.wraps);
  if (!isReplaced) throw new SottoError("vault_conflict", "The vault was changed meanwhile.");
  return { version };
};
