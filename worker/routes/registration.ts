/** New accounts. The directory row is what makes one exist; everything before it can be repeated or left behind. */
import * as v from "valibot";
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { SottoError } from "#schema/errors.ts";
import type { register, registerBegin } from "#schema/http/auth.ts";
import { accountIdSchema } from "#schema/ids.ts";
import { usernameProblem } from "#schema/username.ts";
import { isAuthKeyRight, storeAuthKey } from "../auth-key.ts";
import type { Handler } from "../contract.ts";
import { Directory } from "../directory.ts";
import { openSession } from "../session.ts";
import { signTicket, verifyTicket } from "../tokens.ts";
import { enrol } from "../enrol.ts";

export const handleRegisterBegin: Handler<typeof registerBegin> = async ({ env, body: { username } }) => {
  if (usernameProblem(username) !== undefined) {
    throw new SottoError("username_refused", "This username cannot be had.");
  }
  const holder = await new Directory(env.DB).accountByName(username);
  if (holder !== undefined) throw usernameTaken();
  const account = v.parse(accountIdSchema, encodeBase64url(crypto.getRandomValues(new Uint8Array(16))));
  return { account, ticket: await signTicket(env, "register", { account, username }) };
};

export const handleRegister: Handler<typeof register> = async ({ env, body, setCookie }) => {
  const { account, username } = await verifyTicket(env, "register", body.ticket);
  await enrol(env, { account, username, genesis: true }, body);
  const directory = new Directory(env.DB);
  const { salt: clientSalt, argon2, vault } = body;
  const authKey = await storeAuthKey(env, body.authKey);
  const recovery = await storeAuthKey(env, body.recoveryKey);
  const record = { account, username, ...authKey, clientSalt, argon2, vault, recovery };
  await directory.addAccount(record, Date.now());
  const registered = await directory.accountById(account);
  if (registered === undefined) throw usernameTaken();
  if (!(await isAuthKeyRight(env, registered, body.authKey))) {
    throw new SottoError("unauthenticated", "This account was registered with another password.");
  }
  return openSession(env, account, body.device.deviceId, body.refreshTransport, setCookie);
};

function usernameTaken(): SottoError {
  return new SottoError("username_taken", "This username is taken.");
}
