import type { getPrivacy, setPrivacy } from "#schema/http/privacy.ts";
import type { Handler } from "../contract.ts";
import { callInbox } from "../stubs.ts";

export const handleGetPrivacy: Handler<typeof getPrivacy> = async ({ env, identity }) => ({
  presence: await callInbox(env, identity.account, (inbox) => inbox.presenceAudience()),
});

export const handleSetPrivacy: Handler<typeof setPrivacy> = async ({ env, identity, body }) => {
  const input = { audience: body.presence };
  await callInbox(env, identity.account, (inbox) => inbox.setPresenceAudience(input));
  return { presence: body.presence };
};
