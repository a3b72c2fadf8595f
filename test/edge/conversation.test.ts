import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { openConversation } from "./live-client.ts";
import { firstDevice, makePair, messageFrom } from "./pair.ts";

test("[CV1] a message is acknowledged with the next sequence number and reaches the other device", async () => {
  const pair = await makePair();
  const anna = await openConversation(pair.id, pair.annaToken);
  const ben = await openConversation(pair.id, pair.benToken);
  const message = messageFrom(pair, pair.anna);
  anna.send(message);
  const ack = await anna.next();
  expect(ack).toEqual({
    type: "message:ack",
    conversationId: pair.id,
    clientMessageId: message.clientMessageId,
    seq: 1,
    serverTimeMs: expect.any(Number),
  });
  expect(await ben.next()).toEqual({
    type: "message:new",
    conversationId: pair.id,
    seq: 1,
    sender: { account: pair.anna.account, device: firstDevice(pair.anna).own.cert.deviceId },
    clientMessageId: message.clientMessageId,
    serverTimeMs: ack.serverTimeMs,
    body: message.body,
    capsule: message.capsules[0]?.data,
  });
  await evictDurableObject(env.CONVERSATION.getByName(pair.id));
  anna.send(messageFrom(pair, pair.anna));
  expect(await anna.next()).toMatchObject({ type: "message:ack", seq: 2 });
  expect(await ben.next()).toMatchObject({ type: "message:new", seq: 2 });
});
