/** The inbox socket, to-device messages and prekeys inside workerd. */
import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { nobleProvider as provider } from "#core/crypto/noble-provider.ts";
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { prekeysFor, rawRequest, registerRaw } from "#test/support/raw-account.ts";
import { rawCapsule } from "#test/support/raw-frames.ts";
import { openConversation, openInbox, origin } from "./live-client.ts";
import { firstDevice, makePair, messageFrom, newName, tokenOf } from "./pair.ts";

const randomId = (): string => encodeBase64url(provider.random(16));

async function conversationsOf(token: string): Promise<unknown> {
  const { body } = await rawRequest(origin, "GET", "/api/conversations", { token });
  return body.success ? body.data["conversations"] : body.error;
}

test("[IN2] [IN3] a first message reaches a peer who only has the inbox open, with its capsule", async () => {
  const pair = await makePair();
  const inbox = await openInbox(pair.benToken);
  expect([await conversationsOf(pair.benToken), await conversationsOf(pair.annaToken)]).toMatchObject([
    [],
    [{ conversationId: pair.id, lastSeq: 0 }],
  ]);
  const anna = await openConversation(pair.id, pair.annaToken);
  const message = messageFrom(pair, pair.anna);
  anna.send(message);
  const { serverTimeMs } = await anna.next();
  const record = {
    conversationId: pair.id,
    seq: 1,
    sender: { account: pair.anna.account, device: 1 },
    clientMessageId: message.clientMessageId,
    serverTimeMs,
    body: message.body,
  };
  const summary = {
    conversationId: pair.id,
    kind: "direct",
    peer: { account: pair.anna.account, username: pair.anna.username },
    createdAtMs: expect.any(Number),
    lastSeq: 1,
    read: 0,
    unread: 1,
    updatedAtMs: serverTimeMs,
  };
  expect(await inbox.next()).toEqual({
    type: "conversation:update",
    summary,
    messages: [{ type: "message:new", ...record, capsule: message.capsules[0]?.data }],
    receipts: [pair.anna, pair.ben]
      .map(({ account }) => ({ type: "receipt", conversationId: pair.id, account, delivered: 0, read: 0 }))
      .sort((a, b) => (a.account < b.account ? -1 : 1)),
  });
  expect(await conversationsOf(pair.benToken)).toEqual([{ ...summary, lastMessage: record }]);
});

test("[IN7] receipts over the inbox socket reach the other side's conversation and inbox", async () => {
  const pair = await makePair();
  const anna = await openConversation(pair.id, pair.annaToken);
  const ben = await openInbox(pair.benToken);
  anna.send(messageFrom(pair, pair.anna));
  await anna.next();
  await ben.nextOf("conversation:update");
  ben.send({ type: "message:read", conversationId: pair.id, seq: 1 });
  ben.send({ type: "message:delivered", conversationId: pair.id, seq: 1 });
  const receipts = [await anna.next()];
  while (receipts.at(-1)?.["delivered"] !== 1 || receipts.at(-1)?.["read"] !== 1)
    receipts.push(await anna.next());
  expect(receipts.at(-1)).toEqual({
    type: "receipt",
    conversationId: pair.id,
    account: pair.ben.account,
    delivered: 1,
    read: 1,
  });
});

test("[IN4] a to-device message is delivered until acknowledged, across eviction, and sent once", async () => {
  const pair = await makePair();
  const from = await openInbox(pair.annaToken);
  const send = {
    type: "device:send",
    id: randomId(),
    account: pair.ben.account,
    device: 1,
    data: rawCapsule(),
  };
  from.send(send);
  expect(await from.next()).toEqual({ type: "device:sent", id: send.id });
  from.send(send);
  expect(await from.next()).toEqual({ type: "device:sent", id: send.id });
  await evictDurableObject(env.INBOX.getByName(pair.ben.account));
  const message = {
    type: "device:message",
    position: 1,
    sender: { account: pair.anna.account, device: 1 },
    data: send.data,
    serverTimeMs: expect.any(Number),
  };
  const ben = await openInbox(pair.benToken);
  expect(await ben.pending()).toEqual([]);
  ben.send({ type: "inbox:resume" });
  expect(await ben.next()).toMatchObject({ type: "inbox:state", conversations: [], more: false });
  expect(await ben.next()).toEqual(message);
  expect(await ben.next()).toMatchObject({ type: "prekey:stock", oneTime: 2, oneTimePq: 2 });
  ben.send({ type: "device:ack", position: 1 });
  ben.send({ type: "inbox:resume" });
  expect((await ben.take(2)).map(({ type }) => type)).toEqual(["inbox:state", "prekey:stock"]);
});

test("[IN5] a stranger cannot write to a device", async () => {
  const pair = await makePair();
  const stranger = await openInbox(tokenOf(await registerRaw(origin, newName())));
  const id = randomId();
  stranger.send({ type: "device:send", id, account: pair.ben.account, device: 1, data: rawCapsule() });
  expect(await stranger.next()).toMatchObject({ type: "error", error: { code: "forbidden" }, id });
});

test("[IN8] an inbox catches up from the alarm, and running it twice changes nothing", async () => {
  const pair = await makePair();
  const anna = await openConversation(pair.id, pair.annaToken);
  anna.send(messageFrom(pair, pair.anna));
  await anna.next();
  const stub = env.CONVERSATION.getByName(pair.id);
  await runDurableObjectAlarm(stub);
  await runDurableObjectAlarm(stub);
  expect(await conversationsOf(pair.benToken)).toMatchObject([{ lastSeq: 1, unread: 1 }]);
});

test("[DV4] claims made at once never share a one-time prekey", async () => {
  const pair = await makePair();
  const path = `/api/accounts/${pair.ben.account}/bundles`;
  const claim = async (): Promise<Record<string, string>> => {
    const { body } = await rawRequest(origin, "POST", path, {
      token: pair.annaToken,
      json: { devices: [1] },
    });
    const { bundles } = (body as unknown as { data: { bundles: Record<string, string>[] } }).data;
    return bundles[0] ?? {};
  };
  const bundles = await Promise.all(Array.from({ length: 5 }, claim));
  const oneTime = bundles.flatMap((bundle) => bundle["oneTimePrekey"] ?? []);
  expect([oneTime.length, new Set(oneTime).size]).toEqual([2, 2]);
});

test("[DV2] an upload that the device did not sign is refused; a signed one adds to the stock", async () => {
  const anna = await registerRaw(origin, newName());
  const ben = await registerRaw(origin, newName());
  const upload = async (json: unknown) =>
    (await rawRequest(origin, "POST", "/api/prekeys", { token: tokenOf(anna), json })).body;
  expect(await upload(prekeysFor(firstDevice(ben).own))).toMatchObject({ error: { code: "bad_signature" } });
  const own = prekeysFor(firstDevice(anna).own, 5);
  expect(await upload({ ...own, oneTime: own.oneTime.slice(1) })).toMatchObject({
    error: { code: "bad_signature" },
  });
  // Two of the five X25519 prekeys repeat the key ids of the enrolment; the PQ ones are all new.
  expect(await upload(own)).toMatchObject({ success: true, data: { oneTime: 5, oneTimePq: 7 } });
});
