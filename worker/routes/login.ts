/** Signing in with a password, or the recovery code in its place, and the device that joins after it. Unknown names get the same work and the same answers. */
import type { enrolDevice, login, loginParameters, recover } from "#schema/http/auth.ts";
import { defaultArgon2, unknownUserSalt } from "../auth-key.ts";
import type { Handler } from "../contract.ts";
import { type AccountRecord, Directory } from "../directory.ts";
import type { Env } from "../env.ts";
import { provePassword, proveRecoveryKey } from "../prove-owner.ts";
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

export const handleLogin: Handler<typeof login> = async ({ env, body }) =>
  letIn(env, await provePassword(env, body));

export const handleRecover: Handler<typeof recover> = async ({ env, body }) =>
  letIn(env, await proveRecoveryKey(env, body));

export const handleEnrolDevice: Handler<typeof enrolDevice> = async ({ env, body, setCookie }) => {
  const { account, username } = await verifyTicket(env, "login", body.ticket);
  await enrol(env, { account, username, genesis: false }, body);
  return openSession(env, account, body.device.deviceId, body.refreshTransport, setCookie);
};

async function letIn(env: Env, { account, username, vault, recovery }: AccountRecord) {
  const devices = await callInbox(env, account, (inbox) => inbox.directory({ after: 0 }));
  const ticket = await signTicket(env, "login", { account, username });
  return { account, ticket, vault, devices, hasRecoveryKey: recovery !== undefined };
}
