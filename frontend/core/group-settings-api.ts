/** What members see of a group, changed by who may: its name and its picture. Either change keeps the other (CRYPTO 2.7). */
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { findGroupMember } from "#schema/envelope/group-state.ts";
import { SottoError } from "#schema/errors.ts";
import type { ConversationId } from "#schema/ids.ts";
import { toPointer } from "./attachments/stored-attachment.ts";
import { ClientError } from "./client-api.ts";
import { type GroupSettings, sealGroupSettings, settingsKeyFor } from "./crypto/group/group-settings.ts";
import type { GroupSettingsKey } from "./crypto/group/sender-key-message.ts";
import { asNotMember, changeGroup, groupName, handOut } from "./group-api.ts";
import { tryReseal } from "./invites/invite-secret.ts";
import { type GroupRecord, groupTable } from "./store/group-tables.ts";
import type { Records } from "./store/records.ts";
import type { StoredAttachment } from "./store/tables.ts";
import type { Engine } from "./sync/engine.ts";
import { epochOf } from "./sync/groups/group-chain.ts";
import {
  dueKey,
  presentKey,
  toSettingsKey,
  trySettings,
  withSettingsKey,
} from "./sync/groups/group-changes.ts";

/** A name that cannot be read here takes everything else that cannot be read with it. */
export async function renameGroup(
  engine: Engine,
  records: Records,
  conversationId: ConversationId,
  title: string,
): Promise<void> {
  const name = groupName(title);
  await changeSettings(engine, records, conversationId, (known) => ({ ...known, name }));
}

/**
 * Undefined takes the picture away. Throws `ClientError` `not_a_picture`, `file_too_large`, `not_allowed`, `not_member`, and `group_changed` while the
 * name is not known here; `SottoError` when the picture could not go up. Then nothing has changed, unless it was the answer alone that got lost.
 */
export async function setGroupPicture(
  engine: Engine,
  records: Records,
  conversationId: ConversationId,
  picture: Blob | undefined,
): Promise<void> {
  const group = await records.read(groupTable, conversationId);
  const own = group && findGroupMember(group.history.head.state, engine.self.own.cert.accountId);
  if (own === undefined || own.role === "member") throw new ClientError("not_allowed");
  const uploaded =
    picture && (await asNotMember(() => engine.attachments.uploadPicture(conversationId, picture)));
  try {
    await changeSettings(engine, records, conversationId, (known) => {
      if (known === undefined) throw new ClientError("group_changed");
      const { avatar, ...kept } = known;
      if (uploaded !== undefined) return { ...kept, avatar: toPointer(uploaded) };
      return avatar === undefined ? undefined : kept;
    });
  } catch (error) {
    // An operation whose answer is lost may still be accepted, and then the picture is everyone's.
    const isOpen = error instanceof SottoError && error.remedy === "retry_after";
    if (uploaded !== undefined && !isOpen)
      await engine.attachments.uploads.forgetFiles(conversationId, [uploaded]);
    throw error;
  }
  await forgetEarlier(engine, records, conversationId, uploaded);
}

/** Seals and posts what `change` makes of the settings known here (undefined: unreadable); nothing when it makes nothing. */
async function changeSettings(
  engine: Engine,
  records: Records,
  conversationId: ConversationId,
  change: (known: GroupSettings | undefined) => GroupSettings | undefined,
): Promise<void> {
  const { self } = engine;
  await changeGroup(engine, records, conversationId, async (record) => {
    const { state } = record.history.head;
    const settings = change(trySettings(self, state.settings, record.settingsKeys));
    if (settings === undefined) return undefined;
    const settingsKey = await nextKey(engine, records, conversationId, record);
    return { type: "settings", settings: sealGroupSettings(self.provider, settingsKey, settings) };
  });
  await resealInvite(engine, records, conversationId);
  const group = await records.read(groupTable, conversationId);
  if (group !== undefined && dueKey(group) !== undefined) await handOut(engine, records, conversationId);
}

/** Who has the group's link reads its name by the key in the link's operation. */
async function resealInvite(engine: Engine, records: Records, conversationId: ConversationId): Promise<void> {
  const { self } = engine;
  const group = await records.read(groupTable, conversationId);
  if (group === undefined || tryReseal(self, group) === undefined) return;
  await changeGroup(engine, records, conversationId, (record) => {
    const invite = tryReseal(self, record);
    return invite && { type: "invite", invite };
  });
}

/**
 * The key for settings on top of `record`. A new one is kept before the operation is posted, so that a process that dies in between loses
 * none: it is due to the others as soon as the operation counts, however that becomes known.
 */
async function nextKey(
  { self }: Engine,
  records: Records,
  conversationId: ConversationId,
  record: GroupRecord,
): Promise<GroupSettingsKey> {
  const { state } = record.history.head;
  const present = presentKey(self, record);
  const known = present && toSettingsKey(present);
  const settingsKey = settingsKeyFor(self.provider, known, state);
  if (settingsKey === known) return known;
  return records.transact(async (transaction) => {
    const current = await transaction.get(groupTable, conversationId);
    if (current === undefined) return settingsKey;
    const kept = current.settingsKeys.find(({ own, epoch }) => own === "kept" && epoch === settingsKey.epoch);
    if (kept !== undefined) return toSettingsKey(kept);
    // The operations that those before were made for have not become what they were meant to be.
    const settingsKeys = current.settingsKeys.filter(
      ({ own, epoch }) => own !== "kept" || epoch > epochOf(current),
    );
    const key = { epoch: settingsKey.epoch, key: encodeBase64url(settingsKey.key), own: "kept" } as const;
    transaction.put(groupTable, conversationId, withSettingsKey({ ...current, settingsKeys }, key));
    return settingsKey;
  });
}

/**
 * The picture that this device put here before goes from the server, or this one where another has come after it already. Only by its own
 * note of it: a pointer that others wrote could name a file of one of this account's messages.
 */
async function forgetEarlier(
  engine: Engine,
  records: Records,
  conversationId: ConversationId,
  uploaded: StoredAttachment | undefined,
): Promise<void> {
  const replaced = await records.transact(async (transaction) => {
    const record = await transaction.get(groupTable, conversationId);
    if (record === undefined) return undefined;
    const { picture, uploadedPicture: earlier } = record;
    if (uploaded !== undefined && uploaded.attachmentId !== picture?.attachmentId) return uploaded;
    if (uploaded === undefined && earlier?.attachmentId === picture?.attachmentId) return undefined;
    transaction.put(groupTable, conversationId, withUploaded(record, uploaded));
    return earlier;
  });
  if (replaced !== undefined) await engine.attachments.uploads.forgetFiles(conversationId, [replaced]);
}

function withUploaded(
  { uploadedPicture: _earlier, ...record }: GroupRecord,
  uploaded: StoredAttachment | undefined,
): GroupRecord {
  return { ...record, ...(uploaded !== undefined && { uploadedPicture: uploaded }) };
}
