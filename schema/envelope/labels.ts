import { type Bytes } from "./bytes.ts";

/**
 * Every domain-separation label of suite 1. One label per purpose, never shared (CRYPTO 2.0).
 * Adding one is compatible; changing one breaks every signature, key or ciphertext made with it.
 */
export const labelNames = [
  "device-cert", // SIG(AIK) over a certificate
  "device-pop", // SIG(DSK) over a certificate: proof of possession
  "device-cert-hash", // certHash of a device list entry
  "device-list", // DLH
  "device-list-sig", // SIG(AIK) over a device list
  "device-list-rotate", // SIG(old AIK) over a list of kind 3
  "device-signout", // SIG(DSK) over a sign-out statement
  "session-renew", // SIG(DSK) over a server challenge
  "spk", // SIG(DSK) over a signed prekey
  "pqpk", // SIG(DSK) over a PQ prekey
  "prekey-upload", // SIG(DSK) over a prekey upload
  "hs-transcript", // TH
  "hs", // SK, HKA, NHKB
  "session-ad", // AD of a session
  "root", // KDF_RK
  "hdr", // AD of an encrypted header
  "msg", // AD of a capsule
  "body", // AD of a message body
  "frank", // franking commitment
  "group-op", // SIG(DSK) over a group operation
  "group-op-hash", // hash of a group operation: the next one names it
  "group-id", // group id, from the create operation
  "group-state", // hash of a group's state
  "group-bk", // body key of a sender chain's message key
  "group-msg", // AD of a group body
  "group-sig", // SIG(sender key) over a group body
  "group-settings", // AD of sealed group settings
  "group-invite", // Ed25519 seed out of the secret of an invite link
  "group-invite-key", // key for what the holder of an invite link may read
  "group-invite-secret", // AD of an invite link's secret, sealed for members
  "group-invite-settings", // AD of the settings key, sealed for the holder of an invite link
  "group-join", // SIG(invite key) over who comes in
  "att1", // keys of an attachment
  "frank-day", // the server's franking key of a day
  "frank-tag", // the server's tag over a franking commitment
  "report", // info of a sealed report
  "link", // info of the sealed transfer to a new device
  "link-request", // key of what a new device says about itself
  "link-code", // rendezvous and psk of a link, out of the secret in its code
  "link-emoji", // exporter context of the emoji both sides compare
  "sync", // AD of what own devices tell each other
  "history", // AD of keys of earlier messages for a new member
  "retry", // SIG(DSK) over a plaintext retry request
  "rec", // record key at rest
  "applock", // key that seals the device master key under an app lock
  "auth", // authentication key of a password
  "vault", // AD of the vault
  "vault-wraps", // SIG(AIK) over the wraps of the vault key
  "vault-kek", // key-encryption key of a password
  "password-change", // SIG(AIK) over another password
  "recovery", // key-encryption key of a recovery code
  "recovery-auth", // authentication key of a recovery code
  "recovery-key", // SIG(AIK) over the authentication key of a recovery code
  "prf", // key-encryption key of a passkey
  "bseg", // key of a backup segment
  "bseg-ad", // AD of a backup segment
  "bman", // key of a device's backup manifests
  "bman-ad", // AD of a backup manifest
  "bman-sig", // SIG(DSK) over a backup manifest
  "bman-hash", // hash of a backup manifest: the next one names it
  "backup-write", // SIG(DSK) over the request that puts a manifest in place
  "archive", // key-encryption key of an exported archive
  "archive-ad", // AD of the root of an exported archive
] as const;

export type LabelName = (typeof labelNames)[number];

const encoded = new Map<LabelName, Bytes>(
  labelNames.map((name) => [name, Uint8Array.from(`sotto/v1/${name}\0`, (char) => char.charCodeAt(0))]),
);

/** `L(x) = ASCII("sotto/v1/" ‖ x) ‖ 0x00` (CRYPTO 2.0). The bytes are shared: never write to them. */
export function label(name: LabelName): Bytes {
  return encoded.get(name)!;
}
