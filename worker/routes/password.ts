/** Another password for an account whose device asks: the one in force is proved, or the account key in its place. */
import { passwordChangeMessage } from "#schema/envelope/account-statements.ts";
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { SottoError } from "#schema/errors.ts";
import type { changePassword } from "#schema/http/auth.ts";
import { assertSignedByAccount } from "../account-key.ts";
import { isAuthKeyRight, storeAuthKey } from "../auth-key.ts";
import type { Handler } from "../contract.ts";
import { type AccountRecord, Directory } from "../directory.ts";
import { provePassword } from "../prove-owner.ts";
import { sha256 } from "../secrets.ts";
import { callInbox } from "../stubs.ts";

type ChangeCall = Parameters<Handler<typeof changePassword>>[0];

/**
 * The devices are told first: what breaks off in between is a warning too many, never a change that nobody heard of. The password itself is
 * one row, so that at any moment either the old one opens the account or the new one.
 */
export const handleChangePassword: Handler<typeof changePassword> = async (call) => {
  const { env, identity, body } = call;
  const { account } = identity;
  const { next, signOutOthers } = body;
  const found = await prove(call);
  const { changedAtMs, ended } = await callInbox(env, account, (inbox) =>
    inbox.changePassword({ identity, signOutOthers }),
  );
  if (await isAuthKeyRight(env, found, next.authKey)) return { changedAtMs, ended };
  const stored = { ...(await storeAuthKey(env, next.authKey)), argon2: next.argon2 };
  const isReplaced = await new Directory(env.DB).replaceAuthKey(account, found.serverSalt, stored);
  if (!isReplaced) throw changedMeanwhile();
  return { changedAtMs, ended };
};

/** The account whose owner asks. Its new password may be in force already: then the answer was lost. */
function prove(call: ChangeCall): Promise<AccountRecord> {
  const { env, identity, body } = call;
  const { proof, next } = body;
  if ("authKey" in proof) {
    const { username } = identity;
    return provePassword(env, { username, authKey: proof.authKey, successor: next.authKey });
  }
  return proveAccountKey(call, proof);
}

async function proveAccountKey(
  { env, identity, body }: ChangeCall,
  { replaces, signature }: { readonly replaces: string; readonly signature: string },
): Promise<AccountRecord> {
  const { account, session } = identity;
  const { next, signOutOthers } = body;
  const message = passwordChangeMessage({
    accountId: decodeBase64url(account),
    sessionId: decodeBase64url(session),
    replaces: decodeBase64url(replaces),
    authKeyDigest: await sha256(decodeBase64url(next.authKey)),
    argon2: next.argon2,
    signOutOthers,
  });
  await assertSignedByAccount(env, account, message, signature);
  const found = await new Directory(env.DB).accountById(account);
  if (found === undefined) throw new SottoError("not_found", "This account does not exist.");
  const isNew = found.serverSalt === replaces || (await isAuthKeyRight(env, found, next.authKey));
  if (!isNew) throw changedMeanwhile();
  return found;
}

function changedMeanwhile(): SottoError {
  return new SottoError("wrong_credentials", "The password was changed meanwhile.");
}
