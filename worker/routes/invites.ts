/** Invite links. The Worker checks what shows knowledge of one; the conversation's object knows which is in force. */
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { type JoinProof, joinProofMessage } from "#schema/envelope/group-invite.ts";
import type * as invites from "#schema/http/invites.ts";
import { accountIdSchema, type ConversationId, conversationIdSchema } from "#schema/ids.ts";
import type { Identity } from "#schema/rpc/shared.ts";
import type { Handler } from "../contract.ts";
import { assertSignatures, type Signed } from "../ed25519.ts";
import { callConversation } from "../stubs.ts";

export const handlePreviewInvite: Handler<typeof invites.previewInvite> = async ({ env, param, body }) => {
  const conversation = param("conversation", conversationIdSchema);
  return { ...(await callConversation(env, conversation, (object) => object.previewInvite(body))) };
};

export const handleListInvitedOperations: Handler<typeof invites.listInvitedOperations> = async (call) => {
  const { env, identity, param, body } = call;
  const conversation = param("conversation", conversationIdSchema);
  await assertProven(conversation, identity, body);
  const input = { identity, publicKey: body.publicKey, after: body.after };
  const page = await callConversation(env, conversation, (object) => object.invitedOperations(input));
  return { operations: page.operations.map((each) => ({ ...each })), more: page.more };
};

export const handleRequestJoin: Handler<typeof invites.requestJoin> = async (call) => {
  const { env, identity, param, body } = call;
  const conversation = param("conversation", conversationIdSchema);
  await assertProven(conversation, identity, body);
  return {
    state: await callConversation(env, conversation, (object) => object.requestJoin({ identity, ...body })),
  };
};

export const handleJoinRequestState: Handler<typeof invites.joinRequestState> = async (call) => {
  const { env, identity, param, body } = call;
  const conversation = param("conversation", conversationIdSchema);
  const input = { identity, ...body };
  return { state: await callConversation(env, conversation, (object) => object.joinRequestState(input)) };
};

export const handleListJoinRequests: Handler<typeof invites.listJoinRequests> = async (call) => {
  const { env, identity, param } = call;
  const { account } = identity;
  const conversation = param("conversation", conversationIdSchema);
  const requests = await callConversation(env, conversation, (object) => object.joinRequests({ account }));
  return { requests: requests.map((request) => ({ ...request })) };
};

export const handleRefuseJoin: Handler<typeof invites.refuseJoin> = async ({ env, identity, param }) => {
  const input = { account: identity.account, refused: param("account", accountIdSchema) };
  const conversation = param("conversation", conversationIdSchema);
  await callConversation(env, conversation, (object) => object.refuseJoin(input));
  return {};
};

/** Throws `bad_signature`. */
async function assertProven(
  conversation: ConversationId,
  { account }: Identity,
  { publicKey, proof }: { readonly publicKey: string; readonly proof: string },
): Promise<void> {
  const shown = { publicKey: decodeBase64url(publicKey), proof: decodeBase64url(proof) };
  await assertSignatures([proofOf(decodeBase64url(conversation), decodeBase64url(account), shown)]);
}

export function proofOf(groupId: Uint8Array, accountId: Uint8Array, { publicKey, proof }: JoinProof): Signed {
  return { key: publicKey, message: joinProofMessage(groupId, publicKey, accountId), signature: proof };
}
