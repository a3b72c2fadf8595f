/** A direct conversation with somebody known by name. */
import { createConversation } from "#schema/http/conversations.ts";
import { getUser } from "#schema/http/users.ts";
import type { ConversationId } from "#schema/ids.ts";
import { foldUsername, usernameProblem } from "#schema/username.ts";
import { ClientError } from "./client-api.ts";
import { asNotFound } from "./client-error.ts";
import type { Engine } from "./sync/engine.ts";

/** Throws `ClientError` user_not_found and cannot_write_to_self, `SottoError` and `StoreError`. */
export async function beginConversation(engine: Engine, name: string): Promise<ConversationId> {
  const username = foldUsername(name);
  const problem = usernameProblem(username);
  if (problem !== undefined && problem !== "reserved") throw new ClientError("user_not_found");
  const user = await asNotFound(() => engine.call(getUser, { params: { username } }));
  if (user.account === engine.self.account) throw new ClientError("cannot_write_to_self");
  const body = { kind: "direct", account: user.account } as const;
  const summary = await asNotFound(() => engine.call(createConversation, { body }));
  await engine.conversations.merge([summary], true);
  return summary.conversationId;
}
