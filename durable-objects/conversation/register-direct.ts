/** Makes the inbox of one member know a new direct conversation; answers with the account's devices. */
import type { AccountId } from "#schema/ids.ts";
import type { InitialiseInput } from "#schema/rpc/conversation.ts";
import { unwrap } from "#schema/rpc/result.ts";
import type { DeviceSet } from "#schema/rpc/shared.ts";
import { refusal } from "../support/error-events.ts";
import { inboxStub, type ObjectEnv } from "../support/stubs.ts";

export async function registerDirect(
  env: ObjectEnv,
  input: InitialiseInput,
  account: AccountId,
): Promise<DeviceSet> {
  const peer = input.members.find((member) => member.account !== account);
  if (peer === undefined) throw refusal("forbidden");
  const { conversationId, kind, createdAtMs } = input;
  const visible = account === input.initiator;
  const registration = { conversationId, kind, peer, createdAtMs, visible };
  return unwrap(await inboxStub(env, account).registerConversation(registration)).set;
}
