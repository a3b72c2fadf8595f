/** Invite links over HTTP inside workerd, with real signatures: whose proof counts, and for whom. */
import { env } from "cloudflare:workers";
import { evictDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { inviteKeyOf, proveInvite } from "#core/crypto/group/group-invite.ts";
import { nobleProvider as provider } from "#core/crypto/noble-provider.ts";
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import type { GroupChange } from "#schema/envelope/group-change.ts";
import { createChange } from "#test/support/group-changes.ts";
import { type RawAccount, rawRequest, registerRaw } from "#test/support/raw-account.ts";
import { createOperation, groupIdOf, operationOn } from "#test/support/raw-group.ts";
import { openInbox, origin } from "./live-client.ts";
import { newName, tokenOf } from "./pair.ts";

const secret = new Uint8Array(32).fill(7);
const publicKey = encodeBase64url(inviteKeyOf(provider, secret).pub);
const actorOf = (account: RawAccount) => ({
  account: account.account,
  device: account.devices[0]?.own.cert.deviceId ?? 0,
  signingKey: account.devices[0]?.own.keys.dsk.secret ?? new Uint8Array(32),
});
const inviteOf = (needsApproval: boolean): GroupChange => ({
  type: "invite",
  invite: {
    publicKey: decodeBase64url(publicKey),
    needsApproval,
    expiresAtMs: 0,
    sealed: new Uint8Array(152).fill(1),
  },
});

async function ask(account: RawAccount | undefined, method: string, path: string, json?: unknown) {
  const options = {
    ...(account !== undefined && { token: tokenOf(account) }),
    ...(json !== undefined && { json }),
  };
  const { status, body } = await rawRequest(origin, method, `/api/conversations${path}`, options);
  return body.success ? { status, ...(body.data as object) } : { status, code: body.error.code };
}

/** Live, and with nothing of its first answer left. */
async function liveInbox(account: RawAccount) {
  const inbox = await openInbox(tokenOf(account));
  inbox.send({ type: "inbox:resume" });
  await inbox.nextOf("prekey:stock");
  return inbox;
}

async function invited(needsApproval: boolean) {
  const [anna, ben, carl] = [
    await registerRaw(origin, newName()),
    await registerRaw(origin, newName()),
    await registerRaw(origin, newName()),
  ];
  const created = createOperation(actorOf(anna), { [anna.account]: "owner", [ben.account]: "member" });
  const id = groupIdOf(created.head);
  await ask(anna, "POST", "/groups", { operation: created.operation });
  const made = operationOn(created.head, actorOf(anna), inviteOf(needsApproval));
  expect(await ask(anna, "POST", `/${id}/operations`, made)).toMatchObject({ code: "malformed" });
  const { operation } = made;
  expect(await ask(anna, "POST", `/${id}/operations`, { operation })).toMatchObject({ status: 200 });
  const proofOf = (account: RawAccount) =>
    proveInvite(provider, { groupId: decodeBase64url(id), secret }, decodeBase64url(account.account));
  return { anna, ben, carl, id, head: made.head, proofOf };
}

test("[GR30] only the account that a proof names can join by it, with its own signature", async () => {
  const { anna, ben, carl, id, head, proofOf } = await invited(false);
  const joining = (account: RawAccount, proof = proofOf(account)) =>
    operationOn(head, actorOf(account), { type: "join", ...proof }).operation;
  const post = (account: RawAccount, operation: string) =>
    ask(account, "POST", `/${id}/operations`, { operation });
  const borrowed = joining(carl, proofOf(ben));
  const forged = joining(carl, { ...proofOf(carl), proof: new Uint8Array(64).fill(1) });
  for (const wrong of [borrowed, forged]) {
    expect(await post(carl, wrong)).toEqual({ status: 422, code: "bad_signature" });
  }
  expect(await post(anna, joining(carl))).toEqual({ status: 422, code: "bad_signature" });
  await evictDurableObject(env.CONVERSATION.getByName(id));
  expect(await post(carl, joining(carl))).toEqual({ status: 200, epoch: 3, seq: 3 });
  expect(await ask(carl, "GET", `/${id}/operations`)).toMatchObject({ status: 200 });
});

test("[GR32] strangers: a preview for anyone who knows the key, operations for who proves it as itself", async () => {
  const { ben, carl, id, head, proofOf } = await invited(false);
  const preview = await ask(undefined, "POST", `/${id}/invite/preview`, { publicKey });
  expect(preview).toMatchObject({ status: 200, members: 2, needsApproval: false, expiresAtMs: 0 });
  const other = encodeBase64url(new Uint8Array(32).fill(9));
  const nowhere = encodeBase64url(new Uint8Array(16).fill(9));
  const unknown = { status: 404, code: "not_found" };
  expect(await ask(undefined, "POST", `/${id}/invite/preview`, { publicKey: other })).toEqual(unknown);
  expect(await ask(undefined, "POST", `/${nowhere}/invite/preview`, { publicKey })).toEqual(unknown);
  const body = (account: RawAccount) => {
    return { publicKey, proof: encodeBase64url(Uint8Array.from(proofOf(account).proof)), after: 0 };
  };
  const path = `/${id}/invite/operations`;
  expect(await ask(carl, "POST", path, body(carl))).toMatchObject({ status: 200, more: false });
  expect(await ask(carl, "POST", path, body(ben))).toEqual({ status: 422, code: "bad_signature" });
  expect(await ask(carl, "GET", `/${id}/operations`)).toEqual(unknown);
  const late = operationOn(head, actorOf(carl), createChange.settings(3), new Uint8Array(32));
  expect(await ask(carl, "POST", `/${id}/operations`, { operation: late.operation })).toEqual(unknown);
});

test("[GR34] [IN45] a request with its proof waits for admins alone, is refused by them, and says so", async () => {
  const { anna, ben, carl, id, proofOf } = await invited(true);
  const proof = encodeBase64url(Uint8Array.from(proofOf(carl).proof));
  const requests = `/${id}/invite/requests`;
  expect(await ask(ben, "POST", requests, { publicKey, proof })).toEqual({
    status: 422,
    code: "bad_signature",
  });
  const [admin, member, asking] = [await liveInbox(anna), await liveInbox(ben), await liveInbox(carl)];
  expect(await ask(carl, "POST", requests, { publicKey, proof })).toEqual({ status: 200, state: "waiting" });
  const told = { type: "group:joins", conversationId: id };
  // What the group itself tells its members may come in between.
  expect(await admin.nextOf("group:joins")).toEqual(told);
  expect(await ask(carl, "POST", `/${id}/invite/operations`, { publicKey, proof, after: 0 })).toEqual({
    status: 403,
    code: "forbidden",
  });
  expect(await ask(ben, "GET", requests)).toEqual({ status: 403, code: "forbidden" });
  expect(await ask(carl, "GET", requests)).toEqual({ status: 404, code: "not_found" });
  const { account, username } = carl;
  expect(await ask(anna, "GET", requests)).toEqual({
    status: 200,
    requests: [{ account, username, requestedAtMs: expect.any(Number), publicKey, proof }],
  });
  expect(await ask(ben, "DELETE", `${requests}/${account}`)).toEqual({ status: 403, code: "forbidden" });
  expect(await ask(anna, "DELETE", `${requests}/${account}`)).toEqual({ status: 200 });
  expect([await admin.nextOf("group:joins"), await asking.nextOf("group:joins")]).toEqual([told, told]);
  expect((await member.pending()).filter(({ type }) => type === "group:joins")).toEqual([]);
  for (const { socket } of [admin, member, asking]) socket.close();
  expect(await ask(carl, "POST", `/${id}/invite/own`, { publicKey })).toEqual({
    status: 200,
    state: "refused",
  });
});
