/** Sessions and devices from their beginning to their end, against the real server and with the clocks of the wall. */
import { afterAll, expect, test } from "vitest";
import { signSessionRenewal } from "#core/crypto/device-identity.ts";
import { nobleProvider } from "#core/crypto/noble-provider.ts";
import { openRecords } from "#core/store/client-storage.ts";
import { accountKey, accountTable } from "#core/store/tables.ts";
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { closeCodes } from "#schema/errors.ts";
import type { Session } from "#schema/http/auth.ts";
import type { MessageSend } from "#schema/protocol/message.ts";
import { expiredToken } from "../support/expired-token.ts";
import {
  allMessages,
  eventually,
  isOnline,
  type LivePerson,
  reopen,
  signIn,
  signUp,
  textOf,
} from "../support/people.ts";
import {
  addRawDevice,
  createRawConversation,
  type RawDevice,
  rawRequest,
  registerRaw,
} from "../support/raw-account.ts";
import { rawMessage } from "../support/raw-frames.ts";
import { openWatchedSocket, type WatchedSocket } from "../support/watched-socket.ts";
import { startServer } from "../support/server.ts";

/** Within which a session that was ended elsewhere loses its sockets. */
const closedWithinMs = 5_000;

const server = await startServer();
const { origin } = server;
const people: LivePerson[] = [];
afterAll(async () => {
  await Promise.allSettled(people.map(({ client }) => client.close()));
  await server.close();
});

const join = (person: LivePerson): LivePerson => {
  people.push(person);
  return person;
};

/** `data` of an accepted request, or the error's code. */
async function post(path: string, json: object, token?: string): Promise<Session | string> {
  const { body } = await rawRequest(origin, "POST", path, { json, ...(token !== undefined && { token }) });
  return body.success ? (body.data as unknown as Session) : body.error.code;
}

const refresh = (refreshToken: string | undefined) => post("/api/auth/refresh", { refreshToken });

async function accepted(answer: Promise<Session | string>): Promise<Session> {
  const session = await answer;
  if (typeof session === "string") throw new Error(`refused: ${session}`);
  return session;
}

async function me(token: string): Promise<string> {
  const { body } = await rawRequest(origin, "GET", "/api/auth/me", { token });
  return body.success ? "alive" : body.error.code;
}

async function renew({ own }: RawDevice, account: string): Promise<Session | string> {
  const begun = await post("/api/auth/renew/challenge", { account, deviceId: own.cert.deviceId });
  const { challenge, ticket } = begun as unknown as { challenge: string; ticket: string };
  const signature = encodeBase64url(signSessionRenewal(nobleProvider, own, decodeBase64url(challenge)));
  return post("/api/auth/renew", { ticket, signature, refreshTransport: "body" });
}

function deviceOf(account: { readonly devices: readonly RawDevice[] }): RawDevice {
  const [device] = account.devices;
  if (device === undefined) throw new Error("no device");
  return device;
}

/** How long after `sinceMs` the socket was closed, and with what. */
async function endOf(socket: WatchedSocket, sinceMs: number): Promise<{ code: number; inTime: boolean }> {
  const { code, atMs } = await socket.closed;
  return { code, inTime: atMs - sinceMs < closedWithinMs };
}
const revoked = { code: closeCodes.session_revoked, inTime: true };

test("[AU5] a refresh token works once; its reuse after that ends the session, its tokens and its sockets", async () => {
  const account = await registerRaw(origin, "rotating");
  const first = deviceOf(account).session;
  const second = await accepted(refresh(first.refreshToken));
  expect(second).toMatchObject({ account: account.account, sessionId: first.sessionId, deviceId: 1 });
  expect(second.refreshToken).not.toBe(first.refreshToken);
  const third = await accepted(refresh(second.refreshToken));
  expect(await me(third.accessToken)).toBe("alive");
  const socket = await openWatchedSocket(origin, "/ws/inbox", third.accessToken);
  socket.send({ type: "inbox:resume" });
  await eventually("resumed", () => socket.frames.length > 0);

  const reusedAtMs = Date.now();
  expect(await refresh(first.refreshToken)).toBe("session_revoked");
  expect(await endOf(socket, reusedAtMs)).toEqual(revoked);
  for (const { accessToken } of [first, second, third]) expect(await me(accessToken)).toBe("session_revoked");
  expect(await refresh(third.refreshToken)).toBe("unauthenticated");
});

