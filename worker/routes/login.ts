/** Signing in with a password, and the device that joins after it. Unknown names get the same work and the same answers. */
import type { enrolDevice, login, loginParameters } from "#schema/http/auth.ts";
import { defaultArgon2, unknownUserSalt } from "../auth-key.ts";
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
