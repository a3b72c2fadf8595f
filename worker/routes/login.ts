/** Signing in with a password, and the device that joins after it. Unknown names get the same work and the same answers. */
import { SottoError } from "#schema/errors.ts";
import type { changePassword, enrolDevice, login, loginParameters } from "#schema/http/auth.ts";
import { defaultArgon2, isAuthKeyRight, storeAuthKey, unknownUserSalt } from "../auth-key.ts";
import type { Handler } from "../contract.ts";
import { Directory } from "../directory.ts";
import { provePassword } from "../prove-password.ts";
import { openSession } from "../session.ts";
import { callInbox } from "../stubs.ts";
import { signTicket, verifyTicket } from "../tokens.ts";
import { enrol } from "../enrol.ts";

export const handleLoginParameters: Handler<typeof loginParameters> = async ({ env, body: { username } }) => {
  const made = await unknownUserSalt(env, username);
  const found = await new Directory(env.DB).accountByName(username);
  return found === undefined
    ? { salt: made, argon2: defaultArgon2 }
    : { salt: found.clientSalt, argon2: found.argon2 };
};

export const handleLogin: Handler<typeof login> = async ({ env, body }) => {
  const found = await provePassword(env, body);
  const { account } = found;
  const devices = await callInbox(env, account, (inbox) => inbox.directory({ after: 0 }));
  const ticket = await signTicket(env, "login", { account, username: found.username });
  return { account, ticket, vault: found.vault, devices };
};

export const handleEnrolDevice: Handler<typeof enrolDevice> = async ({ env, body, setCookie }) => {
  const { account, username } = await verifyTicket(env, "login", body.ticket);
  await enrol(env, { account, username, genesis: false }, body);
  return openSession(env, account, body.device.deviceId, body.refreshTransport, setCookie);
};

/**
 * The devices are told first: what breaks off in between is a warning too many, never a change that nobody heard of. The password itself is
 * one row, so that at any moment either the old one opens the account or the new one.
 */
export const handleChangePassword: Handler<typeof changePassword> = async ({ env, identity, body }) => {
  const { username, account } = identity;
  const { authKey, next, signOutOthers } = body;
  const found = await provePassword(env, { username, authKey, successor: next.authKey });
  const { changedAtMs, ended } = await callInbox(env, account, (inbox) =>
    inbox.changePassword({ identity, signOutOthers }),
  );
  if (await isAuthKeyRight(env, found, next.authKey)) return { changedAtMs, ended };
  const stored = { ...(await storeAuthKey(env, next.authKey)), argon2: next.argon2 };
  const isReplaced = await new Directory(env.DB).replaceAuthKey(account, found.serverSalt, stored);
  if (!isReplaced) throw new SottoError("wrong_credentials", "The password was changed meanwhile.");
  return { changedAtMs, ended };
};
