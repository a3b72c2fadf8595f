import { assertWellFormed } from "./envelope-error.ts";
import { type Bytes, concat, Reader, Writer } from "./bytes.ts";
import { label } from "./labels.ts";

/** A device's own word that it was signed out: its peers and its server may forget it until the next device list. */
export interface SignOutStatement {
  readonly accountId: Uint8Array;
  readonly deviceId: number;
  readonly signedOutAtMs: number;
  /** 64 bytes by DSK over `signOutMessage`. */
  readonly sig: Uint8Array;
}

export const signOutStatementBytes = 93;

const version = 1;

/** `ver 1 | accountId 16 | deviceId u32 | signedOutAt u64 | sig 64`. */
export function encodeSignOutStatement(statement: SignOutStatement): Bytes {
  return concat(signOutTbs(statement), new Writer().bytes(statement.sig, 64).done());
}

/** Throws `EnvelopeError`; the signature is not checked. */
export function parseSignOutStatement(bytes: Uint8Array): SignOutStatement {
  const reader = new Reader(bytes, "sign-out statement");
  reader.version(version);
  const statement = {
    accountId: reader.take(16),
    deviceId: reader.u32(),
    signedOutAtMs: reader.u64(),
    sig: reader.take(64),
  };
  reader.end();
  assertWellFormed(statement.deviceId !== 0, "sign-out statement: device id zero");
  return statement;
}

/** What DSK signs: `L("device-signout") ‖ all before the signature`. */
export function signOutMessage(statement: Omit<SignOutStatement, "sig">): Bytes {
  return concat(label("device-signout"), signOutTbs(statement));
}

/** What DSK signs to renew a session without a password: `L("session-renew") ‖ accountId ‖ deviceId ‖ challenge 32`. */
export function sessionRenewMessage(accountId: Uint8Array, deviceId: number, challenge: Uint8Array): Bytes {
  return new Writer()
    .bytes(label("session-renew"))
    .bytes(accountId, 16)
    .u32(deviceId)
    .bytes(challenge, 32)
    .done();
}

function signOutTbs(statement: Omit<SignOutStatement, "sig">): Bytes {
  return new Writer()
    .u8(version)
    .bytes(statement.accountId, 16)
    .u32(statement.deviceId)
    .u64(statement.signedOutAtMs)
    .done();
}
