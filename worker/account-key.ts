/** The key that signs an account's device lists, and with it what only its owner may say. */
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import type { Bytes } from "#schema/envelope/bytes.ts";
import { parseDeviceList } from "#schema/envelope/device-list.ts";
import { SottoError } from "#schema/errors.ts";
import type { AccountId } from "#schema/ids.ts";
import { assertSignatures } from "./ed25519.ts";
import type { Env } from "./env.ts";
import { callInbox } from "./stubs.ts";

/** Throws `bad_signature` unless the account key of the newest list signed `message`, `not_found` for no account. */
export async function assertSignedByAccount(
  env: Env,
  account: AccountId,
  message: Bytes,
  signature: string,
): Promise<void> {
  const devices = await callInbox(env, account, (inbox) => inbox.directory({ after: 0 }));
  const newest = devices.lists.at(-1);
  if (newest === undefined) throw new SottoError("not_found", "This account does not exist.");
  const key = parseDeviceList(decodeBase64url(newest)).aik;
  await assertSignatures([{ key, message, signature: decodeBase64url(signature) }]);
}