test("[AU6] a refresh whose answer was lost can be made again with the same token", async () => {
  const { session } = deviceOf(await registerRaw(origin, "unlucky"));
  const lost = await accepted(refresh(session.refreshToken));
  const again = await accepted(refresh(session.refreshToken));
  expect([await me(lost.accessToken), await me(again.accessToken)]).toEqual(["alive", "alive"]);
  const next = await accepted(refresh(again.refreshToken));
  expect(await me(next.accessToken)).toBe("alive");
});

test("[AU9] a device whose refresh token is gone renews by its key, and its old session is over", async () => {
  const account = await registerRaw(origin, "returning");
  const device = deviceOf(account);
  const old = device.session;
  const renewed = await accepted(renew(device, account.account));
  expect(renewed).toMatchObject({ account: account.account, deviceId: 1 });
  expect([await me(renewed.accessToken), await me(old.accessToken)]).toEqual(["alive", "session_revoked"]);
  const stranger = deviceOf(await registerRaw(origin, "pretender"));
  expect(await renew({ ...stranger }, account.account)).toBe("bad_signature");
  expect(await me(renewed.accessToken)).toBe("alive");
});

test("[CL57] a client that was away past its refresh token comes back online by itself", async () => {
  const person = await signUp(origin, "traveller");
  await person.client.close();
  const records = await openRecords(person.network.environment, person.storage);
  await records.transact(async (transaction) => {
    const record = await transaction.get(accountTable, accountKey);
    if (record === undefined) throw new Error("no account");
    const { refreshToken: _, ...rest } = record;
    transaction.put(accountTable, accountKey, rest);
  });
  const again = join(await reopen(origin, person));
  await eventually("online", () => isOnline(again.client));
  const paths = again.network.wire.filter(({ place }) => place === "request").map(({ path }) => path);
  expect(paths).toEqual(["/api/auth/renew/challenge", "/api/auth/renew"]);
  expect(await again.client.accountStatus()).toMatchObject({ state: "signed_in", username: "traveller" });
});

test("[AU11] [WS8] logging out everywhere closes the other devices' sockets within 5 s; they cannot renew", async () => {
  const anna = await signUp(origin, "anna");
  const ben = join(await signUp(origin, "ben"));
  const second = join(await signIn(origin, anna));
  const { conversationId } = await anna.client.startConversation("ben");
  await anna.client.sendText(conversationId, "hello");
  await eventually("the second device has it", async () => {
    const known = await second.client.listConversations();
    return known.some(({ lastSeq }) => lastSeq === 1);
  });
  await second.client.openConversation(conversationId);
  const path = `/ws/conversations/${conversationId}`;
  await eventually("its socket is live", () =>
    second.network.wire.some((entry) => entry.path === path && entry.text.includes("conversation:resumed")),
  );

  const startedAtMs = Date.now();
  await anna.client.logout("everywhere");
  const ends = await eventually(
    "both sockets closed",
    () => second.network.ends.length >= 2 && second.network.ends,
  );
  const byPath = ends.slice(0, 2).map((end) => `${end.path} ${end.code}`);
  expect(byPath.toSorted()).toEqual([
    `${path} ${closeCodes.session_revoked}`,
    `/ws/inbox ${closeCodes.session_revoked}`,
  ]);
  const slowestMs = Math.max(...ends.map(({ atMs }) => atMs - startedAtMs));
  console.log(`log out everywhere: the other device's sockets closed after ${slowestMs} ms`);
  expect(slowestMs).toBeLessThan(closedWithinMs);
  await eventually("the second device knows", async () => {
    return (await second.client.accountStatus()).state === "ended";
  });
  expect(await second.client.accountStatus()).toEqual({
    state: "ended",
    username: "anna",
    reason: "logged_out",
  });
  const tried = second.network.wire.filter(
    ({ place, path: to }) => place === "answer" && to === "/api/auth/renew",
  );
  expect(tried.map(({ text }) => (JSON.parse(text) as { error?: { code: string } }).error?.code)).toEqual([
    "session_revoked",
  ]);
  const again = await reopen(origin, second);
  expect(await again.client.accountStatus()).toMatchObject({ state: "ended" });
  await again.client.close();
  expect(await isOnline(ben.client)).toBe(true);
});

