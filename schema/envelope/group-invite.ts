import { assertWellFormed } from "./envelope-error.ts";
import { type Bytes, concat, isAllZero, type Reader, sameBytes, Writer } from "./bytes.ts";
import { label } from "./labels.ts";

/** How strangers may come into a group (decision 121). Whoever knows the secret of the link can sign with its key. */
export interface GroupInvite {
  /** Ed25519 public key of the link's secret, 32 bytes; not zero. */
  readonly publicKey: Uint8Array;
  readonly needsApproval: boolean;
  /** 0: never. */
  readonly expiresAtMs: number;
  /** The link's secret for members and the settings key for whoever has the link, `inviteSealedBytes`; or nothing. */
  readonly sealed: Uint8Array;
}

/** What a joiner shows: that it knows the link's secret, bound to the group, the invite and its own account. */
export interface JoinProof {
  /** Of the invite, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** 64 bytes by the invite's key over `joinProofMessage`. */
  readonly proof: Uint8Array;
}

/** `keyEpoch u32 | nonce 24 | 32 + tag 16` and `nonce 24 | keyEpoch u32 + 32 + tag 16`. */
export const inviteSealedBytes = 152;
/** The payload for no invite. */
export const inviteHeadBytes = 41;

const layout = "group operation";
const flagApproval = 1;

/** `publicKey 32 | flags u8 (1 approval needed) | expiresAt u64 | sealed 0 or 152`; 41 zeros for none. The state hash covers it. */
export function encodeInvite(invite: GroupInvite | undefined): Bytes {
  if (invite === undefined) return new Uint8Array(inviteHeadBytes);
  return new Writer()
    .bytes(invite.publicKey, 32)
    .u8(invite.needsApproval ? flagApproval : 0)
    .u64(invite.expiresAtMs)
    .bytes(invite.sealed)
    .done();
}

/** The inverse of `encodeInvite`. Throws `EnvelopeError`. */
export function readInvite(reader: Reader): GroupInvite | undefined {
  const publicKey = reader.take(32);
  const flags = reader.u8();
  const expiresAtMs = reader.u64();
  const sealed = reader.rest();
  const isNone = isAllZero(publicKey);
  assertWellFormed(flags <= flagApproval, `${layout}: unknown invite flags`);
  assertWellFormed(
    sealed.length === 0 || sealed.length === inviteSealedBytes,
    `${layout}: sealed part of an invite`,
  );
  const hasTerms = flags !== 0 || expiresAtMs !== 0 || sealed.length !== 0;
  assertWellFormed(!isNone || !hasTerms, `${layout}: no invite, but with terms`);
  if (isNone) return undefined;
  return { publicKey, needsApproval: flags === flagApproval, expiresAtMs, sealed };
}

/** Whether two invites allow the same, to the same people. */
export function isSameInvite(a: GroupInvite | undefined, b: GroupInvite | undefined): boolean {
  return sameBytes(encodeInvite(a), encodeInvite(b));
}

export function isInviteExpired({ expiresAtMs }: GroupInvite, atMs: number): boolean {
  return expiresAtMs !== 0 && atMs >= expiresAtMs;
}

/** What the invite's key signs for an account: `L("group-join") ‖ groupId 16 ‖ publicKey 32 ‖ account 16`. */
export function joinProofMessage(groupId: Uint8Array, publicKey: Uint8Array, accountId: Uint8Array): Bytes {
  const bound = new Writer().bytes(groupId, 16).bytes(publicKey, 32).bytes(accountId, 16).done();
  return concat(label("group-join"), bound);
}
