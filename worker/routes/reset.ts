/** The reset of an account whose keys are lost: the password is proved each time, the inbox decides. */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { SottoError } from "#schema/errors.ts";
import type * as reset from "#schema/http/reset.ts";
import type { ResetCommand } from "#schema/rpc/inbox.ts";
import { storeAuthKey } from "../auth-key.ts";
import { BackupStore } from "../backup-store.ts";
import type { Handler } from "../contract.ts";
import { type AccountRecord, Directory } from "../directory.ts";
import { enrol } from "../enrol.ts";
import type { Env } from "../env.ts";
import { provePassword } from "../prove-owner.ts";
import { openSession } from "../session.ts";
import { resetDelayMs } from "../settings.ts";
import { sha256 } from "../secrets.ts";
import { callInbox } from "../stubs.ts";
import { vaultConflict } from "./vault.ts";

export const handlePreviewReset: Handler<typeof reset.previewReset> = async ({ env, body }) => {
  const claimHash = body.claim === undefined ? undefined : await hashOf(body.claim);
  return tell(env, await provePassword(env, body), { type: "look", claimHash });
};

export const handleRequestReset: Handler<typeof reset.requestReset> = async ({ env, body }) => {
  const found = await provePassword(env, body);
  const delayMs = resetDelayMs(env);
  return tell(env, found, { type: "request", claimHash: await hashOf(body.claim), delayMs });
};

export const handleCancelReset: Handler<typeof reset.cancelReset> = async ({ env, body }) =>
  tell(env, await provePassword(env, body), { type: "cancel", claimHash: await hashOf(body.claim) });

/** Each step can be repeated: a call that broke off is carried on by the same call. */
export const handleFinishReset: Handler<typeof reset.finishReset> = async ({ env, body, setCookie }) => {
  const { account, username, vault: before } = await provePassword(env, body);
  const { vault } = body;
  if (!vault.wraps.some(({ kind }) => kind === "recovery")) {
    throw new SottoError("malformed", "The recovery code must open the vault.");
  }
  if (before.data !== vault.data && before.version + 1 !== vault.version) throw vaultConflict();
  const claimHash = await hashOf(body.claim);
  await enrol(env, { account, username, genesis: false, claimHash }, body);
  const recovery = await storeAuthKey(env, body.recoveryKey);
  if (!(await new Directory(env.DB).replaceVault(account, vault, recovery))) throw vaultConflict();
  const { deviceId } = body.device;
  await (await BackupStore.of(env, account)).removeOthers(deviceId);
  return openSession(env, account, deviceId, body.refreshTransport, setCookie);
};

export const handleStopReset: Handler<typeof reset.stopReset> = async ({ env, identity }) => {
  const { lockedUntilMs } = await callInbox(env, identity.account, (inbox) => inbox.reset({ type: "stop" }));
  if (lockedUntilMs === undefined) throw new SottoError("not_found", "Nothing waits to be stopped.");
  return { lockedUntilMs };
};

async function tell(env: Env, { account }: AccountRecord, command: ResetCommand) {
  const standing = await callInbox(env, account, (inbox) => inbox.reset(command));
  return { ...standing, delayMs: resetDelayMs(env), serverTimeMs: Date.now() };
}

async function hashOf(claim: string): Promise<string> {
  return encodeBase64url(await sha256(decodeBase64url(claim)));
}