test("[DV8] [WS8] what a signed-out device sends on a socket it still has is not accepted", async () => {
  const account = await registerRaw(origin, "leaver");
  const peer = await registerRaw(origin, "stayer");
  const leaving = await addRawDevice(origin, account);
  const staying = deviceOf(account);
  const conversationId = await createRawConversation(origin, staying, peer);
  const path = `/ws/conversations/${conversationId}`;
  const socket = await openWatchedSocket(origin, path, leaving.session.accessToken);
  socket.send({ type: "conversation:resume", conversationId, after: 0 });
  await eventually("live", () => socket.frames.some((frame) => frame.includes("conversation:resumed")));
  const endedAtMs = Date.now();
  await accepted(post("/api/auth/logout", { scope: "device" }, leaving.session.accessToken));
  const lists = [
    { account: account.account, version: account.list.version },
    { account: peer.account, version: peer.list.version },
  ];
  const to = [
    { account: account.account, device: 1 },
    { account: peer.account, device: 1 },
  ];
  socket.send(rawMessage(conversationId, to, lists));
  expect(await endOf(socket, endedAtMs)).toEqual(revoked);
  expect(socket.frames.filter((frame) => frame.includes("message:ack"))).toEqual([]);
  const token = staying.session.accessToken;
  const history = await rawRequest(origin, "GET", `/api${path.replace("/ws", "")}/messages`, { token });
  expect(history.body).toEqual({ success: true, data: { messages: [], more: false } });
  expect(await renew(leaving, account.account)).toBe("session_revoked");
});

test("[WS1] [WS2] [WS8] strangers, former sessions and tokens of no worth get no socket", async () => {
  const account = await registerRaw(origin, "insider");
  const peer = await registerRaw(origin, "partner");
  const stranger = deviceOf(await registerRaw(origin, "outsider")).session.accessToken;
  const former = (await addRawDevice(origin, account)).session.accessToken;
  const inside = deviceOf(account).session.accessToken;
  const conversation = `/ws/conversations/${await createRawConversation(origin, deviceOf(account), peer)}`;
  await accepted(post("/api/auth/logout", { scope: "device" }, former));
  const nowhere = "/ws/conversations/AAAAAAAAAAAAAAAAAAAAAA";
  const expired = await expiredToken(inside);
  const attempts: [path: string, token: string | undefined, code: number][] = [
    [conversation, stranger, closeCodes.forbidden],
    [nowhere, stranger, closeCodes.not_found],
    ["/ws/conversations/no!id", stranger, closeCodes.not_found],
    [conversation, former, closeCodes.session_revoked],
    ["/ws/inbox", former, closeCodes.session_revoked],
    [conversation, expired, closeCodes.token_expired],
    ["/ws/inbox", expired, closeCodes.token_expired],
    ["/ws/inbox", undefined, closeCodes.unauthenticated],
    [conversation, `${inside.slice(0, -4)}AAAA`, closeCodes.unauthenticated],
  ];
  for (const [path, token, code] of attempts) {
    const socket = await openWatchedSocket(origin, path, token);
    socket.send({ type: "inbox:resume" });
    expect([path, (await socket.closed).code, socket.frames]).toEqual([path, code, []]);
  }
  const open = await openWatchedSocket(origin, "/ws/inbox", inside);
  open.send({ type: "inbox:resume" });
  await eventually("the insider is answered", () =>
    open.frames.some((frame) => frame.includes("inbox:state")),
  );
  open.close();
});

test("[CL54] after a device has signed out, peers encrypt to the others only", async () => {
  const carla = join(await signUp(origin, "carla"));
  const dora = join(await signUp(origin, "dora"));
  const tablet = await signIn(origin, carla);
  const { conversationId } = await dora.client.startConversation("carla");
  const account = await carla.client.accountStatus();
  if (account.state !== "signed_in") throw new Error("not signed in");
  const recipients = async (text: string): Promise<string[]> => {
    const id = await dora.client.sendText(conversationId, text);
    await eventually(`"${text}" is accepted`, async () =>
      (await allMessages(dora.client, conversationId)).some(
        ({ clientMessageId, seq }) => clientMessageId === id && seq,
      ),
    );
    const frames = dora.network.wire.filter(({ place, text: up }) => place === "up" && up.includes(id));
    const { capsules } = JSON.parse(frames.at(-1)?.text ?? "{}") as MessageSend;
    return capsules.map((capsule) => `${capsule.account}.${capsule.device}`).toSorted();
  };
  expect(await recipients("to both")).toEqual([`${account.account}.1`, `${account.account}.2`]);
  await eventually("the tablet reads it", async () =>
    (await tablet.client.listConversations()).some(
      ({ preview }) => preview !== undefined && textOf(preview) === "to both",
    ),
  );
  await tablet.client.logout("device");
  expect(await tablet.client.accountStatus()).toEqual({ state: "signed_out" });
  expect(await recipients("to one")).toEqual([`${account.account}.1`]);
  await eventually("carla reads it", async () =>
    (await carla.client.listConversations()).some(
      ({ preview }) => preview !== undefined && textOf(preview) === "to one",
    ),
  );
});
