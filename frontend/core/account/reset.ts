/** The reset of an account whose keys are lost: asked for with the password, carried out days later (CRYPTO 2.1 kind 4, 2.13). */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { parseDeviceList } from "#schema/envelope/device-list.ts";
import { SottoError } from "#schema/errors.ts";
import type { Session } from "#schema/http/auth.ts";
import * as routes from "#schema/http/reset.ts";
import type { AnswerOf } from "#schema/http/route.ts";
import { callRoute } from "../api/http.ts";
import { ClientError } from "../client-api.ts";
import { createAccountKey } from "../crypto/device-identity.ts";
import { createResetList } from "../crypto/device-list.ts";
import type { Environment } from "../environment.ts";
import { resetClaimTable } from "../store/own-tables.ts";
import type { Records } from "../store/records.ts";
import type { Engine } from "../sync/engine.ts";
import { verifyDirectory } from "../sync/directory.ts";
import {
  createFirstPrekeys,
  createOwnDevice,
  type NewDevice,
  storeEnrolled,
  storeNewDevice,
  toEnrolment,
} from "./enrolment.ts";
import type { PendingLogin } from "./login.ts";
import { createVault, type NewVault } from "./new-vault.ts";
import { keyVersionOf } from "./open-vault.ts";
import type { Registered } from "./registration.ts";
import type { ResetView } from "./reset-api.ts";

/** Somebody else may have changed devices or vault meanwhile. */
const attemptsMax = 3;

type Standing = AnswerOf<typeof routes.previewReset>;

/** Throws `SottoError`. */
export async function viewReset(
  environment: Environment,
  records: Records,
  pending: PendingLogin,
): Promise<ResetView> {
  const claim = (await records.read(resetClaimTable, pending.username))?.claim;
  const body = { ...passwordOf(pending), ...(claim !== undefined && { claim }) };
  return viewOf(environment, await callRoute(environment, routes.previewReset, { body }));
}

/** Asks once for each store: asking again goes on waiting. Throws `SottoError` reset_locked and others, `StoreError`. */
export async function requestReset(
  environment: Environment,
  records: Records,
  pending: PendingLogin,
): Promise<ResetView> {
  const { username } = pending;
  const known = (await records.read(resetClaimTable, username))?.claim;
  const isAlive =
    known !== undefined && (await viewReset(environment, records, pending)).state.type !== "none";
  const claim = isAlive ? known : encodeBase64url(environment.provider.random(32));
  // Durable before the server counts the days for it.
  await putClaim(records, username, claim);
  const body = { ...passwordOf(pending), claim };
  return viewOf(environment, await callRoute(environment, routes.requestReset, { body }));
}

/** Throws `SottoError`, `StoreError`. */
export async function cancelReset(
  environment: Environment,
  records: Records,
  pending: PendingLogin,
): Promise<ResetView> {
  const claim = await claimOf(records, pending);
  const body = { ...passwordOf(pending), claim };
  const standing = await callRoute(environment, routes.cancelReset, { body });
  await putClaim(records, pending.username, undefined);
  return viewOf(environment, standing);
}

/**
 * New account key, vault and recovery code; every old device revoked, this one added. `makeRoom` gives empty records once the server is
 * sure to take it. Throws `SottoError`, `CryptoError` for a directory that does not verify, `StoreError`.
 */
export async function finishReset(
  environment: Environment,
  records: Records,
  makeRoom: () => Promise<Records>,
  pending: PendingLogin,
  deviceName: string,
): Promise<Registered> {
  const claim = await claimOf(records, pending);
  await assertDue(environment, pending, claim);
  const room = await makeRoom();
  for (let attempt = 1; ; attempt += 1) {
    const login = { ...pending, answer: await pending.again() };
    const { device, vault } = beginAnew(environment, login);
    const { recoveryCode, recoveryKey, ...sealed } = vault;
    await storeNewDevice(room, device);
    try {
      const session: Session = await callRoute(environment, routes.finishReset, {
        body: {
          ...passwordOf(pending),
          claim,
          vault: { version: login.answer.vault.version + 1, ...sealed },
          recoveryKey,
          device: toEnrolment(device),
          deviceName,
          refreshTransport: environment.refreshTransport,
        },
      });
      const record = await storeEnrolled(room, environment.provider, device, session);
      await putClaim(room, pending.username, undefined);
      return { record, session, recoveryCode };
    } catch (error) {
      const isStale =
        error instanceof SottoError &&
        (error.kind === "device_list_conflict" || error.kind === "vault_conflict");
      if (!isStale || attempt >= attemptsMax) throw error;
      await room.clear();
      await putClaim(room, pending.username, claim);
    }
  }
}

