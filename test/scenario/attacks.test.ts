/**
 * Attacks on the real server by somebody with an account, a token, or a changed client (docs/protocol/attacks.md).
 * What this does not show: what clients make of a hostile server (test/contract/client/hostile-server.test.ts).
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { nobleProvider as provider } from "#core/crypto/noble-provider.ts";
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { tagBytes } from "#schema/envelope/body.ts";
import { concat } from "#schema/envelope/bytes.ts";
import {
  capsulePlaintextBytes,
  encodeCapsuleHead,
  headerPaddedSizes,
} from "#schema/envelope/capsule-envelope.ts";
import { parsePqPrekey } from "#schema/envelope/prekeys.ts";
import type { Bundle } from "#schema/http/devices.ts";
import { limits } from "#schema/limits.ts";
import { deviceOf, tokenOf } from "../support/frame-stage.ts";
import {
  createRawConversation,
  prekeysFor,
  prepareRegistration,
  type RawAccount,
  type RawAnswer,
  rawRequest,
  registerRaw,
} from "../support/raw-account.ts";
import { rawMessage } from "../support/raw-frames.ts";
import { openRawConversation, openRawInbox } from "../support/raw-socket.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { storedDigests } from "../support/stored-rows.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.close());

const codeOf = ({ body }: RawAnswer): string => (body.success ? "accepted" : body.error.code);

async function claim(from: RawAccount, of: RawAccount, devices = [1]): Promise<Bundle | string> {
  const answer = await rawRequest(server.origin, "POST", `/api/accounts/${of.account}/bundles`, {
    token: tokenOf(from),
    json: { devices },
  });
  if (!answer.body.success) return answer.body.error.code;
  const [bundle] = (answer.body.data as unknown as { bundles: Bundle[] }).bundles;
  return bundle ?? "no bundle";
}

test("[ATTACK 24] draining prekeys: limited per account, last-resort keys afterwards, the owner told and refilling", async () => {
  const owner = await registerRaw(server.origin, "drained");
  const [drainer, helper] = [
    await registerRaw(server.origin, "drainer"),
    await registerRaw(server.origin, "helper"),
  ];
  const inbox = await openRawInbox(server.origin, tokenOf(owner));
  const kinds: unknown[] = [];
  for (let count = 0; count < limits.bundleFetchesPerHour + 20; count += 1) {
    const bundle = await claim(drainer, owner);
    if (typeof bundle === "string") kinds.push(bundle);
    else
      kinds.push([parsePqPrekey(decodeBase64url(bundle.pqPrekey)).kind, bundle.oneTimePrekey !== undefined]);
  }
  const lastResort = ["lastResort", false];
  expect(kinds).toEqual([
    ["oneTime", true],
    ["oneTime", true],
    ...Array.from({ length: limits.bundleFetchesPerHour - 2 }, () => lastResort),
    ...Array.from({ length: 20 }, () => "rate_limited"),
  ]);
  expect(await inbox.next()).toMatchObject({ type: "prekey:stock", oneTime: 1, oneTimePq: 1 });
  expect(await inbox.next()).toMatchObject({ type: "prekey:stock", oneTime: 0, oneTimePq: 0 });
  const own = deviceOf(owner).own;
  const json = refillOf(owner);
  const refill = await rawRequest(server.origin, "POST", "/api/prekeys", { token: tokenOf(owner), json });
  expect(refill.body).toMatchObject({ success: true, data: { oneTime: 3, oneTimePq: 3 } });
  expect(await claim(helper, owner)).toMatchObject({
    deviceId: own.cert.deviceId,
    oneTimePrekey: expect.any(String),
  });
});

/** Three new one-time prekeys of each kind under ids that were never used. */
function refillOf(account: RawAccount): object {
  return prekeysFor(deviceOf(account).own, 3, Date.now(), 1_000);
}

