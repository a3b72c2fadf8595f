/** Opens the vault of the account that this device is signed in to, for as long as its device list is changed. */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { type DeviceList, parseDeviceList } from "#schema/envelope/device-list.ts";
import { prepareLink } from "#schema/http/links.ts";
import type { AccountId, DeviceId } from "#schema/ids.ts";
import { ClientError } from "../client-api.ts";
import { accountKeyOf } from "../crypto/device-identity.ts";
import { CryptoError, isCryptoError } from "../crypto/errors.ts";
import type { KeyPair } from "../crypto/provider.ts";
import { parseRecoveryCode, recoveryKek } from "../crypto/recovery-code.ts";
import type { Vault } from "../crypto/vault.ts";
import type { Environment } from "../environment.ts";
import type { Records } from "../store/records.ts";
import { directoryTable } from "../store/tables.ts";
import { verifyDirectory } from "../sync/directory.ts";
import type { Engine } from "../sync/engine.ts";
import { openWrapped } from "./login.ts";

/** Held in memory only; `lock` it as soon as the list is signed. */
export interface UnlockedAccount {
  readonly account: AccountId;
  readonly username: string;
  readonly ticket: string;
  readonly aik: KeyPair;
  readonly backupRoot: Uint8Array;
  readonly profileKey: Uint8Array;
  /** The newest list, verified against what this device had pinned. */
  readonly list: DeviceList;
  /** Certificates of its devices, base64url. */
  readonly certificates: readonly string[];
  /** Active in the list, but signed out by their own word. */
  readonly signedOut: readonly DeviceId[];
}

/** Throws `ClientError` wrong_recovery_code, `SottoError`, and `CryptoError` for lists that do not verify. */
export async function unlockAccount(
  environment: Environment,
  records: Records,
  engine: Engine,
  recoveryCode: string,
): Promise<UnlockedAccount> {
  const { provider } = environment;
  const answer = await engine.call(prepareLink, {});
  const { account } = engine.self;
  const vault = openWithCode(environment, answer, recoveryCode);
  const aik = accountKeyOf(provider, vault.aikSeed);
  const pinned = await records.read(directoryTable, account);
  const directory = verifyDirectory(provider, account, answer.devices, pinned);
  if (directory.pin.aik !== encodeBase64url(aik.pub)) {
    throw new CryptoError("UNTRUSTED_IDENTITY", "device list: not signed by the account key of the vault");
  }
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
    list,
    certificates: directory.certificates,
    signedOut: directory.signOuts.map(({ deviceId }) => deviceId).filter((id) => active.has(id)),
  };
}

/** Forgets the keys. */
export function lock({ aik, backupRoot, profileKey }: UnlockedAccount): void {
  for (const secret of [aik.secret, backupRoot, profileKey]) secret.fill(0);
}

function openWithCode(
  environment: Environment,
  answer: Parameters<typeof openWrapped>[1]["answer"] & { readonly salt: string },
  recoveryCode: string,
): Vault {
  const { provider } = environment;
  try {
    const secret = parseRecoveryCode(provider, recoveryCode);
    const kek = recoveryKek(provider, decodeBase64url(answer.salt), secret);
    const vault = openWrapped(environment, { answer }, kek);
    for (const bytes of [secret, kek]) bytes.fill(0);
    return vault;
  } catch (error) {
    if (isCryptoError(error)) throw new ClientError("wrong_recovery_code", { cause: error });
    throw error;
  }
}