/** Throws `ClientError` reset_over when nothing waits any more, and `SottoError`. */
export async function stopReset(engine: Engine): Promise<void> {
  try {
    await engine.call(routes.stopReset, {});
  } catch (error) {
    if (!(error instanceof SottoError) || error.kind !== "not_found") throw error;
    throw new ClientError("reset_over", { cause: error });
  }
  engine.news.setReset(undefined);
}

async function assertDue(environment: Environment, pending: PendingLogin, claim: string): Promise<void> {
  const body = { ...passwordOf(pending), claim };
  const { own, serverTimeMs } = await callRoute(environment, routes.previewReset, { body });
  if (own === undefined) throw resetOver();
  const retryAfterMs = own.effectiveAtMs - serverTimeMs;
  if (retryAfterMs > 0) throw new SottoError("reset_waiting", "Not yet.", { retryAfterMs });
}

function beginAnew(
  { provider, nowMs }: Environment,
  { username, salt, answer }: PendingLogin,
): { readonly device: NewDevice; readonly vault: NewVault } {
  const { account } = answer;
  const atMs = nowMs();
  const aik = createAccountKey(provider);
  const directory = verifyDirectory(provider, account, answer.devices, undefined);
  const previous = parseDeviceList(decodeBase64url(directory.list));
  const deviceId = (previous.devices.at(-1)?.deviceId ?? 0) + 1;
  const own = createOwnDevice(provider, aik, account, deviceId, atMs);
  const revoke = previous.devices.filter(({ status }) => status === "active").map((one) => one.deviceId);
  const list = createResetList(provider, aik, previous, { issuedAtMs: atMs, add: [own.cert], revoke });
  const backupRoot = provider.random(32);
  const keyVersion = keyVersionOf(decodeBase64url(answer.vault.data)) + 1;
  const address = { accountId: decodeBase64url(account), keyVersion };
  const vault = createVault(provider, address, salt, {
    aikSeed: aik.secret,
    backupRoot,
    lastDeviceId: deviceId,
  });
  const device: NewDevice = {
    account,
    username,
    own,
    prekeys: createFirstPrekeys(provider, own, atMs),
    list,
    certificates: [...directory.certificates, encodeBase64url(own.cert.bytes)],
    signOuts: [],
    backupRoot: encodeBase64url(backupRoot),
  };
  for (const secret of [aik.secret, backupRoot]) secret.fill(0);
  return { device, vault };
}

function viewOf({ nowMs }: Environment, standing: Standing): ResetView {
  const { conversations, messages, devices, delayMs, own, lockedUntilMs, serverTimeMs } = standing;
  const local = (atMs: number): number => atMs - serverTimeMs + nowMs();
  const view = { conversations, messages, devices, waitMs: delayMs };
  if (own !== undefined) {
    const { requestedAtMs, effectiveAtMs, expiresAtMs } = own;
    if (effectiveAtMs <= serverTimeMs)
      return { ...view, state: { type: "ready", expiresAtMs: local(expiresAtMs) } };
    const times = { requestedAtMs: local(requestedAtMs), effectiveAtMs: local(effectiveAtMs) };
    return { ...view, state: { type: "waiting", ...times } };
  }
  if (lockedUntilMs !== undefined)
    return { ...view, state: { type: "locked", untilMs: local(lockedUntilMs) } };
  return { ...view, state: { type: "none" } };
}

function passwordOf({ username, authKey }: PendingLogin) {
  return { username, authKey };
}

async function claimOf(records: Records, { username }: PendingLogin): Promise<string> {
  const known = await records.read(resetClaimTable, username);
  if (known === undefined) throw resetOver();
  return known.claim;
}

async function putClaim(records: Records, username: string, claim: string | undefined): Promise<void> {
  await records.transact(async (transaction) => {
    await transaction.get(resetClaimTable, username);
    if (claim === undefined) transaction.delete(resetClaimTable, username);
    else transaction.put(resetClaimTable, username, { claim });
  });
}

function resetOver(): SottoError {
  return new SottoError("reset_over", "Nothing was asked for from here.");
}
