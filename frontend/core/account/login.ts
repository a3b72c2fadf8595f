/** Adds this device to an existing account: the password opens the door, the recovery code opens the vault. */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { parseDeviceList } from "#schema/envelope/device-list.ts";
import { SottoError } from "#schema/errors.ts";
import { enrolDevice, login, loginParameters, type Session } from "#schema/http/auth.ts";
import type { AnswerOf } from "#schema/http/route.ts";
import { foldUsername, usernameProblem } from "#schema/username.ts";
import { callRoute } from "../api/http.ts";
import { ClientError } from "../client-api.ts";
import { accountKeyOf } from "../crypto/device-identity.ts";
import { createNextList } from "../crypto/device-list.ts";
import { CryptoError, isCryptoError } from "../crypto/errors.ts";
import { derivePasswordKeys } from "../crypto/password.ts";
import type { KeyPair } from "../crypto/provider.ts";
import { parseRecoveryCode, recoveryKek } from "../crypto/recovery-code.ts";
import { openVault, unwrapVaultKey, type Vault } from "../crypto/vault.ts";
import type { Environment } from "../environment.ts";
import type { Records } from "../store/records.ts";
import type { AccountRecord } from "../store/tables.ts";
import { verifyDirectory } from "../sync/directory.ts";
import {
  createFirstPrekeys,
  createOwnDevice,
  type NewDevice,
  storeEnrolled,
  storeNewDevice,
  toEnrolment,
} from "./enrolment.ts";

/** Another device may have joined meanwhile; the list is then made again on top of its. */
const listAttemptsMax = 3;

/** The password was right; lives in memory until the recovery code completes it. */
export interface PendingLogin {
  readonly username: string;
  readonly salt: Uint8Array;
  readonly authKey: string;
  readonly answer: AnswerOf<typeof login>;
}

/** Throws `SottoError` (wrong_credentials, rate_limited, unavailable) and `ClientError` wrong_credentials. */
export async function beginLogin(
  environment: Environment,
  input: { readonly username: string; readonly password: string },
): Promise<PendingLogin> {
  const username = foldUsername(input.username);
  const problem = usernameProblem(username);
  if (problem !== undefined && problem !== "reserved") throw new ClientError("wrong_credentials");
  const { salt: saltText, argon2 } = await callRoute(environment, loginParameters, { body: { username } });
  const salt = decodeBase64url(saltText);
  const { memoryKiB, passes, lanes } = argon2;
  const keys = await derivePasswordKeys(environment.provider, input.password, salt, {
    memoryKib: memoryKiB,
    passes,
    lanes,
  });
  keys.vaultKek.fill(0);
  const authKey = encodeBase64url(keys.authKey);
  const answer = await callRoute(environment, login, { body: { username, authKey } });
  return { username, salt, authKey, answer };
}

/** Throws `ClientError` wrong_recovery_code, `CryptoError` for a directory that does not verify, `SottoError`, `StoreError`. */
export async function finishLogin(
  environment: Environment,
  records: Records,
  pending: PendingLogin,
  input: { readonly recoveryCode: string; readonly deviceName: string },
): Promise<{ readonly record: AccountRecord; readonly session: Session }> {
  let { answer } = pending;
  const { aik, backupRoot } = unlockAccount(environment, pending, input.recoveryCode);
  try {
    for (let attempt = 1; ; attempt += 1) {
      const device = joinAccount(environment, pending.username, answer, aik, backupRoot);
      await storeNewDevice(records, device);
      try {
        const session = await callRoute(environment, enrolDevice, {
          body: {
            ticket: answer.ticket,
            device: toEnrolment(device),
            deviceName: input.deviceName,
            refreshTransport: environment.refreshTransport,
          },
        });
        return { record: await storeEnrolled(records, environment.provider, device, session), session };
      } catch (error) {
        const isStale = error instanceof SottoError && error.kind === "device_list_conflict";
        if (!isStale || attempt >= listAttemptsMax) throw error;
        await records.clear();
        const { username, authKey } = pending;
        answer = await callRoute(environment, login, { body: { username, authKey } });
      }
    }
  } finally {
    aik.secret.fill(0);
  }
}

function unlockAccount(
  environment: Environment,
  pending: PendingLogin,
  recoveryCode: string,
): { readonly aik: KeyPair; readonly backupRoot: string } {
  const { provider } = environment;
  try {
    const secret = parseRecoveryCode(provider, recoveryCode);
    const kek = recoveryKek(provider, pending.salt, secret);
    const vault = openWrapped(environment, pending, kek);
    kek.fill(0);
    secret.fill(0);
    const backupRoot = encodeBase64url(vault.backupRoot);
    return { aik: accountKeyOf(provider, vault.aikSeed), backupRoot };
  } catch (error) {
    if (isCryptoError(error)) throw new ClientError("wrong_recovery_code", { cause: error });
    throw error;
  }
}

/** Opens the vault under the key of the recovery code. Throws `CryptoError`. */
export function openWrapped(
  { provider }: Environment,
  { answer }: { readonly answer: Pick<PendingLogin["answer"], "account" | "vault"> },
  kek: Uint8Array,
): Vault {
  const wrap = answer.vault.wraps.find(({ kind }) => kind === "recovery");
  if (wrap === undefined) throw new CryptoError("BAD_TAG", "vault: no recovery wrap");
  const data = decodeBase64url(answer.vault.data);
  const address = { accountId: decodeBase64url(answer.account), keyVersion: keyVersionOf(data) };
  const vaultKey = unwrapVaultKey(provider, kek, "recovery", address, decodeBase64url(wrap.data));
  const vault = openVault(provider, vaultKey, address, data);
  vaultKey.fill(0);
  return vault;
}

/** `ver u8 | keyVersion u32`; the seal covers it. */
function keyVersionOf(vault: Uint8Array): number {
  if (vault.length < 5) throw new CryptoError("MALFORMED", "vault: truncated");
  return new DataView(vault.buffer, vault.byteOffset).getUint32(1);
}

/** Verifies the account's directory under its own key and signs the next list with this device in it. */
function joinAccount(
  environment: Environment,
  username: string,
  answer: AnswerOf<typeof login>,
  aik: KeyPair,
  backupRoot: string,
): NewDevice {
  const { provider } = environment;
  const nowMs = environment.nowMs();
  const { account } = answer;
  const directory = verifyDirectory(provider, account, answer.devices, undefined);
  if (directory.pin.aik !== encodeBase64url(aik.pub)) {
    throw new CryptoError("UNTRUSTED_IDENTITY", "device list: not signed by the account key of the vault");
  }
  const previous = parseDeviceList(decodeBase64url(directory.list));
  const deviceId = (previous.devices.at(-1)?.deviceId ?? 0) + 1;
  const own = createOwnDevice(provider, aik, account, deviceId, nowMs);
  const active = previous.devices.filter(({ status }) => status === "active").map((entry) => entry.deviceId);
  const revoke = directory.signOuts.map((signOut) => signOut.deviceId).filter((id) => active.includes(id));
  const list = createNextList(provider, aik, previous, { issuedAtMs: nowMs, add: [own.cert], revoke });
  return {
    account,
    username,
    own,
    prekeys: createFirstPrekeys(provider, own, nowMs),
    list,
    certificates: [...directory.certificates, encodeBase64url(own.cert.bytes)],
    signOuts: [],
    backupRoot,
  };
}
