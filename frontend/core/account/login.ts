/** Adds this device to an existing account: the password opens the door, the recovery code or a passkey opens the vault. */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { parseDeviceList } from "#schema/envelope/device-list.ts";
import { SottoError } from "#schema/errors.ts";
import { enrolDevice, login, loginParameters, type Session } from "#schema/http/auth.ts";
import type { AnswerOf } from "#schema/http/route.ts";
import { putRecoveryKey } from "#schema/http/vault.ts";
import { foldUsername, usernameProblem } from "#schema/username.ts";
import { callRoute } from "../api/http.ts";
import { ClientError } from "../client-api.ts";
import { accountKeyOf } from "../crypto/device-identity.ts";
import { createNextList } from "../crypto/device-list.ts";
import { CryptoError } from "../crypto/errors.ts";
import { derivePasswordKeys } from "../crypto/password.ts";
import type { KeyPair } from "../crypto/provider.ts";
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
import { openVaultWith } from "./open-vault.ts";
import { tellRecoveryKey } from "./recovery-key.ts";
import type { VaultSecret } from "./vault-api.ts";

export { passkeysOf } from "./open-vault.ts";

/** Another device may have joined meanwhile; the list is then made again on top of its. */
const listAttemptsMax = 3;

/** Whose account it is was proved; lives in memory until its vault is opened. */
export interface PendingEntry {
  readonly username: string;
  readonly salt: Uint8Array;
  readonly answer: AnswerOf<typeof login>;
  /** The same proof once more: a new ticket, the newest lists. Throws `SottoError`. */
  readonly again: () => Promise<AnswerOf<typeof login>>;
}

/** The proof was the password. */
export interface PendingLogin extends PendingEntry {
  readonly authKey: string;
}

/** Throws `SottoError` (wrong_credentials, rate_limited, unavailable) and `ClientError` wrong_credentials. */
export async function beginLogin(
  environment: Environment,
  input: { readonly username: string; readonly password: string },
): Promise<PendingLogin> {
  const username = enteredUsername(input.username);
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
  const again = () => callRoute(environment, login, { body: { username, authKey } });
  return { username, salt, authKey, again, answer: await again() };
}

/** A name as somebody typed it who has an account. Throws `ClientError` wrong_credentials for what cannot be one. */
export function enteredUsername(typed: string): string {
  const username = foldUsername(typed);
  const problem = usernameProblem(username);
  if (problem !== undefined && problem !== "reserved") throw new ClientError("wrong_credentials");
  return username;
}

/**
 * `makeRoom` gives empty records, and is asked once the secret has proved right. Throws `ClientError` wrong_recovery_code,
 * wrong_passkey or too_many_devices, `CryptoError` for a directory that does not verify, `SottoError`, `StoreError`.
 */
export async function finishLogin(
  environment: Environment,
  makeRoom: () => Promise<Records>,
  pending: PendingEntry,
  input: { readonly deviceName: string } & VaultSecret,
): Promise<{ readonly record: AccountRecord; readonly session: Session }> {
  let { answer } = pending;
  const { aik, backupRoot } = unlockAccount(environment, pending, input);
  try {
    const records = await makeRoom();
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
        const opened = { answer, salt: pending.salt, aik, secret: input };
        tellRecoveryKey(environment.provider, opened, (key) =>
          callRoute(environment, putRecoveryKey, key, session.accessToken),
        );
        return { record: await storeEnrolled(records, environment.provider, device, session), session };
      } catch (error) {
        const isStale = error instanceof SottoError && error.kind === "device_list_conflict";
        if (!isStale || attempt >= listAttemptsMax) throw error;
        await records.clear();
        answer = await pending.again();
      }
    }
  } finally {
    aik.secret.fill(0);
  }
}

function unlockAccount(
  { provider }: Environment,
  { answer, salt }: PendingEntry,
  secret: VaultSecret,
): { readonly aik: KeyPair; readonly backupRoot: string } {
  const { vault, vaultKey } = openVaultWith(provider, answer, salt, secret);
  vaultKey.fill(0);
  return { aik: accountKeyOf(provider, vault.aikSeed), backupRoot: encodeBase64url(vault.backupRoot) };
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
  const list = nextList(provider, aik, previous, { issuedAtMs: nowMs, add: [own.cert], revoke });
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

function nextList(...input: Parameters<typeof createNextList>): ReturnType<typeof createNextList> {
  try {
    return createNextList(...input);
  } catch (error) {
    if (error instanceof RangeError) throw new ClientError("too_many_devices", { cause: error });
    throw error;
  }
}
