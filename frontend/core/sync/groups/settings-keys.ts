/** Keys of a group's settings in the backup: without them a group has no name on a device that comes back (CRYPTO 2.7, 2.13). */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { sameBytes } from "#schema/envelope/bytes.ts";
import { type GroupOp, parseGroupOp } from "#schema/envelope/group-op.ts";
import { groupOpType } from "#schema/envelope/group-op.ts";
import type { KeyEntry } from "../../crypto/backup/key-entries.ts";
import { isCryptoError } from "../../crypto/errors.ts";
import { settingsKeyEpochOf } from "../../crypto/group/group-settings.ts";
import type { GroupSettingsKey } from "../../crypto/group/sender-key-message.ts";
import type { GroupOperationRecord, GroupRecord, StoredChange } from "../../store/group-tables.ts";
import type { OpenedKey } from "../../store/tables.ts";
import type { Self } from "../self.ts";
import { describeSettings, trySettings } from "./group-changes.ts";

/** What the backup keeps of an operation whose settings can be read here. */
export function openedSettings(
  self: Self,
  { settingsKeys }: Pick<GroupRecord, "settingsKeys">,
  op: GroupOp,
): { readonly opened?: OpenedKey } {
  const sealed = settingsOf(op);
  const known = settingsKeys.find((key) => sealed !== undefined && trySettings(self, sealed, [key]));
  if (known === undefined) return {};
  const hash = encodeBase64url(self.provider.sha256(op.bytes));
  return { opened: { key: known.key, hash, sentAtMs: op.issuedAtMs, isSettings: true } };
}

/** The key of an operation's settings, when the entry is one for exactly this operation. */
export function keyFromEntry(
  self: Self,
  operation: string,
  entry: KeyEntry | undefined,
): GroupSettingsKey | undefined {
  if (entry?.bodyType !== groupOpType) return undefined;
  const op = parseGroupOp(decodeBase64url(operation));
  const sealed = settingsOf(op);
  if (sealed === undefined || !sameBytes(self.provider.sha256(op.bytes), entry.bodyHash)) return undefined;
  try {
    return { epoch: settingsKeyEpochOf(sealed), key: entry.bodyKey };
  } catch (error) {
    if (isCryptoError(error)) return undefined;
    throw error;
  }
}

/** The line of old settings with what they changed, when the key is there. `operations` are those of the group in their order. */
export function namedChange(
  self: Self,
  { operation, change }: { readonly operation: string; readonly change: StoredChange },
  entry: KeyEntry | undefined,
  operations: readonly GroupOperationRecord[],
): StoredChange {
  if (change.type !== "renamed" || change.title !== undefined) return change;
  const key = keyFromEntry(self, operation, entry);
  if (key === undefined) return change;
  const known = { epoch: key.epoch, key: encodeBase64url(key.key) };
  return readChange(self, operation, [known], operations) ?? change;
}

/** What an operation changed in the settings; undefined when the keys do not open them. */
function readChange(
  self: Self,
  operation: string,
  keys: GroupRecord["settingsKeys"],
  operations: readonly GroupOperationRecord[],
): StoredChange | undefined {
  const settings = operations
    .slice(0, operations.findIndex((known) => known.operation === operation) + 1)
    .flatMap((known) => settingsOf(parseGroupOp(decodeBase64url(known.operation))) ?? [])
    .slice(-2)
    .map((sealed) => trySettings(self, sealed, keys));
  const after = settings.at(-1);
  return after && describeSettings({ before: settings.length > 1 ? settings[0] : undefined, after });
}

/** The sealed settings that an operation sets, if it does. */
export function settingsOf({ change }: GroupOp): Uint8Array | undefined {
  return change.type === "settings" || change.type === "create" ? change.settings : undefined;
}
