/** Opens the vault of an account with what its owner has: the recovery code or a passkey (CRYPTO 2.13). */
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { sameBytes } from "#schema/envelope/bytes.ts";
import { EnvelopeError } from "#schema/envelope/envelope-error.ts";
import { parsePasskeyWrap, type PasskeyWrap } from "#schema/envelope/vault-wraps.ts";
import type { AccountId } from "#schema/ids.ts";
import { ClientError } from "../client-api.ts";
import { CryptoError, isCryptoError } from "../crypto/errors.ts";
import type { Provider } from "../crypto/provider.ts";
import { parseRecoveryCode, recoveryKek } from "../crypto/recovery-code.ts";
import {
  openVault,
  passkeyKek,
  unwrapVaultKey,
  type Vault,
  type VaultAddress,
  type VaultWrapKind,
} from "../crypto/vault.ts";
import type { VaultSecret } from "./vault-api.ts";

/** The sealed vault as the server hands it out. */
export interface VaultAnswer {
  readonly account: AccountId;
  readonly vault: {
    readonly version: number;
    readonly data: string;
    readonly wraps: readonly { readonly kind: string; readonly data: string }[];
  };
}

/** Held in memory only; its owner overwrites the keys. */
export interface OpenedVault {
  readonly vault: Vault;
  readonly vaultKey: Uint8Array;
  readonly address: VaultAddress;
}

/** Throws `ClientError` wrong_recovery_code or wrong_passkey: the secret, or what the server handed out, is not the right one. */
export function openVaultWith(
  provider: Provider,
  answer: VaultAnswer,
  accountSalt: Uint8Array,
  secret: VaultSecret,
): OpenedVault {
  try {
    return "passkey" in secret
      ? openWithPasskey(provider, answer, accountSalt, secret.passkey)
      : openWithCode(provider, answer, accountSalt, secret.recoveryCode);
  } catch (error) {
    if (!isCryptoError(error)) throw error;
    throw new ClientError("passkey" in secret ? "wrong_passkey" : "wrong_recovery_code", { cause: error });
  }
}

/** The passkeys that open a vault. */
export function passkeysOf(vault: VaultAnswer["vault"]): PasskeyWrap[] {
  return vault.wraps.map(tryPasskeyWrap).filter((wrap) => wrap !== undefined);
}

/** Undefined: a wrap of another kind, or one that this version does not understand. */
export function tryPasskeyWrap({
  kind,
  data,
}: VaultAnswer["vault"]["wraps"][number]): PasskeyWrap | undefined {
  if (kind !== "passkey") return undefined;
  try {
    return parsePasskeyWrap(decodeBase64url(data));
  } catch (error) {
    if (error instanceof EnvelopeError) return undefined;
    throw error;
  }
}

function openWithCode(
  provider: Provider,
  answer: VaultAnswer,
  accountSalt: Uint8Array,
  recoveryCode: string,
): OpenedVault {
  const wrap = answer.vault.wraps.find(({ kind }) => kind === "recovery");
  if (wrap === undefined) throw new CryptoError("BAD_TAG", "vault: no recovery wrap");
  const secret = parseRecoveryCode(provider, recoveryCode);
  const kek = recoveryKek(provider, accountSalt, secret);
  secret.fill(0);
  return openWrapped(provider, answer, "recovery", kek, decodeBase64url(wrap.data));
}

function openWithPasskey(
  provider: Provider,
  answer: VaultAnswer,
  accountSalt: Uint8Array,
  { credentialId, output }: Extract<VaultSecret, { passkey: unknown }>["passkey"],
): OpenedVault {
  const found = passkeysOf(answer.vault).find((one) => sameBytes(one.credentialId, credentialId));
  if (found === undefined) throw new CryptoError("BAD_TAG", "vault: no wrap of this passkey");
  return openWrapped(provider, answer, "passkey", passkeyKek(provider, accountSalt, output), found.wrap);
}

/** Overwrites `kek`. Throws `CryptoError`. */
function openWrapped(
  provider: Provider,
  answer: VaultAnswer,
  kind: VaultWrapKind,
  kek: Uint8Array,
  wrap: Uint8Array,
): OpenedVault {
  const data = decodeBase64url(answer.vault.data);
  const address = { accountId: decodeBase64url(answer.account), keyVersion: keyVersionOf(data) };
  const vaultKey = unwrapVaultKey(provider, kek, kind, address, wrap);
  kek.fill(0);
  return { vault: openVault(provider, vaultKey, address, data), vaultKey, address };
}

/** `ver u8 | keyVersion u32`; the seal covers it. Throws `CryptoError` MALFORMED. */
export function keyVersionOf(vault: Uint8Array): number {
  if (vault.length < 5) throw new CryptoError("MALFORMED", "vault: truncated");
  return new DataView(vault.buffer, vault.byteOffset).getUint32(1);
}
