/** Adding and removing the passkeys that open the vault: a new set of wraps, signed by the account key (CRYPTO 2.13). */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { sameBytes } from "#schema/envelope/bytes.ts";
import { encodePasskeyWrap, encodeVaultWraps, vaultWrapsMessage } from "#schema/envelope/vault-wraps.ts";
import type { SealedVault } from "#schema/http/auth.ts";
import { prepareLink } from "#schema/http/links.ts";
import { putVaultWraps } from "#schema/http/vault.ts";
import { limits } from "#schema/limits.ts";
import { ClientError } from "../client-api.ts";
import { passkeyKek, wrapVaultKey } from "../crypto/vault.ts";
import type { Environment } from "../environment.ts";
import type { Records } from "../store/records.ts";
import type { Engine } from "../sync/engine.ts";
import { passkeysOf, tryPasskeyWrap } from "./open-vault.ts";
import { lock, type UnlockedAccount, unlockAccount } from "./unlock.ts";
import type { PasskeySecret, PasskeyView, VaultSecret } from "./vault-api.ts";

type Wrap = SealedVault["wraps"][number];

/** Throws `SottoError`. */
export async function listPasskeys(engine: Engine): Promise<PasskeyView[]> {
  const { vault } = await engine.call(prepareLink, {});
  return passkeysOf(vault).map(({ credentialId, salt, name, addedAtMs }) => {
    return { credentialId, salt, name: new TextDecoder().decode(name), addedAtMs };
  });
}

/** Throws `ClientError` wrong_recovery_code, wrong_passkey, too_many_passkeys; `SottoError`, `CryptoError`. */
export async function addPasskey(
  environment: Environment,
  records: Records,
  engine: Engine,
  input: { readonly secret: VaultSecret; readonly passkey: PasskeySecret; readonly name: string },
): Promise<void> {
  const { provider } = environment;
  const { credentialId, salt, output } = input.passkey;
  await replaceWraps(environment, records, engine, input.secret, (unlocked) => {
    if (unlocked.wraps.length >= limits.vaultWraps) throw new ClientError("too_many_passkeys");
    const kek = passkeyKek(provider, unlocked.salt, output);
    const wrap = wrapVaultKey(provider, kek, "passkey", unlocked.address, unlocked.vaultKey);
    kek.fill(0);
    const name = new TextEncoder().encode(input.name);
    const addedAtMs = environment.nowMs();
    const data = encodeBase64url(encodePasskeyWrap({ addedAtMs, salt, credentialId, name, wrap }));
    const others = unlocked.wraps.filter((other) => !isOf(other, credentialId));
    return [...others, { kind: "passkey", data }];
  });
}

/** Removing what is not there changes nothing. Throws as `addPasskey` does. */
export async function removePasskey(
  environment: Environment,
  records: Records,
  engine: Engine,
  input: { readonly secret: VaultSecret; readonly credentialId: Uint8Array },
): Promise<void> {
  await replaceWraps(environment, records, engine, input.secret, ({ wraps }) =>
    wraps.filter((wrap) => !isOf(wrap, input.credentialId)),
  );
}

async function replaceWraps(
  environment: Environment,
  records: Records,
  engine: Engine,
  secret: VaultSecret,
  change: (unlocked: UnlockedAccount) => readonly Wrap[],
): Promise<void> {
  const { provider } = environment;
  const unlocked = await unlockAccount(environment, records, engine, secret);
  try {
    const wraps = change(unlocked);
    const { aik, address, vaultVersion } = unlocked;
    const encoded = encodeVaultWraps(wraps.map(({ kind, data }) => ({ kind, data: decodeBase64url(data) })));
    const digest = provider.sha256(encoded);
    const message = vaultWrapsMessage(address.accountId, vaultVersion + 1, digest);
    await engine.call(putVaultWraps, {
      body: {
        version: vaultVersion,
        wraps: [...wraps],
        signature: encodeBase64url(provider.sign(aik.secret, message)),
      },
    });
  } finally {
    lock(unlocked);
  }
}

function isOf(wrap: Wrap, credentialId: Uint8Array): boolean {
  const passkey = tryPasskeyWrap(wrap);
  return passkey !== undefined && sameBytes(passkey.credentialId, credentialId);
}
