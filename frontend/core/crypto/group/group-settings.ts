import { type Bytes, concat, Reader, Writer } from "#schema/envelope/bytes.ts";
import { groupSettingsMaxBytes } from "#schema/envelope/group-change.ts";
import { type GroupState } from "#schema/envelope/group-state.ts";
import { label } from "#schema/envelope/labels.ts";
import { type AttachmentPointer, encodePointer, parsePointer } from "../attachment/pointer.ts";
import { type CborValue, decodeCbor, encodeCbor } from "../cbor.ts";
import { Fields } from "../cbor-fields.ts";
import { assertOr, parsing } from "../errors.ts";
import { pad, unpad } from "../padded.ts";
import { type Provider } from "../provider.ts";
import { type GroupSettingsKey } from "./sender-key-message.ts";

/** What members see of a group, and nobody else. */
export interface GroupSettings {
  readonly name: string;
  readonly description?: string;
  readonly avatar?: AttachmentPointer;
}

const version = 1;
const limits = { nameChars: 100, descriptionChars: 500 } as const;
const keys = { version: "v", name: "n", description: "d", avatar: "a" } as const;

/**
 * The key for settings that operation `epoch` will set: the known one, or a new one when somebody left or a device was revoked since the
 * known one began (CRYPTO 2.7). It goes out with every sender key.
 */
export function settingsKeyFor(
  provider: Provider,
  known: GroupSettingsKey | undefined,
  state: GroupState | undefined,
): GroupSettingsKey {
  if (known !== undefined && known.epoch > (state?.rotationEpoch ?? 0)) return known;
  return { epoch: (state?.epoch ?? 0) + 1, key: provider.random(32) };
}

/**
 * `ver 1 | keyEpoch u32 | nonce 24 | SEAL(key, nonce, pad(CBOR), ad = L("group-settings") ‖ all before the nonce)`. Which group they belong
 * to is bound by the operation that carries them. Throws `RangeError` above 2 KiB or for a name above 100 characters.
 */
export function sealGroupSettings(
  provider: Provider,
  settingsKey: GroupSettingsKey,
  settings: GroupSettings,
): Bytes {
  const map = new Map<string, CborValue>([
    [keys.version, version],
    [keys.name, settings.name],
  ]);
  if (settings.description !== undefined) map.set(keys.description, settings.description);
  if (settings.avatar !== undefined) map.set(keys.avatar, encodePointer(settings.avatar));
  const isShort =
    settings.name.length <= limits.nameChars &&
    (settings.description?.length ?? 0) <= limits.descriptionChars;
  if (!isShort) throw new RangeError("group settings: name or description too long");
  const head = new Writer().u8(version).u32(settingsKey.epoch).done();
  const nonce = provider.random(24);
  const sealed = provider.seal(settingsKey.key, nonce, pad(encodeCbor(map)), settingsAd(head));
  const bytes = concat(head, nonce, sealed);
  if (bytes.length > groupSettingsMaxBytes) throw new RangeError("group settings: larger than 2 KiB");
  return bytes;
}

/** Which key sealed settings need. Throws `CryptoError` MALFORMED or UNSUPPORTED_VERSION. */
export function settingsKeyEpochOf(sealed: Uint8Array): number {
  return parseSealed(sealed).epoch;
}

/** Throws `CryptoError`: MALFORMED, UNSUPPORTED_VERSION, BAD_TAG (another key, or one with a wrong epoch), BAD_PADDING. */
export function openGroupSettings(
  provider: Provider,
  settingsKey: GroupSettingsKey,
  sealed: Uint8Array,
): GroupSettings {
  const { epoch, head, nonce, ciphertext } = parseSealed(sealed);
  const isKey = epoch === settingsKey.epoch;
  const plaintext = isKey
    ? provider.tryOpen(settingsKey.key, nonce, ciphertext, settingsAd(head))
    : undefined;
  assertOr(plaintext !== undefined, "BAD_TAG", "group settings: tag");
  const fields = new Fields(decodeCbor(unpad(plaintext)), "group settings");
  const schema = fields.uint(keys.version);
  assertOr(schema !== 0, "MALFORMED", "group settings: version zero");
  assertOr(schema === version, "UNSUPPORTED_VERSION", "group settings: newer schema");
  return {
    name: fields.text(keys.name, limits.nameChars),
    ...(fields.has(keys.description) && {
      description: fields.text(keys.description, limits.descriptionChars),
    }),
    ...(fields.has(keys.avatar) && { avatar: parsePointer(fields.value(keys.avatar)) }),
  };
}

function parseSealed(sealed: Uint8Array) {
  return parsing(() => {
    const reader = new Reader(sealed, "group settings");
    reader.version(version);
    const epoch = reader.u32();
    const head = Uint8Array.from(sealed.subarray(0, reader.offset));
    return { epoch, head, nonce: reader.take(24), ciphertext: reader.rest() };
  });
}

function settingsAd(head: Uint8Array): Bytes {
  return concat(label("group-settings"), head);
}
