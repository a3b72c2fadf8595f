/** Groups over HTTP and sockets inside workerd, with real signatures: who is let in and who is not. */
import { env } from "cloudflare:workers";
import { evictDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { createChange } from "#test/support/group-changes.ts";
import { addRawDevice, type RawAccount, rawRequest, registerRaw } from "#test/support/raw-account.ts";
import { createOperation, groupIdOf, groupMessage, newKeyId, operationOn } from "#test/support/raw-group.ts";
import { connect, openConversation, openInbox, origin } from "./live-client.ts";
import { firstDevice, newName, tokenOf } from "./pair.ts";

const actorOf = (account: RawAccount, index = 0) => ({
  account: account.account,
  device: account.devices[index]?.own.cert.deviceId ?? 0,
  signingKey: account.devices[index]?.own.keys.dsk.secret ?? new Uint8Array(32),
});
const request = async (
  account: RawAccount,
  method: string,
  path: string,
  json?: unknown,
): Promise<Readonly<Record<string, unknown>> & { readonly status: number }> => {
  const options = { token: tokenOf(account), ...(json !== undefined && { json }) };
  const { status, body } = await rawRequest(origin, method, `/api/conversations${path}`, options);
  return body.success ? { status, ...(body.data as Record<string, unknown>) } : { status, error: body.error };
};

async function makeGroup() {
  const [anna, ben, carl] = [
    await registerRaw(origin, newName()),
    await registerRaw(origin, newName()),
    await registerRaw(origin, newName()),
  ];
  const created = createOperation(actorOf(anna), {
    [anna.account]: "owner",
    [ben.account]: "member",
    [carl.account]: "member",
  });
  const answer = await request(anna, "POST", "/groups", { operation: created.operation });
  const id = groupIdOf(created.head);
  const to = [ben, carl].map(({ account }) => ({ account, device: 1 }));
  const lists = [ben, carl].map(({ account, list }) => ({ account, version: list.version }));
  return { anna, ben, carl, created, answer, id, to, lists };
}

test("[GR1] [GR5] a group is made, messages pass, and the chain, the members and the delivery are told", async () => {
  const { anna, ben, carl, created, answer, id, to, lists } = await makeGroup();
  expect(answer).toEqual({
    status: 200,
    conversationId: id,
    kind: "group",
    group: { epoch: 1, members: 3, left: false },
    createdAtMs: expect.any(Number),
    lastSeq: 1,
    read: 0,
    unread: 0,
    updatedAtMs: expect.any(Number),
  });
  expect(await request(anna, "POST", "/groups", { operation: created.operation })).toEqual(answer);
  const annas = await openConversation(id, tokenOf(anna));
  const bens = await openConversation(id, tokenOf(ben));
  const keyId = newKeyId();
  const first = groupMessage({ groupId: id, epoch: 1, keyId, to, lists });
  annas.send(first);
  expect(await annas.next()).toMatchObject({ type: "message:ack", seq: 2 });
  expect(await bens.next()).toMatchObject({ body: first.body, capsule: first.capsules[0]?.data });
  await evictDurableObject(env.CONVERSATION.getByName(id));
  annas.send(groupMessage({ groupId: id, epoch: 1, keyId }));
  expect(await annas.nextOf("message:ack")).toMatchObject({ seq: 3 });
  bens.send({ type: "message:read", conversationId: id, seq: 3 });
  await annas.nextOf("receipt:low");
  expect(await request(anna, "GET", `/${id}/messages/3/delivery`)).toMatchObject({
    status: 200,
    devices: 2,
    acknowledged: 0,
  });
  expect(await request(ben, "GET", `/${id}/messages/3/delivery`)).toMatchObject({ status: 404 });
  expect(await request(ben, "GET", `/${id}/operations`)).toEqual({
    status: 200,
    operations: [{ epoch: 1, seq: 1, operation: created.operation }],
    more: false,
  });
  const { members } = await request(ben, "GET", `/${id}/members`);
  const expected = [anna, ben, carl].map(({ account, username }) => ({
    account,
    username,
    role: account === anna.account ? 3 : 1,
    joinedEpoch: 1,
    listVersion: 1,
  }));
  expect(members).toHaveLength(3);
  expect(members).toEqual(expect.arrayContaining(expected));
});

test("[GR2] [GR3] an operation needs the signature of the calling device, and only one of two wins", async () => {
  const { anna, ben, created, id } = await makeGroup();
  const change = createChange.settings(3);
  const signed = operationOn(created.head, actorOf(anna), change);
  const { signingKey: _, ...unsigned } = actorOf(anna);
  const forged = operationOn(created.head, unsigned, change);
  const post = (account: RawAccount, { operation }: { operation: string }) =>
    request(account, "POST", `/${id}/operations`, { operation });
  expect(await post(anna, forged)).toMatchObject({ status: 422, error: { code: "bad_signature" } });
  expect(await post(ben, signed)).toMatchObject({ status: 422, error: { code: "bad_signature" } });
  expect(await post(anna, signed)).toEqual({ status: 200, epoch: 2, seq: 2 });
  expect(await post(anna, signed)).toEqual({ status: 200, epoch: 2, seq: 2 });
  const late = operationOn(created.head, actorOf(anna), createChange.settings(4));
  expect(await post(anna, late)).toMatchObject({ status: 409, error: { code: "group_conflict", epoch: 2 } });
  expect((await request(anna, "GET", `/${id}/operations?after=1`))["operations"]).toHaveLength(1);
});

test("[GR8] [GR9] strangers and former members are refused everywhere, and who is added starts there", async () => {
  const { anna, ben, carl, created, id } = await makeGroup();
  const stranger = await registerRaw(origin, newName());
  const refusedTo = async (account: RawAccount) => {
    const paths = ["/messages", "/operations", "/members", "/messages/1/delivery"];
    const answers = await Promise.all(paths.map((path) => request(account, "GET", `/${id}${path}`)));
    const reported = await request(account, "POST", `/${id}/undecryptable`, { count: 1 });
    const own = operationOn(created.head, actorOf(account), createChange.settings(3), new Uint8Array(32));
    const posted = await request(account, "POST", `/${id}/operations`, { operation: own.operation });
    const { code } = await (await connect(`/ws/conversations/${id}`, tokenOf(account))).closed;
    return [...[...answers, reported, posted].map(({ status }) => status), code];
  };
  expect(await refusedTo(stranger)).toEqual([404, 404, 404, 404, 404, 404, 4403]);
  const inbox = await openInbox(tokenOf(carl));
  const carls = await openConversation(id, tokenOf(carl));
  const removal = operationOn(created.head, actorOf(anna), createChange.remove(carl.account));
  expect(await request(anna, "POST", `/${id}/operations`, { operation: removal.operation })).toMatchObject({
    epoch: 2,
  });
  expect(await carls.nextOf("message:new")).toMatchObject({ body: removal.operation });
  expect((await carls.closed).code).toBe(4403);
  for (;;) {
    const { summary } = (await inbox.nextOf("conversation:update")) as {
      summary?: { group?: { left: boolean } };
    };
    if (summary?.group?.left === true) break;
  }
  expect(await refusedTo(carl)).toEqual([404, 404, 404, 404, 404, 404, 4403]);
  const addition = operationOn(removal.head, actorOf(anna), createChange.add(stranger.account));
  expect(await request(anna, "POST", `/${id}/operations`, { operation: addition.operation })).toMatchObject({
    seq: 3,
  });
  const page = (await request(stranger, "GET", `/${id}/messages`)) as {
    messages?: { seq: number }[];
    more?: boolean;
  };
  expect([page.messages?.map(({ seq }) => seq), page.more]).toEqual([[3], false]);
  expect((await request(stranger, "GET", `/${id}/operations`))["operations"]).toHaveLength(3);
  const bens = await openConversation(id, tokenOf(ben));
  expect(bens.frames.join("")).toContain(addition.operation);
});

test("[GR6] [DV3] a revoked device is out, and what its account's group sends needs a new key", async () => {
  const { anna, ben, carl, id, lists } = await makeGroup();
  await addRawDevice(origin, ben);
  const annas = await openConversation(id, tokenOf(anna));
  const keyId = newKeyId();
  const to = [
    { account: ben.account, device: 1 },
    { account: ben.account, device: 2 },
    { account: carl.account, device: 1 },
  ];
  const current = () => [{ account: ben.account, version: ben.list.version }, ...lists.slice(1)];
  const deliver = async (send: ReturnType<typeof groupMessage>) => {
    for (;;) {
      annas.send(send);
      for (;;) {
        const event = await annas.next();
        if (event.type !== "message:ack" && event.type !== "message:refused") continue;
        const { code } = (event["error"] ?? { code: "" }) as { code: string };
        if (code === "unavailable" || code === "device_set_mismatch") break;
        return code;
      }
    }
  };
  expect(await deliver(groupMessage({ groupId: id, epoch: 1, keyId, to, lists: current() }))).toBe("");
  const second = await openConversation(id, tokenOf(ben, 1));
  await addRawDevice(origin, ben, [2]);
  expect((await second.closed).code).toBe(4410);
  expect(await deliver(groupMessage({ groupId: id, epoch: 1, keyId }))).toBe("sender_key_stale");
  expect(firstDevice(ben).own.cert.deviceId).toBe(1);
});

test("[GR15] reports of members are totalled for whoever has the metrics token", async () => {
  const { anna, id } = await makeGroup();
  expect(await request(anna, "POST", `/${id}/undecryptable`, { count: 2 })).toEqual({ status: 200 });
  const plain = await rawRequest(origin, "GET", "/api/metrics", { token: tokenOf(anna) });
  expect([plain.status, plain.body]).toMatchObject([401, { error: { code: "unauthenticated" } }]);
});
