import { type Bytes, Reader, sameBytes, Writer } from "#schema/envelope/bytes.ts";
import { label } from "#schema/envelope/labels.ts";
import { assertOr, CryptoError, isCryptoError, parsing } from "../errors.ts";
import { assertPasswordParams, defaultPasswordParams } from "../password.ts";
import { type Argon2Params, type Provider } from "../provider.ts";
import { parseRecoveryCode } from "../recovery-code.ts";

/** Segments and their manifest in one file, sealed under a root of their own (CRYPTO 2.13). */
export interface Archive {
  /** 16 bytes. */
  readonly accountId: Uint8Array;
  /** The device that made it. */
  readonly deviceId: number;
  readonly root: Uint8Array;
  readonly manifest: Uint8Array;
  /** In the order of the manifest. */
  readonly segments: readonly Uint8Array[];
}

const magic = Uint8Array.from("sottokey", (char) => char.charCodeAt(0));
const version = 1;
const secretKinds = { passphrase: 1, recoveryCode: 2 } as const;
type SecretKind = keyof typeof secretKinds;
const wrappedRootBytes = 48;

interface Head {
  readonly kind: SecretKind;
  readonly accountId: Uint8Array;
  readonly deviceId: number;
  readonly salt: Uint8Array;
  readonly params: Argon2Params;
  readonly nonce: Uint8Array;
}

/**
 * `"sottokey" | ver 1 | kind u8 | accountId 16 | deviceId u32 | salt 16 | memoryKiB u32 | passes u8 | lanes u8 | nonce 24
 * | SEAL(KEK, root 32, ad = L("archive-ad") ‖ all before) | n u32 × (length u32 | bytes)`, the manifest first.
 * `KEK = HK(salt, s, L("archive"), 32)` with s the 24 bytes of a recovery code, or Argon2id(NFKC(passphrase), salt).
 * A `secret` that reads as a recovery code is taken for one.
 */
export async function encodeArchive(provider: Provider, secret: string, archive: Archive): Promise<Bytes> {
  const head: Head = {
    kind: tryRecoverySecret(provider, secret) === undefined ? "passphrase" : "recoveryCode",
    accountId: archive.accountId,
    deviceId: archive.deviceId,
    salt: provider.random(16),
    params: defaultPasswordParams,
    nonce: provider.random(24),
  };
  const encoded = encodeHead(head);
  const kek = await archiveKek(provider, secret, head);
  const wrapped = provider.seal(kek, head.nonce, archive.root, archiveAd(encoded));
  kek.fill(0);
  const parts = [archive.manifest, ...archive.segments];
  const writer = new Writer().bytes(encoded).bytes(wrapped).u32(parts.length);
  for (const part of parts) writer.u32(part.length).bytes(part);
  return writer.done();
}

/**
 * Throws `CryptoError`: MALFORMED, TRUNCATED or UNSUPPORTED_VERSION (no archive), BAD_BINDING (another account's), BAD_TAG (another
 * secret). Manifest and segments are still to be verified.
 */
export async function openArchive(
  provider: Provider,
  secret: string,
  accountId: Uint8Array,
  bytes: Uint8Array,
): Promise<Archive> {
  const { head, encoded, wrapped, parts } = parsing(() => parseArchive(bytes));
  assertOr(sameBytes(head.accountId, accountId), "BAD_BINDING", "archive: of another account");
  const kek = await archiveKek(provider, secret, head);
  const root = provider.tryOpen(kek, head.nonce, wrapped, archiveAd(encoded));
  kek.fill(0);
  if (root === undefined) throw new CryptoError("BAD_TAG", "archive: another secret");
  const [manifest, ...segments] = parts;
  if (manifest === undefined) throw new CryptoError("MALFORMED", "archive: no manifest");
  return { accountId, deviceId: head.deviceId, root, manifest, segments };
}

function parseArchive(bytes: Uint8Array) {
  const reader = new Reader(bytes, "archive");
  assertOr(sameBytes(reader.take(magic.length), magic), "MALFORMED", "archive: not one");
  reader.version(version);
  const head: Head = {
    kind: reader.name(secretKinds),
    accountId: reader.take(16),
    deviceId: reader.u32(),
    salt: reader.take(16),
    params: { memoryKib: reader.u32(), passes: reader.u8(), lanes: reader.u8() },
    nonce: reader.take(24),
  };
  const encoded = bytes.subarray(0, reader.offset);
  const wrapped = reader.take(wrappedRootBytes);
  const count = reader.u32();
  assertOr(count * 4 <= reader.remaining, "TRUNCATED", "archive: truncated");
  const parts = Array.from({ length: count }, () => reader.take(reader.u32()));
  reader.end();
  return { head, encoded, wrapped, parts };
}

function encodeHead({ kind, accountId, deviceId, salt, params, nonce }: Head): Bytes {
  const writer = new Writer().bytes(magic).u8(version).u8(secretKinds[kind]).bytes(accountId, 16);
  writer.u32(deviceId).bytes(salt, 16).u32(params.memoryKib).u8(params.passes).u8(params.lanes);
  return writer.bytes(nonce, 24).done();
}

async function archiveKek(provider: Provider, secret: string, { kind, salt, params }: Head): Promise<Bytes> {
  const stretched = kind === "recoveryCode" ? tryRecoverySecret(provider, secret) : await stretch();
  if (stretched === undefined) throw new CryptoError("BAD_TAG", "archive: needs the recovery code");
  const kek = provider.hkdf(salt, stretched, label("archive"), 32);
  stretched.fill(0);
  return kek;

  function stretch(): Promise<Bytes> {
    assertPasswordParams(params);
    return provider.argon2id(new TextEncoder().encode(secret.normalize("NFKC")), salt, params, 32);
  }
}

function tryRecoverySecret(provider: Provider, secret: string): Bytes | undefined {
  try {
    return parseRecoveryCode(provider, secret);
  } catch (error) {
    if (isCryptoError(error)) return undefined;
    throw error;
  }
}

function archiveAd(head: Uint8Array): Bytes {
  return new Writer().bytes(label("archive-ad")).bytes(head).done();
}
