/** Where messages are, and the operator's numbers. */
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { SottoError } from "#schema/errors.ts";
import type { getDelivery, getMetrics, reportUndecryptable } from "#schema/http/delivery.ts";
import { conversationIdSchema, sequenceSchema } from "#schema/ids.ts";
import * as v from "valibot";
import { countLosses } from "../archive.ts";
import type { Handler } from "../contract.ts";
import { metricsToken, sameSecret, utf8 } from "../secrets.ts";
import { callConversation } from "../stubs.ts";

const sequenceText = v.pipe(v.string(), v.regex(/^[1-9]\d{0,14}$/), v.transform(Number), sequenceSchema);

export const handleGetDelivery: Handler<typeof getDelivery> = async ({ env, identity, param }) => {
  const conversation = param("conversation", conversationIdSchema);
  const input = { account: identity.account, seq: param("seq", sequenceText) };
  const found = await callConversation(env, conversation, (object) => object.delivery(input));
  return { ...found, members: found.members.map((member) => ({ ...member })) };
};

export const handleReportUndecryptable: Handler<typeof reportUndecryptable> = async ({
  env,
  identity,
  param,
  body,
}) => {
  const conversation = param("conversation", conversationIdSchema);
  const input = { account: identity.account, count: body.count };
  await callConversation(env, conversation, (object) => object.undecryptable(input));
  return {};
};

export const handleGetMetrics: Handler<typeof getMetrics> = async ({ env, request }) => {
  const given = /^Bearer ([\w-]+)$/i.exec(request.headers.get("authorization") ?? "")?.[1] ?? "";
  const right = encodeBase64url(await metricsToken(env.SERVER_SECRET));
  if (!sameSecret(utf8(given), utf8(right))) {
    throw new SottoError("unauthenticated", "The metrics token is needed.");
  }
  const { lost, undecryptable } = await countLosses(env);
  return { messages_lost_total: lost, undecryptable_total: undecryptable };
};
