/** Opens an account: password keys, account key in a fresh vault, first device (CRYPTO 2.1, 2.13). */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { register, registerBegin, type Session } from "#schema/http/auth.ts";
import { foldUsername, usernameProblem } from "#schema/username.ts";
import { callRoute } from "../api/http.ts";
import { ClientError } from "../client-api.ts";
import { createAccountKey } from "../crypto/device-identity.ts";
import { createGenesisList } from "../crypto/device-list.ts";
import { defaultPasswordParams, derivePasswordKeys } from "../crypto/password.ts";
import type { Environment } from "../environment.ts";
import type { Records } from "../store/records.ts";
import type { AccountRecord } from "../store/tables.ts";
import {
  createFirstPrekeys,
  createOwnDevice,
  type NewDevice,
  storeEnrolled,
  storeNewDevice,
  toEnrolment,
} from "./enrolment.ts";
import { createVault } from "./new-vault.ts";

const firstDeviceId = 1;

export interface Registered {
  readonly record: AccountRecord;
  readonly session: Session;
  /** 8 groups of 5, shown once. */
  readonly recoveryCode: string;
}

/** Throws `ClientError` username_invalid, `SottoError` and `StoreError`. */
export async function registerAccount(
  environment: Environment,
  records: Records,
  input: { readonly username: string; readonly password: string; readonly deviceName: string },
): Promise<Registered> {
  const { provider } = environment;
  const username = foldUsername(input.username);
  if (usernameProblem(username) !== undefined) throw new ClientError("username_invalid");
  const { account, ticket } = await callRoute(environment, registerBegin, { body: { username } });
  const nowMs = environment.nowMs();
  const accountId = decodeBase64url(account);
  const salt = provider.random(16);
  const passwordKeys = await derivePasswordKeys(provider, input.password, salt);
  passwordKeys.vaultKek.fill(0); // the password alone opens no vault (CRYPTO 2.13, wrap 3)

  const aik = createAccountKey(provider);
  const own = createOwnDevice(provider, aik, account, firstDeviceId, nowMs);
  const list = createGenesisList(provider, aik, { accountId, issuedAtMs: nowMs, certs: [own.cert] });
  const prekeys = createFirstPrekeys(provider, own, nowMs);
  const certificates = [encodeBase64url(own.cert.bytes)];
  const backupRoot = provider.random(32);
  const device: NewDevice = {
    account,
    username,
    own,
    prekeys,
    list,
    certificates,
    signOuts: [],
    backupRoot: encodeBase64url(backupRoot),
  };

  const { recoveryCode, recoveryKey, ...vault } = createVault(provider, { accountId, keyVersion: 1 }, salt, {
    aikSeed: aik.secret,
    backupRoot,
    lastDeviceId: firstDeviceId,
  });
  for (const secret of [aik.secret, backupRoot]) secret.fill(0);

  await storeNewDevice(records, device);
  const { memoryKib, passes } = defaultPasswordParams;
  const session = await callRoute(environment, register, {
    body: {
      ticket,
      salt: encodeBase64url(salt),
      argon2: { memoryKiB: memoryKib, passes, lanes: 1 },
      authKey: encodeBase64url(passwordKeys.authKey),
      vault: { version: 1, ...vault },
      recoveryKey,
      device: toEnrolment(device),
      deviceName: input.deviceName,
      refreshTransport: environment.refreshTransport,
    },
  });
  const record = await storeEnrolled(records, provider, device, session);
  return { record, session, recoveryCode };
}
