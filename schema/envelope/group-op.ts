import { assertWellFormed } from "./envelope-error.ts";
import { type Bytes, concat, isAllZero, Reader, Writer } from "./bytes.ts";
import {
  encodeGroupChange,
  type GroupChange,
  groupChangeCodes,
  type GroupChangeType,
  parseGroupChange,
} from "./group-change.ts";
import { label } from "./labels.ts";

/** One signed step of a group's history (CRYPTO 2.7, decision 070). */
export interface GroupOpContent {
  /** 16 bytes: the conversation's id. */
  readonly groupId: Uint8Array;
  /** 1 for create, then +1. */
  readonly epoch: number;
  /** SHA-256 of `groupOpHashInput` of the operation before; zero for create. */
  readonly prevHash: Uint8Array;
  readonly actorAccountId: Uint8Array;
  readonly actorDeviceId: number;
  /** By the actor's clock; order is by epoch. */
  readonly issuedAtMs: number;
  readonly change: GroupChange;
  /** SHA-256 of `groupStateHashInput` of the state after this operation. */
  readonly stateHash: Uint8Array;
}

export interface GroupOp extends GroupOpContent {
  /** Everything before the signature. */
  readonly tbs: Bytes;
  /** 64 bytes by the actor's DSK over `groupOpMessage`. */
  readonly sig: Bytes;
  readonly bytes: Bytes;
}

export const groupOpType = 0x32;
/** A create operation with 1,024 members and full settings is below. */
export const groupOpMaxBytes = 20_480;

const version = 1;
const groupIdAt = 2;
const groupIdBytes = 16;
const sigBytes = 64;
const layout = "group operation";

/**
 * `ver 1 | type 0x32 | groupId 16 | epoch u32 | prevHash 32 | actorAccount 16 | actorDevice u32 | ts u64 | op u8 | plen u16 | payload |
 * stateHash 32`. Throws `EnvelopeError` for content that `parseGroupOp` would refuse.
 */
export function encodeGroupOpTbs(content: GroupOpContent): Bytes {
  const payload = encodeGroupChange(content.change);
  const tbs = new Writer()
    .u8(version)
    .u8(groupOpType)
    .bytes(content.groupId, groupIdBytes)
    .u32(content.epoch)
    .bytes(content.prevHash, 32)
    .bytes(content.actorAccountId, 16)
    .u32(content.actorDeviceId)
    .u64(content.issuedAtMs)
    .u8(groupChangeCodes[content.change.type])
    .u16(payload.length)
    .bytes(payload)
    .bytes(content.stateHash, 32)
    .done();
  readContent(new Reader(tbs, layout));
  return tbs;
}

/** `TBS | SIG(DSK) 64`. */
export function encodeGroupOp(tbs: Uint8Array, sig: Uint8Array): Bytes {
  return new Writer().bytes(tbs).bytes(sig, sigBytes).done();
}

/** Parses the layout; neither signature, chain nor rules are checked. Throws `EnvelopeError`. */
export function parseGroupOp(bytes: Uint8Array): GroupOp {
  assertWellFormed(bytes.length <= groupOpMaxBytes, `${layout}: too large`);
  const own = Uint8Array.from(bytes);
  const reader = new Reader(own, layout);
  const content = readContent(reader);
  const tbs = own.slice(0, reader.offset);
  const sig = reader.take(sigBytes);
  reader.end();
  return { ...content, tbs, sig, bytes: own };
}

/** What the actor's DSK signs: `L("group-op") ‖ TBS`. */
export function groupOpMessage(tbs: Uint8Array): Bytes {
  return concat(label("group-op"), tbs);
}

/** opHash is SHA-256 of this: `L("group-op-hash") ‖ whole operation`. */
export function groupOpHashInput(bytes: Uint8Array): Bytes {
  return concat(label("group-op-hash"), bytes);
}

/** The group id is the first 16 bytes of SHA-256 of this: `L("group-id") ‖ TBS of create with groupId = 0`. */
export function groupIdInput(createTbs: Uint8Array): Bytes {
  const blank = Uint8Array.from(createTbs).fill(0, groupIdAt, groupIdAt + groupIdBytes);
  return concat(label("group-id"), blank);
}

function readContent(reader: Reader): GroupOpContent {
  reader.version(version);
  assertWellFormed(reader.u8() === groupOpType, `${layout}: another type`);
  const head = {
    groupId: reader.take(groupIdBytes),
    epoch: reader.u32(),
    prevHash: reader.take(32),
    actorAccountId: reader.take(16),
    actorDeviceId: reader.u32(),
    issuedAtMs: reader.u64(),
  };
  const type: GroupChangeType = reader.name(groupChangeCodes);
  const change = parseGroupChange(type, reader.take(reader.u16()));
  assertWellFormed(head.actorDeviceId !== 0, `${layout}: device id zero`);
  assertWellFormed(head.epoch >= 1, `${layout}: epoch zero`);
  const isFirst = type === "create";
  assertWellFormed(isFirst === (head.epoch === 1), `${layout}: create is epoch 1 and only that`);
  assertWellFormed(isFirst === isAllZero(head.prevHash), `${layout}: previous hash`);
  return { ...head, change, stateHash: reader.take(32) };
}
