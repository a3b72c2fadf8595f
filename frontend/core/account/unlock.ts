/** Opens the vault of the account that this device is signed in to, for as long as its device list is changed. */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { type DeviceList, parseDeviceList } from "#schema/envelope/device-list.ts";
import type { SealedVault } from "#schema/http/auth.ts";
import { prepareLink } from "#schema/http/links.ts";
import { putRecoveryKey } from "#schema/http/vault.ts";
import type { AccountId, DeviceId } from "#schema/ids.ts";
import { accountKeyOf } from "../crypto/device-identity.ts";
import { CryptoError } from "../crypto/errors.ts";
import type { KeyPair } from "../crypto/provider.ts";
import type { VaultAddress } from "../crypto/vault.ts";
import type { Environment } from "../environment.ts";
import type { Records } from "../store/records.ts";
import { directoryTable } from "../store/tables.ts";
import { verifyDirectory } from "../sync/directory.ts";
import type { Engine } from "../sync/engine.ts";
import { openVaultWith } from "./open-vault.ts";
import { tellRecoveryKey } from "./recovery-key.ts";
import type { VaultSecret } from "./vault-api.ts";

/** Held in memory only; `lock` it as soon as the list is signed. */
export interface UnlockedAccount {
  readonly account: AccountId;
  readonly username: string;
  readonly ticket: string;
  readonly aik: KeyPair;
  readonly backupRoot: Uint8Array;
  readonly profileKey: Uint8Array;
  /** What opens the vault, and the version of all its wraps. */
  readonly vaultKey: Uint8Array;
  readonly address: VaultAddress;
  readonly vaultVersion: number;
  /** Of the password in force. */
  readonly passwordId: string;
  readonly wraps: SealedVault["wraps"];
  /** Of the account, for every key that opens the vault. */
  readonly salt: Uint8Array;
  /** The newest list, verified against what this device had pinned. */
  readonly list: DeviceList;
  /** Certificates of its devices, base64url. */
  readonly certificates: readonly string[];
  /** Active in the list, but signed out by their own word. */
  readonly signedOut: readonly DeviceId[];
}

/** Throws `ClientError` wrong_recovery_code or wrong_passkey, `SottoError`, and `CryptoError` for lists that do not verify. */
export async function unlockAccount(
  environment: Environment,
  records: Records,
  engine: Engine,
  secret: VaultSecret,
): Promise<UnlockedAccount> {
  const { provider } = environment;
  const answer = await engine.call(prepareLink, {});
  const { account } = engine.self;
  const salt = decodeBase64url(answer.salt);
  const { vault, vaultKey, address } = openVaultWith(provider, answer, salt, secret);
  const aik = accountKeyOf(provider, vault.aikSeed);
  const pinned = await records.read(directoryTable, account);
  const directory = verifyDirectory(provider, account, answer.devices, pinned);
  if (directory.pin.aik !== encodeBase64url(aik.pub)) {
    throw new CryptoError("UNTRUSTED_IDENTITY", "device list: not signed by the account key of the vault");
  }
  tellRecoveryKey(provider, { answer, salt, aik, secret }, (key) => engine.call(putRecoveryKey, key));
  const list = parseDeviceList(decodeBase64url(directory.list));
  const active = new Set(
    list.devices.filter(({ status }) => status === "active").map(({ deviceId }) => deviceId),
  );
  return {
    account,
    username: answer.devices.username,
    ticket: answer.ticket,
    aik,
    backupRoot: vault.backupRoot,
    profileKey: vault.profileKey,
    vaultKey,
    address,
    vaultVersion: answer.vault.version,
    passwordId: answer.passwordId,
    wraps: answer.vault.wraps,
    salt,
    list,
    certificates: directory.certificates,
    signedOut: directory.signOuts.map(({ deviceId }) => deviceId).filter((id) => active.has(id)),
  };
}

/** Forgets the keys. */
export function lock({ aik, backupRoot, profileKey, vaultKey }: UnlockedAccount): void {
  for (const secret of [aik.secret, backupRoot, profileKey, vaultKey]) secret.fill(0);
}