test("[ATTACK 46] a stolen access token without the device's keys plants no prekeys and adds no device", async () => {
  const victim = await registerRaw(server.origin, "victim");
  const thief = await registerRaw(server.origin, "thief");
  const token = tokenOf(victim);
  const before = storedDigests(server.state);
  const foreign = prekeysFor(deviceOf(thief).own);
  const planted = await rawRequest(server.origin, "POST", "/api/prekeys", { token, json: foreign });
  expect(codeOf(planted)).toBe("bad_signature");
  const { request } = await prepareRegistration(server.origin, "nobody.yet");
  const enrolled = await rawRequest(server.origin, "POST", "/api/auth/device", {
    token,
    json: { ticket: token, device: request["device"], deviceName: "mine now", refreshTransport: "body" },
  });
  expect(codeOf(enrolled)).toBe("unauthenticated");
  const signOut = encodeBase64url(new Uint8Array(93).fill(1));
  const ended = await rawRequest(server.origin, "POST", "/api/auth/logout", {
    token,
    json: { scope: "everywhere", signOut },
  });
  expect(["bad_signature", "malformed"]).toContain(codeOf(ended));
  const bare = await rawRequest(server.origin, "POST", "/api/auth/logout", {
    token,
    json: { scope: "everywhere" },
  });
  expect(codeOf(bare)).toBe("bad_signature");
  expect(storedDigests(server.state)).toEqual(before);
});

test("[ATTACK 46] the password alone, without the account key, adds no device", async () => {
  const victim = await registerRaw(server.origin, "phished");
  const thief = await registerRaw(server.origin, "phisher");
  const login = await rawRequest(server.origin, "POST", "/api/auth/login", {
    json: { username: victim.username, authKey: victim.authKey },
  });
  const { ticket } = (login.body as unknown as { data: { ticket: string } }).data;
  const before = storedDigests(server.state);
  const { request } = await prepareRegistration(server.origin, "nobody.yet2");
  const own = deviceOf(thief).own;
  const devices = [
    request["device"],
    {
      deviceId: own.cert.deviceId,
      deviceList: encodeBase64url(victim.list.bytes),
      certificate: encodeBase64url(deviceOf(victim).own.cert.bytes),
      prekeys: prekeysFor(own),
    },
  ];
  for (const device of devices) {
    const json = { ticket, device, deviceName: "mine now", refreshTransport: "body" };
    expect(codeOf(await rawRequest(server.origin, "POST", "/api/auth/device", { json }))).toBe(
      "bad_signature",
    );
  }
  expect(storedDigests(server.state)).toEqual(before);
});

test("[ATTACK 34] the largest headers on every message are accepted; a byte more is malformed", async () => {
  const [ida, jon] = [await registerRaw(server.origin, "ida"), await registerRaw(server.origin, "jon")];
  const id = await createRawConversation(server.origin, deviceOf(ida), jon);
  const [idas, jons] = [
    await openRawConversation(server.origin, id, tokenOf(ida)),
    await openRawConversation(server.origin, id, tokenOf(jon)),
  ];
  const largest = Math.max(...headerPaddedSizes);
  const lists = [ida, jon].map(({ account }) => ({ account, version: 1 }));
  const message = (headerBytes: number) => ({
    ...rawMessage(id, [], lists),
    capsules: [{ account: jon.account, device: 1, data: capsuleOf(headerBytes) }],
  });
  for (let seq = 1; seq <= 100; seq += 1) {
    idas.send(message(largest));
    expect(await idas.next()).toMatchObject({ type: "message:ack", seq });
    expect(await jons.next()).toMatchObject({ type: "message:new", seq });
  }
  idas.send(message(largest + 1));
  expect(await idas.next()).toMatchObject({ type: "message:refused", error: { code: "malformed" } });
});

function capsuleOf(headerBytes: number): string {
  const head = encodeCapsuleHead({
    headerNonce: provider.random(24),
    encryptedHeader: provider.random(headerBytes + tagBytes),
    bodyNonce: provider.random(24),
  });
  return encodeBase64url(concat(head, provider.random(capsulePlaintextBytes + tagBytes)));
}
