/** Groups. The Worker checks who signed an operation; the conversation's object executes and orders it. */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { parseDeviceCert } from "#schema/envelope/device-cert.ts";
import { groupOpMessage, type GroupOp, parseGroupOp } from "#schema/envelope/group-op.ts";
import { SottoError } from "#schema/errors.ts";
import type { createGroup, listMembers, listOperations, postOperation } from "#schema/http/groups.ts";
import { conversationIdSchema } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import type { Identity } from "#schema/rpc/shared.ts";
import * as v from "valibot";
import { archiveShardOf } from "../archive.ts";
import type { Handler } from "../contract.ts";
import { assertSignatures, type Signed } from "../ed25519.ts";
import { proofOf } from "./invites.ts";
import type { Env } from "../env.ts";
import { callConversation, callInbox } from "../stubs.ts";

export const handleCreateGroup: Handler<typeof createGroup> = async ({ env, identity, body }) => {
  const { operation } = body;
  const op = await verifyOperation(env, identity, operation);
  const conversationId = v.parse(conversationIdSchema, encodeBase64url(op.groupId));
  const input = {
    conversationId,
    identity,
    operation,
    archiveShard: archiveShardOf(conversationId, Number(env.ARCHIVE_SHARDS)),
    createdAtMs: Date.now(),
  };
  const summary = await callConversation(env, conversationId, (object) => object.createGroup(input));
  if (summary.kind !== "group") throw new Error("a group has another kind");
  return { ...summary, group: { ...summary.group } };
};

export const handlePostOperation: Handler<typeof postOperation> = async ({ env, identity, param, body }) => {
  const conversation = param("conversation", conversationIdSchema);
  const { operation } = body;
  await verifyOperation(env, identity, operation);
  const answer = await callConversation(env, conversation, (object) =>
    object.postOperation({ identity, operation }),
  );
  return { ...answer };
};

export const handleListOperations: Handler<typeof listOperations> = async ({
  env,
  identity,
  param,
  query,
}) => {
  const { after = 0, limit = limits.pageDefault } = query;
  const input = { account: identity.account, after, limit };
  const conversation = param("conversation", conversationIdSchema);
  const page = await callConversation(env, conversation, (object) => object.operations(input));
  return { operations: page.operations.map((each) => ({ ...each })), more: page.more };
};

export const handleListMembers: Handler<typeof listMembers> = async ({ env, identity, param }) => {
  const { account } = identity;
  const conversation = param("conversation", conversationIdSchema);
  const found = await callConversation(env, conversation, (object) => object.groupMembers({ account }));
  return { epoch: found.epoch, members: found.members.map((member) => ({ ...member })) };
};

/** Throws `bad_signature` unless the calling device is the actor and has signed it, and who joins has shown its invite. */
async function verifyOperation(env: Env, { account, device }: Identity, operation: string): Promise<GroupOp> {
  const op = parseGroupOp(decodeBase64url(operation));
  if (encodeBase64url(op.actorAccountId) !== account || op.actorDeviceId !== device) {
    throw new SottoError("bad_signature", "The operation names another device.");
  }
  const certificate = await callInbox(env, account, (inbox) => inbox.certificate({ device }));
  const { dsk } = parseDeviceCert(decodeBase64url(certificate));
  const signed: Signed[] = [{ key: dsk, message: groupOpMessage(op.tbs), signature: op.sig }];
  if (op.change.type === "join") signed.push(proofOf(op.groupId, op.actorAccountId, op.change));
  await assertSignatures(signed);
  return op;
}
