/** Conversations: create or get, list, history pages. Only creating one needs the directory. */
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { SottoError } from "#schema/errors.ts";
import type { createConversation, listConversations, listMessages } from "#schema/http/conversations.ts";
import { conversationIdSchema } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import * as v from "valibot";
import { archiveShardOf, completePage } from "../archive.ts";
import type { Handler } from "../contract.ts";
import { Directory } from "../directory.ts";
import { callConversation, callInbox } from "../stubs.ts";

export const handleCreateConversation: Handler<typeof createConversation> = async ({
  env,
  identity,
  body,
}) => {
  if (body.account === identity.account) {
    throw new SottoError("forbidden", "A conversation needs someone else.");
  }
  const directory = new Directory(env.DB);
  const peer = await directory.accountById(body.account);
  if (peer === undefined) throw new SottoError("not_found", "This account does not exist.");
  const caller = { account: identity.account, username: identity.username };
  const members = [caller, { account: peer.account, username: peer.username }].sort((a, b) =>
    a.account < b.account ? -1 : 1,
  );
  const conversationId = v.parse(
    conversationIdSchema,
    encodeBase64url(crypto.getRandomValues(new Uint8Array(16))),
  );
  const proposed = {
    conversationId,
    archiveShard: archiveShardOf(conversationId, Number(env.ARCHIVE_SHARDS)),
    createdAtMs: Date.now(),
  };
  const conversation = await directory.directConversation(members, proposed);
  const input = { ...conversation, kind: "direct", members, initiator: identity.account } as const;
  const summary = await callConversation(env, conversation.conversationId, (object) =>
    object.initialise(input),
  );
  if (summary.kind !== "direct") throw new Error("a direct conversation has another kind");
  return { ...summary };
};

export const handleListConversations: Handler<typeof listConversations> = async ({
  env,
  identity,
  query,
}) => {
  const { limit = limits.pageDefault, cursor } = query;
  const input = { limit, cursor };
  const page = await callInbox(env, identity.account, (inbox) => inbox.listConversations(input));
  const conversations = page.conversations.map((conversation) => ({ ...conversation }));
  return page.next === undefined ? { conversations } : { conversations, next: page.next };
};

export const handleListMessages: Handler<typeof listMessages> = async ({ env, identity, param, query }) => {
  const conversation = param("conversation", conversationIdSchema);
  const { limit = limits.pageDefault, before, after } = query;
  if (before !== undefined && after !== undefined) {
    throw new SottoError("malformed", "Ask for messages before or after, not both.");
  }
  const input = { identity, limit, before, after };
  const hot = await callConversation(env, conversation, (object) => object.page(input));
  const page = await completePage(env, hot, { conversationId: conversation, limit, before, after });
  return { messages: page.messages.map((message) => ({ ...message })), more: page.more };
};
