/** Accounts by the names that people type. */
import { createConversation } from "#schema/http/conversations.ts";
import { getUser } from "#schema/http/users.ts";
import type { AccountId, ConversationId } from "#schema/ids.ts";
import { foldUsername, usernameProblem } from "#schema/username.ts";
import { ClientError } from "./client-api.ts";
import { asNotFound } from "./client-error.ts";
import type { Engine } from "./sync/engine.ts";

export interface Person {
  readonly account: AccountId;
  readonly username: string;
}

/** Throws `ClientError` `user_not_found` or `cannot_write_to_self`. */
async function findPerson(engine: Engine, name: string): Promise<Person> {
  const username = foldUsername(name);
  const problem = usernameProblem(username);
  if (problem !== undefined && problem !== "reserved") throw new ClientError("user_not_found");
  const { account } = await asNotFound(() => engine.call(getUser, { params: { username } }));
  if (account === engine.self.account) throw new ClientError("cannot_write_to_self");
  return { account, username };
}

/** Accounts by name, each once. Throws as `findPerson`. */
export function findPeople(engine: Engine, names: readonly string[]): Promise<Person[]> {
  return Promise.all([...new Set(names.map(foldUsername))].map((name) => findPerson(engine, name)));
}

/** The direct conversation with somebody, which is made when there is none. Throws as `findPerson`. */
export async function startDirect(engine: Engine, name: string): Promise<ConversationId> {
  const { account } = await findPerson(engine, name);
  const body = { kind: "direct", account } as const;
  const summary = await asNotFound(() => engine.call(createConversation, { body }));
  await engine.conversations.merge([summary], true);
  return summary.conversationId;
}
