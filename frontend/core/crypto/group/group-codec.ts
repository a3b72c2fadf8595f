import { type Bytes, Reader, Writer } from "#schema/envelope/bytes.ts";
import { groupMembersMax, groupRoles } from "#schema/envelope/group-change.ts";
import { encodeInvite, inviteHeadBytes, readInvite } from "#schema/envelope/group-invite.ts";
import { type GroupMember, type GroupState } from "#schema/envelope/group-state.ts";
import { assertOr, parsing } from "../errors.ts";
import { readSkipped, writeSkipped } from "../session/ratchet-codec.ts";
import { epochMarksMax, type GroupHistory } from "./group-history.ts";
import { senderKeyLimits } from "./group-suite1.ts";
import { type OwnSenderKey, type ReceivedSenderKey, type SenderKeys } from "./sender-key.ts";

const version = 1;
/** Since 2 an invite has its length before it; until 1 it was what `inviteHeadBytes` hold. */
const historyVersion = 2;

/** For the sealed store, as all of this file. Equal values give equal bytes. */
export function encodeOwnSenderKey(key: OwnSenderKey): Bytes {
  return new Writer()
    .u8(version)
    .bytes(key.id, 8)
    .bytes(key.groupId, 16)
    .u32(key.epoch)
    .u64(key.createdAtMs)
    .bytes(key.signing.secret, 32)
    .bytes(key.signing.pub, 32)
    .bytes(key.chain.chainKey, 32)
    .u32(key.chain.number)
    .done();
}

/** Throws `CryptoError` MALFORMED or UNSUPPORTED_VERSION, as all decoders of this file. */
export function decodeOwnSenderKey(bytes: Uint8Array): OwnSenderKey {
  return decoding(bytes, "own sender key", version, (reader) => ({
    id: reader.take(8),
    groupId: reader.take(16),
    epoch: reader.u32(),
    createdAtMs: reader.u64(),
    signing: { secret: reader.take(32), pub: reader.take(32) },
    chain: { chainKey: reader.take(32), number: reader.u32() },
  }));
}

export function encodeSenderKeys({ keys }: SenderKeys): Bytes {
  const writer = new Writer().u8(version).u8(keys.length);
  for (const key of keys) {
    writer.bytes(key.id, 8).u32(key.epoch).bytes(key.signingKey, 32);
    writer.bytes(key.chain.chainKey, 32).u32(key.chain.number);
    writeSkipped(writer, key.chain.skipped);
  }
  return writer.done();
}

export function decodeSenderKeys(bytes: Uint8Array): SenderKeys {
  return decoding(bytes, "sender keys", version, (reader) => {
    const count = reader.u8();
    assertOr(count <= senderKeyLimits.keysPerDevice, "MALFORMED", "sender keys: too many");
    const keys = Array.from({ length: count }, (): ReceivedSenderKey => ({
      id: reader.take(8),
      epoch: reader.u32(),
      signingKey: reader.take(32),
      chain: { chainKey: reader.take(32), number: reader.u32(), skipped: readSkipped(reader) },
    }));
    return { keys };
  });
}

export function encodeGroupHistory({ head, marks, left }: GroupHistory): Bytes {
  const writer = new Writer().u8(historyVersion).bytes(head.opHash, 32);
  writeState(writer, head.state);
  writer.u16(marks.length);
  for (const mark of marks) writer.bytes(mark.stateHash, 32).u32(mark.rotationEpoch);
  writer.u32(left.length);
  for (const past of left) writer.bytes(past.accountId, 16).u32(past.fromEpoch).u32(past.untilEpoch);
  return writer.done();
}

export function decodeGroupHistory(bytes: Uint8Array): GroupHistory {
  const isOld = bytes[0] === 1;
  const layout = "group history";
  return decoding(bytes, layout, isOld ? 1 : historyVersion, (reader) => {
    const opHash = reader.take(32);
    const head = { opHash, state: readState(reader, isOld) };
    const count = reader.u16();
    assertOr(count <= epochMarksMax, "MALFORMED", "group history: too many marks");
    const marks = Array.from({ length: count }, () => ({
      stateHash: reader.take(32),
      rotationEpoch: reader.u32(),
    }));
    const leftCount = reader.u32();
    assertOr(leftCount * 24 <= reader.remaining, "MALFORMED", "group history: truncated");
    const left = Array.from({ length: leftCount }, () => ({
      accountId: reader.take(16),
      fromEpoch: reader.u32(),
      untilEpoch: reader.u32(),
    }));
    return { head, marks, left };
  });
}

function writeState(writer: Writer, state: GroupState): void {
  const invite = encodeInvite(state.invite ?? state.endedInvite);
  writer.bytes(state.groupId, 16).u32(state.epoch).u16(state.members.length);
  for (const { accountId, role, joinedEpoch } of state.members) {
    writer.bytes(accountId, 16).u8(groupRoles[role]).u32(joinedEpoch);
  }
  writer
    .u16(state.settings.length)
    .bytes(state.settings)
    .u32(state.settingsEpoch)
    .u16(invite.length)
    .bytes(invite)
    .u8(state.endedInvite === undefined ? 0 : 1)
    .u8(state.isDissolved ? 1 : 0)
    .u32(state.rotationEpoch);
}

function readState(reader: Reader, isOld: boolean): GroupState {
  const [groupId, epoch, count] = [reader.take(16), reader.u32(), reader.u16()];
  assertOr(count <= groupMembersMax, "MALFORMED", "group history: too many members");
  const members = Array.from({ length: count }, (): GroupMember => ({
    accountId: reader.take(16),
    role: reader.name(groupRoles),
    joinedEpoch: reader.u32(),
  }));
  const settings = reader.take(reader.u16());
  const settingsEpoch = reader.u32();
  const inviteBytes = reader.take(isOld ? inviteHeadBytes : reader.u16());
  const invite = readInvite(new Reader(inviteBytes, "group history"));
  const ended = isOld ? 0 : reader.u8();
  assertOr(ended <= 1, "MALFORMED", "group history: unknown flag");
  const flag = reader.u8();
  assertOr(flag <= 1, "MALFORMED", "group history: unknown flag");
  return {
    groupId,
    epoch,
    members,
    settings,
    settingsEpoch,
    ...(invite && (ended === 1 ? { endedInvite: invite } : { invite })),
    isDissolved: flag === 1,
    rotationEpoch: reader.u32(),
  };
}

function decoding<T>(bytes: Uint8Array, layout: string, supported: number, read: (reader: Reader) => T): T {
  return parsing(() => {
    const reader = new Reader(bytes, layout);
    reader.version(supported);
    const value = read(reader);
    reader.end();
    return value;
  });
}
