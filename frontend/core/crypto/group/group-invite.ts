import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { type Bytes, concat, Reader, Writer } from "#schema/envelope/bytes.ts";
import { inviteSealedBytes, type JoinProof, joinProofMessage } from "#schema/envelope/group-invite.ts";
import { label } from "#schema/envelope/labels.ts";
import { assertOr, parsing } from "../errors.ts";
import { type KeyPair, type Provider } from "../provider.ts";
import { type GroupSettingsKey } from "./sender-key-message.ts";

/** What an invite link says (decision 121). The server never sees the secret. */
export interface InviteCode {
  /** 16 bytes. */
  readonly groupId: Uint8Array;
  /** 32 bytes. */
  readonly secret: Uint8Array;
}

const version = 1;
const forMembersBytes = 76;
const none = new Uint8Array(0);

/** The key pair that shows knowledge of the secret: Ed25519 of `HK("", secret, L("group-invite"), 32)`. */
export function inviteKeyOf(provider: Provider, secret: Uint8Array): KeyPair {
  const seed = provider.hkdf(none, secret, label("group-invite"), 32);
  return { secret: seed, pub: provider.ed25519PublicKey(seed) };
}

/**
 * `keyEpoch u32 | nonce 24 | SEAL(settings key, secret, L("group-invite-secret") ‖ groupId ‖ keyEpoch)`: members show the link; then
 * `nonce 24 | SEAL(HK("", secret, L("group-invite-key"), 32), keyEpoch u32 ‖ settings key, L("group-invite-settings") ‖ groupId)`: who has
 * the link reads the group's name.
 */
export function sealInvite(
  provider: Provider,
  { groupId, secret }: InviteCode,
  settingsKey: GroupSettingsKey,
): Bytes {
  const [memberNonce, linkNonce] = [provider.random(24), provider.random(24)];
  const epoch = new Writer().u32(settingsKey.epoch).done();
  const forMembers = provider.seal(settingsKey.key, memberNonce, secret, secretAd(groupId, epoch));
  const key = concat(epoch, settingsKey.key);
  const forLink = provider.seal(linkKeyOf(provider, secret), linkNonce, key, settingsAd(groupId));
  return concat(epoch, memberNonce, forMembers, linkNonce, forLink);
}

/** Which settings key opens the secret. Throws `CryptoError` MALFORMED, as all of this file. */
export function inviteKeyEpochOf(sealed: Uint8Array): number {
  return split(sealed).keyEpoch;
}

/** The secret of the group's link, for members. Throws `CryptoError` MALFORMED or BAD_TAG. */
export function openInviteSecret(
  provider: Provider,
  groupId: Uint8Array,
  settingsKey: GroupSettingsKey,
  sealed: Uint8Array,
): Bytes {
  const { epoch, memberNonce, forMembers } = split(sealed);
  const secret = provider.tryOpen(settingsKey.key, memberNonce, forMembers, secretAd(groupId, epoch));
  assertOr(secret !== undefined, "BAD_TAG", "group invite: tag");
  return secret;
}

/** The key of the group's name, for whoever has the link. Throws `CryptoError` MALFORMED or BAD_TAG. */
export function openInviteSettingsKey(
  provider: Provider,
  { groupId, secret }: InviteCode,
  sealed: Uint8Array,
): GroupSettingsKey {
  const { linkNonce, forLink } = split(sealed);
  const opened = provider.tryOpen(linkKeyOf(provider, secret), linkNonce, forLink, settingsAd(groupId));
  assertOr(opened !== undefined, "BAD_TAG", "group invite: tag");
  const reader = new Reader(opened, "group invite");
  return { epoch: reader.u32(), key: reader.take(32) };
}

/** Shows that `accountId` knows the secret; of no use to another account or with another invite. */
export function proveInvite(
  provider: Provider,
  { groupId, secret }: InviteCode,
  accountId: Uint8Array,
): JoinProof {
  const key = inviteKeyOf(provider, secret);
  const message = joinProofMessage(groupId, key.pub, accountId);
  return { publicKey: key.pub, proof: provider.sign(key.secret, message) };
}

/** base64url of `ver 1 | groupId 16 | secret 32`: what stands behind the # of a link. */
export function formatInviteCode({ groupId, secret }: InviteCode): string {
  return encodeBase64url(new Writer().u8(version).bytes(groupId, 16).bytes(secret, 32).done());
}

/** Takes a code, or a link that ends in one. Throws `CryptoError` MALFORMED, or UNSUPPORTED_VERSION (of a newer app). */
export function parseInviteCode(text: string): InviteCode {
  return parsing(() => {
    const reader = new Reader(decodeBase64url(text.trim().replace(/^.*#/, "")), "invite link");
    reader.version(version);
    const code = { groupId: reader.take(16), secret: reader.take(32) };
    reader.end();
    return code;
  });
}

function linkKeyOf(provider: Provider, secret: Uint8Array): Bytes {
  return provider.hkdf(none, secret, label("group-invite-key"), 32);
}

function secretAd(groupId: Uint8Array, epoch: Uint8Array): Bytes {
  return concat(label("group-invite-secret"), groupId, epoch);
}

function settingsAd(groupId: Uint8Array): Bytes {
  return concat(label("group-invite-settings"), groupId);
}

function split(sealed: Uint8Array) {
  assertOr(sealed.length === inviteSealedBytes, "MALFORMED", "group invite: sealed part");
  const epoch = Uint8Array.from(sealed.subarray(0, 4));
  return {
    epoch,
    keyEpoch: new Reader(epoch, "group invite").u32(),
    memberNonce: sealed.subarray(4, 28),
    forMembers: sealed.subarray(28, forMembersBytes),
    linkNonce: sealed.subarray(forMembersBytes, 100),
    forLink: sealed.subarray(100),
  };
}
