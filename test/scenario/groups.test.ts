/** A group against the real server: three accounts, real signatures, sockets on the wire, and a server that dies. */
import { afterAll, expect, test } from "vitest";
import { closeCodes } from "#schema/errors.ts";
import { createChange } from "../support/group-changes.ts";
import { addressesOf, deviceOf, tokenOf } from "../support/frame-stage.ts";
import { type RawAccount, rawRequest, registerRaw } from "../support/raw-account.ts";
import { createOperation, groupIdOf, groupMessage, newKeyId, operationOn } from "../support/raw-group.ts";
import { openRawConversation } from "../support/raw-socket.ts";
import { startServer } from "../support/server.ts";

const server = await startServer();
const { origin } = server;
afterAll(() => server.close());

const actorOf = (account: RawAccount) => ({
  account: account.account,
  device: 1,
  signingKey: deviceOf(account).own.keys.dsk.secret,
});

test("[GR2] [GR5] [GR9] a group talks, loses a member and goes on under a new key", async () => {
  const [anna, ben, carl] = [
    await registerRaw(origin, "group.anna"),
    await registerRaw(origin, "group.ben"),
    await registerRaw(origin, "group.carl"),
  ];
  const roles = { [anna.account]: "owner", [ben.account]: "member", [carl.account]: "member" } as const;
  const created = createOperation(actorOf(anna), roles);
  const groupId = groupIdOf(created.head);
  const post = async (path: string, json: unknown) =>
    (await rawRequest(origin, "POST", `/api/conversations/${path}`, { token: tokenOf(anna), json })).body;
  expect(await post("groups", { operation: created.operation })).toMatchObject({ success: true });
  const [annas, bens, carls] = [
    await openRawConversation(origin, groupId, tokenOf(anna)),
    await openRawConversation(origin, groupId, tokenOf(ben)),
    await openRawConversation(origin, groupId, tokenOf(carl)),
  ];
  const listsOf = (...accounts: RawAccount[]) =>
    accounts.map(({ account, list }) => ({ account, version: list.version }));
  const keyId = newKeyId();
  const to = [ben, carl].flatMap(addressesOf);
  const first = groupMessage({ groupId, epoch: 1, keyId, to, lists: listsOf(ben, carl) });
  const second = groupMessage({ groupId, epoch: 1, keyId });
  for (const message of [first, second]) annas.send(message);
  expect([(await annas.next())["seq"], (await annas.next())["seq"]]).toEqual([2, 3]);
  for (const socket of [bens, carls]) {
    expect([(await socket.next())["body"], (await socket.next())["body"]]).toEqual([first.body, second.body]);
  }
  const removal = operationOn(created.head, actorOf(anna), createChange.remove(carl.account));
  const operation = removal.operation;
  expect(await post(`${groupId}/operations`, { operation })).toMatchObject({ data: { epoch: 2, seq: 4 } });
  expect(await carls.next()).toMatchObject({ type: "message:new", body: operation });
  expect((await carls.closed).code).toBe(closeCodes.forbidden);
  expect(await bens.next()).toMatchObject({ seq: 4, body: operation });
  annas.send(groupMessage({ groupId, epoch: 1, keyId }));
  annas.send(groupMessage({ groupId, epoch: 2, keyId }));
  const lists = listsOf(ben);
  const anew = groupMessage({ groupId, epoch: 2, keyId: newKeyId(), to: addressesOf(ben), lists });
  annas.send(anew);
  expect(await annas.nextOf("message:refused")).toMatchObject({ error: { code: "group_stale", epoch: 2 } });
  expect(await annas.nextOf("message:refused")).toMatchObject({ error: { code: "sender_key_stale" } });
  expect(await annas.nextOf("message:refused")).toMatchObject({ error: { code: "unavailable" } });
  annas.send(anew);
  expect(await annas.nextOf("message:ack")).toMatchObject({ seq: 5 });
  expect(await bens.next()).toMatchObject({ type: "message:new", seq: 5 });
});
