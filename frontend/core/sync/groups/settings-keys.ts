/** Keys of a group's settings in the backup: without them a group has no name on a device that comes back (CRYPTO 2.7, 2.13). */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { sameBytes } from "#schema/envelope/bytes.ts";
import { type GroupOp, parseGroupOp } from "#schema/envelope/group-op.ts";
import { groupOpType } from "#schema/envelope/group-op.ts";
import type { KeyEntry } from "../../crypto/backup/key-entries.ts";
import { isCryptoError } from "../../crypto/errors.ts";
import { settingsKeyEpochOf } from "../../crypto/group/group-settings.ts";
import type { GroupSettingsKey } from "../../crypto/group/sender-key-message.ts";
import type { GroupRecord, StoredChange } from "../../store/group-tables.ts";
import type { OpenedKey } from "../../store/tables.ts";
import type { Self } from "../self.ts";
import { trySettings } from "./group-changes.ts";

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

/** The line of an old renaming with its name, when the key is there. */
export function namedChange(
  self: Self,
  { operation, change }: { readonly operation: string; readonly change: StoredChange },
  entry: KeyEntry | undefined,
): StoredChange {
  if (change.type !== "renamed" || change.title !== undefined) return change;
  const key = keyFromEntry(self, operation, entry);
  const sealed = settingsOf(parseGroupOp(decodeBase64url(operation)));
  if (key === undefined || sealed === undefined) return change;
  const known = { epoch: key.epoch, key: encodeBase64url(key.key) };
  const settings = trySettings(self, sealed, [known]);
  return settings === undefined ? change : { type: "renamed", title: settings.name };
}

function settingsOf({ change }: GroupOp): Uint8Array | undefined {
  return change.type === "settings" || change.type === "create" ? change.settings : undefined;
}
