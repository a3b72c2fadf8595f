/** WebSocket upgrades, refusals and liveness inside workerd. In-process sockets would not show a missing close handshake. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { importJWK, SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { limits } from "#schema/limits.ts";
import { subprotocol } from "#schema/protocol/version.ts";
import { addRawDevice, createRawConversation, registerRaw } from "#test/support/raw-account.ts";
import { connect, connectWith, openConversation, openInbox, origin } from "./live-client.ts";
import { firstDevice, makePair, messageFrom, newName, tokenOf } from "./pair.ts";

const unknownConversation = "DDDDDDDDDDDDDDDDDDDDDA";

async function expiredToken(account: string): Promise<string> {
  const key = await importJWK(JSON.parse(env.SESSION_SIGNING_KEY) as object, "EdDSA");
  return new SignJWT({ sub: account, did: 1, sid: account, name: "anna" })
    .setProtectedHeader({ alg: "EdDSA" })
    .setIssuer("sotto")
    .setAudience("sotto")
    .setExpirationTime(1)
    .sign(key);
}

describe("refusals", () => {
  test("[WS1] a refused socket is accepted and closed with the reason", async () => {
    const pair = await makePair();
    const path = `/ws/conversations/${pair.id}`;
    const protocols = `${subprotocol}, token.${pair.annaToken}`;
    const refused = {
      upgrade_required: await connectWith(path, { "sec-websocket-protocol": `token.${pair.annaToken}` }),
      unauthenticated: await connectWith(path, { "sec-websocket-protocol": subprotocol }),
      token_expired: await connect(path, await expiredToken(pair.anna.account)),
      forbidden: await connectWith(path, {
        "sec-websocket-protocol": protocols,
        origin: "https://evil.test",
      }),
    };
    const closes = await Promise.all(Object.values(refused).map(({ closed }) => closed));
    expect(closes).toEqual([
      { code: 4426, reason: "upgrade_required" },
      { code: 4401, reason: "unauthenticated" },
      { code: 4402, reason: "token_expired" },
      { code: 4403, reason: "forbidden" },
    ]);
    expect((await connect("/ws/inbox", "made.up.token").then(({ closed }) => closed)).code).toBe(4401);
  });

  test("[WS1] the own origin may connect, and a plain request is told what is wrong", async () => {
    const pair = await makePair();
    const client = await connect("/ws/inbox", pair.annaToken, { origin });
    client.send({ type: "inbox:resume" });
    expect(await client.next()).toMatchObject({ type: "inbox:state" });
    const plain = await fetch(`${origin}/ws/inbox`);
    expect([plain.status, await plain.json()]).toMatchObject([
      400,
      { success: false, error: { code: "malformed" } },
    ]);
  });

  test("[WS2] a stranger is not let into a conversation, and an unknown one is not created by asking", async () => {
    const pair = await makePair();
    const stranger = tokenOf(await registerRaw(origin, newName()));
    const closeOf = async (id: string): Promise<unknown> =>
      (await connect(`/ws/conversations/${id}`, stranger)).closed;
    expect(await closeOf(pair.id)).toEqual({ code: 4403, reason: "forbidden" });
    expect(await closeOf(unknownConversation)).toEqual({ code: 4404, reason: "not_found" });
    expect(await closeOf("not-an-id")).toEqual({ code: 4404, reason: "not_found" });
    const tables = await runInDurableObject(
      env.CONVERSATION.getByName(unknownConversation),
      (_object, state) =>
        state.storage.sql
          .exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'")
          .toArray(),
    );
    expect(tables).toEqual([]);
  });

  test("[WS2] an upgrade cannot bring its own identity", async () => {
    const pair = await makePair();
    const stranger = await registerRaw(origin, newName());
    const client = await connect(`/ws/conversations/${pair.id}`, tokenOf(stranger), {
      "x-sotto-account": pair.anna.account,
      "x-sotto-device": "1",
    });
    expect((await client.closed).code).toBe(4403);
  });

  test("[WS3] a device has one socket of a kind: the newer one stays", async () => {
    const pair = await makePair();
    const first = await openConversation(pair.id, pair.annaToken);
    const second = await openConversation(pair.id, pair.annaToken);
    expect(await first.closed).toEqual({ code: 4409, reason: "replaced" });
    second.send(messageFrom(pair, pair.anna));
    expect(await second.next()).toMatchObject({ type: "message:ack", seq: 1 });
    const inbox = await openInbox(pair.annaToken);
    await openInbox(pair.annaToken);
    expect((await inbox.closed).code).toBe(4409);
  });

  test("[WS42] sockets in the inbox and in every conversation close within 5 s, also asleep", async () => {
    const first = await makePair();
    const { anna, annaToken } = first;
    const ids = [first.id];
    for (let more = 0; more < 3; more += 1) {
      ids.push(await createRawConversation(origin, firstDevice(anna), await registerRaw(origin, newName())));
    }
    const sockets = [await openInbox(annaToken)];
    for (const id of ids) sockets.push(await openConversation(id, annaToken));
    for (const id of ids) await evictDurableObject(env.CONVERSATION.getByName(id));
    const startedAtMs = Date.now();
    await fetch(`${origin}/api/auth/logout`, {
      method: "POST",
      body: '{"scope":"device"}',
      headers: { authorization: `Bearer ${annaToken}` },
    });
    const closes = await Promise.all(sockets.map(({ closed }) => closed));
    expect(closes).toEqual(sockets.map(() => ({ code: 4410, reason: "session_revoked" })));
    expect(Date.now() - startedAtMs).toBeLessThan(5_000);
  });

  test("[WS8] a session that is over opens no socket, neither inbox nor conversation", async () => {
    const pair = await makePair();
    const headers = { authorization: `Bearer ${pair.annaToken}` };
    await fetch(`${origin}/api/auth/logout`, { method: "POST", body: '{"scope":"device"}', headers });
    for (const path of ["/ws/inbox", `/ws/conversations/${pair.id}`]) {
      const { closed } = await connect(path, pair.annaToken);
      expect(await closed).toEqual({ code: 4410, reason: "session_revoked" });
    }
  });
});

describe("frames", () => {
  test("[WS4] a frame that is not understood is answered and the next one works", async () => {
    const pair = await makePair();
    const client = await openConversation(pair.id, pair.annaToken);
    const error = {
      type: "error",
      error: { code: "malformed", message: expect.any(String), requestId: expect.any(String) },
    };
    for (const frame of ["{", '"text"', '{"type":"nothing"}', new Uint8Array([1, 2]).buffer]) {
      client.send(frame);
      expect(await client.next()).toEqual(error);
    }
    client.send(messageFrom(pair, pair.anna));
    expect(await client.next()).toMatchObject({ type: "message:ack", seq: 1 });
  });

  test("[WS5] a frame above the limit closes the socket", async () => {
    const pair = await makePair();
    const client = await openConversation(pair.id, pair.annaToken);
    client.send(" ".repeat(limits.frameBytes + 1));
    expect(await client.closed).toEqual({ code: 4413, reason: "too_large" });
  });

  test("[WS6] a ping is answered with a pong, before any resume and after eviction", async () => {
    const pair = await makePair();
    const client = await connect("/ws/inbox", pair.annaToken);
    expect(await client.pending()).toEqual([]);
    await evictDurableObject(env.INBOX.getByName(pair.anna.account));
    expect(await client.pending()).toEqual([]);
  });

  test("[WS7] a client's close is answered with its own code", async () => {
    const pair = await makePair();
    const client = await openConversation(pair.id, pair.annaToken);
    client.socket.close(4001, "bye");
    expect(await client.closed).toEqual({ code: 4001, reason: "bye" });
  });
});

describe("hibernation", () => {
  test("[CV15] eviction between any two steps is invisible", async () => {
    const pair = await makePair();
    const evict = () => evictDurableObject(env.CONVERSATION.getByName(pair.id));
    const anna = await connect(`/ws/conversations/${pair.id}`, pair.annaToken);
    await evict();
    anna.send({ type: "conversation:resume", conversationId: pair.id, after: 0 });
    expect(await anna.next()).toMatchObject({ type: "conversation:resumed", lastSeq: 0 });
    const ben = await openConversation(pair.id, pair.benToken);
    await evict();
    const message = messageFrom(pair, pair.anna);
    anna.send(message);
    const ack = await anna.next();
    expect([ack["seq"], (await ben.next())["seq"]]).toEqual([1, 1]);
    await evict();
    anna.send(message);
    expect(await anna.next()).toEqual(ack);
    await evict();
    ben.send({ type: "message:read", conversationId: pair.id, seq: 1 });
    expect(await anna.next()).toMatchObject({ type: "receipt", account: pair.ben.account, read: 1 });
    await evict();
    ben.send(messageFrom(pair, pair.ben));
    expect(await anna.nextOf("message:new")).toMatchObject({ seq: 2 });
    await evict();
    anna.send({ type: "conversation:resume", conversationId: pair.id, after: 1 });
    expect(await anna.next()).toMatchObject({ type: "message:new", seq: 2 });
  });

  test("[CV15] a socket with an attachment of another time is asked to reconnect", async () => {
    const pair = await makePair();
    const client = await openConversation(pair.id, pair.annaToken);
    const stub = env.CONVERSATION.getByName(pair.id);
    await runInDurableObject(stub, (_object, state) => {
      for (const socket of state.getWebSockets()) socket.serializeAttachment({ version: 99 });
    });
    await evictDurableObject(stub);
    client.send(messageFrom(pair, pair.anna));
    expect(await client.closed).toEqual({ code: 4503, reason: "unavailable" });
  });
});

describe("devices", () => {
  test("[CV17] a joining device is demanded at once, and told to both sides", async () => {
    const pair = await makePair();
    const anna = await openConversation(pair.id, pair.annaToken);
    const inbox = await openInbox(pair.annaToken);
    const before = messageFrom(pair, pair.anna);
    await addRawDevice(origin, pair.ben);
    const changed = { type: "devices:changed", account: pair.ben.account, version: 2 };
    expect([await anna.next(), await inbox.nextOf("devices:changed")]).toEqual([changed, changed]);
    anna.send(before);
    expect(await anna.next()).toMatchObject({
      type: "message:refused",
      error: { code: "device_set_mismatch" },
      difference: {
        missing: [{ account: pair.ben.account, device: 2 }],
        extra: [],
        stale: [{ account: pair.ben.account, version: 2 }],
      },
    });
    const { body, clientMessageId } = before;
    anna.send({ ...messageFrom(pair, pair.anna), body, clientMessageId });
    expect(await anna.next()).toMatchObject({ type: "message:ack", seq: 1 });
    const device = firstDevice(pair.ben).own.cert.deviceId;
    expect(device).toBe(1);
  });
});
