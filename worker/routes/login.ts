/** Signing in with a password, and the device that joins after it. Unknown names get the same work and the same answers. */
import { SottoError } from "#schema/errors.ts";
import type { enrolDevice, login, loginParameters } from "#schema/http/auth.ts";
import { defaultArgon2, isAuthKeyRight, unknownUserSalt } from "../auth-key.ts";
import type { Handler } from "../contract.ts";
import { Directory } from "../directory.ts";
import { countAttempt, forgetAttempts } from "../login-attempts.ts";
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

export const handleLogin: Handler<typeof login> = async ({ env, body: { username, authKey } }) => {
  await countAttempt(env, username, Date.now());
  const found = await new Directory(env.DB).accountByName(username);
  const isRight = await isAuthKeyRight(env, found, authKey);
  if (found === undefined || !isRight) {
    throw new SottoError("wrong_credentials", "Username or password is wrong.");
  }
  await forgetAttempts(env, username);
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
