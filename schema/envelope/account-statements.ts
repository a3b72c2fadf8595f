/** What the account key signs about the ways into its account, for the server to check (CRYPTO 2.13). */
import { type Bytes, Writer } from "./bytes.ts";
import { label } from "./labels.ts";

/** Another password, put in the place of the one in force by whoever holds the account key. */
export interface PasswordStatement {
  readonly accountId: Uint8Array;
  /** The session that carries it, 16 bytes: good in no other. */
  readonly sessionId: Uint8Array;
  /** Names the password that it replaces, 16 bytes: good once. */
  readonly replaces: Uint8Array;
  /** SHA-256 of the new authentication key. */
  readonly authKeyDigest: Uint8Array;
  readonly argon2: { readonly memoryKiB: number; readonly passes: number };
  readonly signOutOthers: boolean;
}

/**
 * `L("password-change") ‖ accountId 16 ‖ sessionId 16 ‖ replaces 16 ‖ SHA-256(authKey) 32 ‖ memoryKiB u32 ‖ passes u32 ‖
 * signOutOthers u8`.
 */
export function passwordChangeMessage(statement: PasswordStatement): Bytes {
  const { accountId, sessionId, replaces, authKeyDigest, argon2, signOutOthers } = statement;
  return new Writer()
    .bytes(label("password-change"))
    .bytes(accountId, 16)
    .bytes(sessionId, 16)
    .bytes(replaces, 16)
    .bytes(authKeyDigest, 32)
    .u32(argon2.memoryKiB)
    .u32(argon2.passes)
    .u8(signOutOthers ? 1 : 0)
    .done();
}

/** What makes a recovery code known to the server: `L("recovery-key") ‖ accountId 16 ‖ vaultVersion u32 ‖ SHA-256(recoveryKey) 32`. */
export function recoveryKeyMessage(
  accountId: Uint8Array,
  vaultVersion: number,
  recoveryKeyDigest: Uint8Array,
): Bytes {
  const writer = new Writer().bytes(label("recovery-key")).bytes(accountId, 16).u32(vaultVersion);
  return writer.bytes(recoveryKeyDigest, 32).done();
}
