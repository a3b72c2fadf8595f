/** A group as its members' devices make it: real operations, signed when a key is given, with the hashes that follow from the rules. */
import { nobleProvider as provider } from "#core/crypto/noble-provider.ts";
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { tagBytes } from "#schema/envelope/body.ts";
import { type Bytes, compareBytes, concat } from "#schema/envelope/bytes.ts";
import { encodeGroupBodyHead, encodeGroupKeyEntry, groupBodySigBytes } from "#schema/envelope/group-body.ts";
import type { GroupChange, GroupGrant, GroupRole } from "#schema/envelope/group-change.ts";
import {
  encodeGroupOp,
  encodeGroupOpTbs,
  groupIdInput,
  groupOpHashInput,
  groupOpMessage,
  parseGroupOp,
} from "#schema/envelope/group-op.ts";
import { applyGroupOp, type GroupHead } from "#schema/envelope/group-rules.ts";
import { groupStateHashInput, groupStateParts } from "#schema/envelope/group-state.ts";
import type { MessageSend } from "#schema/protocol/message.ts";
import { type RawAddress, rawCapsule, rawSend } from "./raw-frames.ts";

export interface RawActor {
  readonly account: string;
  readonly device: number;
  /** Secret half of the device's signing key; without one the signature is this one, or random. */
  readonly signingKey?: Uint8Array;
  readonly signature?: Uint8Array;
}

export interface RawOperation {
  /** base64url. */
  readonly operation: string;
  readonly head: GroupHead;
}

export function grants(members: Readonly<Record<string, GroupRole>>): GroupGrant[] {
  return Object.entries(members)
    .map(([account, role]) => ({ accountId: decodeBase64url(account), role }))
    .sort((a, b) => compareBytes(a.accountId, b.accountId));
}

export function createOperation(actor: RawActor, members: Readonly<Record<string, GroupRole>>): RawOperation {
  const settings = provider.random(64);
  return operationOn(undefined, actor, { type: "create", settings, members: grants(members) });
}

/** The operation that does `change` on top of `head`. Throws when the rules refuse it, unless `claimed` says what state to claim. */
export function operationOn(
  head: GroupHead | undefined,
  actor: RawActor,
  change: GroupChange,
  claimed?: Uint8Array,
): RawOperation {
  const content = {
    groupId: head?.state.groupId ?? new Uint8Array(16),
    epoch: (head?.state.epoch ?? 0) + 1,
    prevHash: head?.opHash ?? new Uint8Array(32),
    actorAccountId: decodeBase64url(actor.account),
    actorDeviceId: actor.device,
    issuedAtMs: 1,
    change,
  };
  const sign = (groupId: Uint8Array, stateHash: Uint8Array) => {
    const tbs = encodeGroupOpTbs({ ...content, groupId, stateHash });
    const { signingKey, signature = provider.random(64) } = actor;
    const sig = signingKey === undefined ? signature : provider.sign(signingKey, groupOpMessage(tbs));
    return parseGroupOp(encodeGroupOp(tbs, sig));
  };
  const draft = sign(content.groupId, new Uint8Array(32));
  const stateHash = claimed ?? stateHashOf(applyGroupOp(head, draft));
  const blank = sign(content.groupId, stateHash);
  const groupId = head?.state.groupId ?? sha256(groupIdInput(blank.tbs)).slice(0, 16);
  const op = sign(groupId, stateHash);
  const state = claimed === undefined ? applyGroupOp(head, op) : (head?.state ?? applyGroupOp(head, op));
  return {
    operation: encodeBase64url(op.bytes),
    head: { state, opHash: sha256(groupOpHashInput(op.bytes)) },
  };
}

export function groupIdOf({ state }: GroupHead): string {
  return encodeBase64url(state.groupId);
}

export interface GroupSend {
  readonly groupId: string;
  readonly epoch: number;
  /** 8 bytes, base64url. */
  readonly keyId: string;
  readonly clientMessageId?: string;
  readonly to?: readonly RawAddress[];
  readonly lists?: readonly { readonly account: string; readonly version: number }[];
}

export function newKeyId(): string {
  return encodeBase64url(provider.random(8));
}

/** A message of a group with well-framed random bytes. */
export function groupMessage(send: GroupSend): MessageSend {
  const { groupId, epoch, keyId, clientMessageId, to = [], lists = [] } = send;
  const clientMsgId = clientMessageId === undefined ? provider.random(16) : decodeBase64url(clientMessageId);
  const head = encodeGroupBodyHead({
    groupId: decodeBase64url(groupId),
    epoch,
    senderKeyId: decodeBase64url(keyId),
    number: 0,
    clientMsgId,
    commitment: provider.random(32),
    nonce: provider.random(24),
  });
  const body = concat(head, provider.random(256 + tagBytes + groupBodySigBytes));
  return frame(groupId, clientMsgId, body, to, lists);
}

/** An entry that hands out a sender key and says nothing. */
export function keyEntry({
  groupId,
  keyId,
  to = [],
  lists = [],
}: Omit<GroupSend, "epoch" | "clientMessageId">): MessageSend {
  const clientMsgId = provider.random(16);
  const body = encodeGroupKeyEntry({
    groupId: decodeBase64url(groupId),
    clientMsgId,
    senderKeyId: decodeBase64url(keyId),
  });
  return frame(groupId, clientMsgId, body, to, lists);
}

function frame(
  conversationId: string,
  clientMsgId: Bytes,
  body: Bytes,
  to: readonly RawAddress[],
  lists: GroupSend["lists"],
): MessageSend {
  return rawSend({
    conversationId,
    clientMessageId: encodeBase64url(clientMsgId),
    body: encodeBase64url(body),
    capsules: to.map((address) => ({ ...address, data: rawCapsule() })),
    lists: lists ?? [],
  });
}

function stateHashOf(state: GroupHead["state"]): Bytes {
  const parts = groupStateParts(state);
  return sha256(
    groupStateHashInput(state, { settings: sha256(parts.settings), invite: sha256(parts.invite) }),
  );
}

function sha256(bytes: Uint8Array): Bytes {
  return provider.sha256(bytes);
}
