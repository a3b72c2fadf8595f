import { assertWellFormed } from "./envelope-error.ts";
import { type Bytes, compareBytes, Reader, Writer } from "./bytes.ts";
import { encodeInvite, type GroupInvite, type JoinProof, readInvite } from "./group-invite.ts";

export const groupRoles = { member: 1, admin: 2, owner: 3 } as const;
export type GroupRole = keyof typeof groupRoles;

/** Members of one group at most. */
export const groupMembersMax = 1024;
/** Sealed settings of a group (name, picture pointer). */
export const groupSettingsMaxBytes = 2048;

/** Who comes in, and as what. */
export interface GroupGrant {
  /** 16 bytes. */
  readonly accountId: Uint8Array;
  readonly role: GroupRole;
}

/** How much of what was said before those who come in may read (decision 140). */
export interface HistoryGrant {
  /** Place in the log, from 1: nothing before it is theirs. */
  readonly fromSeq: number;
  /** How many messages that is, by the count of who gives them; for the line in the log. */
  readonly messages: number;
}

/** What one operation does to a group (decision 070). Accounts are strictly increasing: every change has one spelling. */
export type GroupChange =
  /** The first operation of a group. */
  | { readonly type: "create"; readonly settings: Uint8Array; readonly members: readonly GroupGrant[] }
  | {
      readonly type: "add";
      readonly members: readonly GroupGrant[];
      /** Absent: those who come in read from there on. */
      readonly history?: HistoryGrant;
    }
  | { readonly type: "remove"; readonly accountIds: readonly Uint8Array[] }
  | { readonly type: "leave" }
  | ({ readonly type: "role" } & GroupGrant)
  /** Sealed by a client; the server sees only their length. */
  | { readonly type: "settings"; readonly settings: Uint8Array }
  /** Without an invite: nobody may come in or ask any more. */
  | { readonly type: "invite"; readonly invite?: GroupInvite }
  /** A device of the actor was revoked with this version of its device list: sender keys must be replaced. */
  | { readonly type: "deviceEpoch"; readonly listVersion: number }
  | { readonly type: "dissolve" }
  /** The actor comes in by the invite in force. */
  | ({ readonly type: "join" } & JoinProof);

export type GroupChangeType = GroupChange["type"];

/** The `op` byte of an operation. */
export const groupChangeCodes = {
  create: 1,
  add: 2,
  remove: 3,
  leave: 4,
  role: 5,
  settings: 6,
  invite: 7,
  deviceEpoch: 8,
  dissolve: 9,
  join: 10,
} as const satisfies Record<GroupChangeType, number>;

const layout = "group operation";

/** The payload of a change; its type travels beside it. Throws `RangeError` for values that have no spelling. */
export function encodeGroupChange(change: GroupChange): Bytes {
  const writer = new Writer();
  switch (change.type) {
    case "create":
      writer.u16(change.settings.length).bytes(change.settings);
      writeGrants(writer, change.members);
      break;
    case "add":
      writeGrants(writer, change.members);
      if (change.history !== undefined) writer.u64(change.history.fromSeq).u32(change.history.messages);
      break;
    case "remove":
      writer.u16(change.accountIds.length);
      for (const accountId of change.accountIds) writer.bytes(accountId, 16);
      break;
    case "role":
      writer.bytes(change.accountId, 16).u8(groupRoles[change.role]);
      break;
    case "settings":
      writer.u16(change.settings.length).bytes(change.settings);
      break;
    case "invite":
      writer.bytes(encodeInvite(change.invite));
      break;
    case "deviceEpoch":
      writer.u32(change.listVersion);
      break;
    case "join":
      writer.bytes(change.publicKey, 32).bytes(change.proof, 64);
      break;
    case "leave":
    case "dissolve":
      break;
  }
  return writer.done();
}

/** The inverse of `encodeGroupChange`. Throws `EnvelopeError`. */
export function parseGroupChange(type: GroupChangeType, payload: Uint8Array): GroupChange {
  const reader = new Reader(payload, layout);
  const change = readChange(type, reader);
  reader.end();
  return change;
}

function readChange(type: GroupChangeType, reader: Reader): GroupChange {
  switch (type) {
    case "create":
      return { type, settings: readSettings(reader), members: readGrants(reader) };
    case "add":
      return readAdd(type, reader);
    case "remove":
      return { type, accountIds: readIncreasing(reader, () => ({ accountId: reader.take(16) })).map(idOf) };
    case "leave":
    case "dissolve":
      return { type };
    case "role":
      return { type, ...readGrant(reader) };
    case "settings":
      return { type, settings: readSettings(reader) };
    case "invite": {
      const invite = readInvite(reader);
      return invite === undefined ? { type } : { type, invite };
    }
    case "join":
      return { type, publicKey: reader.take(32), proof: reader.take(64) };
    case "deviceEpoch": {
      const listVersion = reader.u32();
      assertWellFormed(listVersion !== 0, `${layout}: list version zero`);
      return { type, listVersion };
    }
  }
}

/** `grants`, and when earlier messages are given along `fromSeq u64 | messages u32`, neither of them zero. */
function readAdd(type: "add", reader: Reader): GroupChange {
  const members = readGrants(reader);
  if (reader.remaining === 0) return { type, members };
  const history = { fromSeq: reader.u64(), messages: reader.u32() };
  assertWellFormed(history.fromSeq >= 1 && history.messages >= 1, `${layout}: history of nothing`);
  return { type, members, history };
}

function writeGrants(writer: Writer, members: readonly GroupGrant[]): void {
  writer.u16(members.length);
  for (const { accountId, role } of members) writer.bytes(accountId, 16).u8(groupRoles[role]);
}

function readGrants(reader: Reader): GroupGrant[] {
  return readIncreasing(reader, () => readGrant(reader));
}

function readGrant(reader: Reader): GroupGrant {
  return { accountId: reader.take(16), role: reader.name(groupRoles) };
}

function readIncreasing<Item extends { readonly accountId: Uint8Array }>(
  reader: Reader,
  read: () => Item,
): Item[] {
  const count = reader.u16();
  assertWellFormed(count >= 1 && count <= groupMembersMax, `${layout}: number of accounts`);
  const items: Item[] = [];
  for (let index = 0; index < count; index += 1) {
    const item = read();
    const before = items.at(-1);
    const isIncreasing = before === undefined || compareBytes(before.accountId, item.accountId) < 0;
    assertWellFormed(isIncreasing, `${layout}: accounts must increase`);
    items.push(item);
  }
  return items;
}

function readSettings(reader: Reader): Bytes {
  const length = reader.u16();
  assertWellFormed(length <= groupSettingsMaxBytes, `${layout}: settings too large`);
  return reader.take(length);
}

function idOf({ accountId }: { readonly accountId: Uint8Array }): Uint8Array {
  return accountId;
}
