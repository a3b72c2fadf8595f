/** The reset of an account whose keys are lost over HTTP, inside workerd. Its days pass by moving what the object has stored. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { nobleProvider as provider } from "#core/crypto/noble-provider.ts";
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { limits } from "#schema/limits.ts";
import {
  addRawDevice,
  prepareReset,
  type RawAccount,
  rawRequest,
  registerRaw,
} from "#test/support/raw-account.ts";
import { manifestWrite } from "#test/support/raw-backup.ts";
import { origin, openInbox } from "./live-client.ts";
import { firstDevice, makePair, newName } from "./pair.ts";

const random = (bytes: number): string => encodeBase64url(provider.random(bytes));

/** The data of a success, or the code of a refusal. */
async function outcome(path: string, json: unknown, token?: string, method = "POST"): Promise<unknown> {
  const { body } = await rawRequest(origin, method, path, {
    ...(json !== undefined && { json }),
    ...(token !== undefined && { token }),
  });
  return body.success ? body.data : body.error.code;
}

const call = (person: RawAccount, step: string, more: object) => {
  const { username, authKey } = person;
  return outcome(`/api/auth/reset/${step}`, { username, authKey, ...more });
};
const stop = (token: string) => outcome("/api/auth/reset", undefined, token, "DELETE");

/** Every request of the account was made `ageMs` earlier than it was. */
async function age({ account }: RawAccount, ageMs: number): Promise<void> {
  const stub = env.INBOX.get(env.INBOX.idFromName(account));
  await runInDurableObject(stub, (_object, state) => {
    state.storage.sql.exec(
      `UPDATE resets SET requested_at_ms = requested_at_ms - ?1, effective_at_ms = effective_at_ms - ?1,
         expires_at_ms = expires_at_ms - ?1`,
      ageMs,
    );
  });
}

function finishing(person: RawAccount, claim: string, version = 2) {
  return {
    claim,
    vault: { version, data: random(200), wraps: [{ kind: "recovery", data: random(72) }] },
    recoveryKey: random(32),
    device: prepareReset(person),
    deviceName: "after the reset",
    refreshTransport: "body",
  };
}

async function vaultOf({ username, authKey }: RawAccount): Promise<unknown> {
  const answer = (await outcome("/api/auth/login", { username, authKey })) as { vault: unknown };
  return answer.vault;
}

test("[AU70] [AU73] [AU75] [AU88] from the password alone: asked for, waited for, carried out, once however often it is called", async () => {
  const pair = await makePair({ anna: 2 });
  const { anna, annaToken } = pair;
  const write = manifestWrite(firstDevice(anna), { expected: 0, version: 1 });
  await outcome("/api/backup/manifest", write, annaToken, "PUT");
  const claim = random(32);
  const serverTimeMs = expect.any(Number);
  const standing = { delayMs: limits.resetDelayMs, conversations: 1, messages: 0, devices: 2, serverTimeMs };
  expect(await call(anna, "preview", {})).toEqual(standing);
  const asked = await call(anna, "request", { claim });
  const own = { requestedAtMs: expect.any(Number), effectiveAtMs: expect.any(Number) };
  expect(asked).toEqual({ ...standing, own: { ...own, expiresAtMs: expect.any(Number) } });
  expect(await call(anna, "request", { claim })).toEqual({ ...(asked as object), serverTimeMs });
  expect(await call(anna, "preview", { claim: random(32) })).toEqual(standing);

  const inbox = await openInbox(annaToken);
  inbox.send({ type: "inbox:resume" });
  expect(await inbox.nextOf("inbox:state")).toMatchObject({ reset: own });
  const finish = finishing(anna, claim);
  const before = await vaultOf(anna);
  expect(await call(anna, "finish", finish)).toBe("reset_waiting");
  expect(await vaultOf(anna)).toEqual(before);
  await age(anna, limits.resetDelayMs);
  const session = await call(anna, "finish", finish);
  expect(session).toMatchObject({ account: anna.account, deviceId: 3, refreshToken: expect.any(String) });
  expect(await inbox.closed).toMatchObject({ code: 4410 });
  expect(await vaultOf(anna)).toEqual(finish.vault);
  const { username, recoveryKey } = anna;
  expect(await outcome("/api/auth/recover", { username, recoveryKey })).toBe("wrong_credentials");
  const renewed = { username, recoveryKey: finish.recoveryKey };
  expect(await outcome("/api/auth/recover", renewed)).toMatchObject({ vault: finish.vault });
  expect(await stop(annaToken)).toBe("session_revoked");
  const again = (await call(anna, "finish", finish)) as { accessToken: string };
  expect(await outcome("/api/backup", undefined, again.accessToken, "GET")).toMatchObject({
    manifests: [],
    usedBytes: 0,
  });
  (await openInbox(again.accessToken)).socket.close();
  expect(await call(anna, "finish", finish)).toBe("reset_over");
});

test("[AU71] any device of the account stops it, a stranger's and a revoked one do not", async () => {
  const { anna, ben, annaToken, benToken } = await makePair();
  const second = await addRawDevice(origin, anna);
  await addRawDevice(origin, anna, [second.own.cert.deviceId]);
  const claim = random(32);
  await call(anna, "request", { claim });
  expect(await stop(benToken)).toBe("not_found");
  expect(await stop(second.session.accessToken)).toBe("session_revoked");
  expect(await call(anna, "preview", { claim })).toMatchObject({ own: expect.anything() });
  expect(await stop(annaToken)).toEqual({ lockedUntilMs: expect.any(Number) });
  expect(await call(anna, "request", { claim: random(32) })).toBe("reset_locked");
  await age(anna, limits.resetDelayMs);
  expect(await call(anna, "finish", finishing(anna, claim))).toBe("reset_over");
  expect(await call(ben, "preview", { claim })).not.toHaveProperty("own");
});

test("[AU77] a wrong password, an unknown name, another claim and a call too late get nothing", async () => {
  const anna = await registerRaw(origin, newName());
  const claim = random(32);
  const wrong = { ...anna, authKey: random(32) };
  expect(await call(wrong, "request", { claim })).toBe("wrong_credentials");
  expect(await call({ ...anna, username: newName() }, "request", { claim })).toBe("wrong_credentials");
  expect(await call(anna, "cancel", { claim })).toBe("reset_over");
  await call(anna, "request", { claim });
  await age(anna, limits.resetDelayMs);
  expect(await call(wrong, "finish", finishing(anna, claim))).toBe("wrong_credentials");
  expect(await call(anna, "finish", finishing(anna, random(32)))).toBe("reset_over");
  await age(anna, limits.resetWindowMs);
  expect(await call(anna, "finish", finishing(anna, claim))).toBe("reset_over");
  expect(await vaultOf(anna)).toMatchObject({ version: 1 });
});

test("[AU74] a vault that skips a version or that no recovery code opens, and a broken signature, change nothing", async () => {
  const anna = await registerRaw(origin, newName());
  const claim = random(32);
  await call(anna, "request", { claim });
  await age(anna, limits.resetDelayMs);
  const good = finishing(anna, claim);
  const wraps = [{ kind: "passkey", data: random(72) }];
  const flipped = good.device.certificate.startsWith("A") ? "B" : "A";
  const spoilt = [
    { ...good, vault: { ...good.vault, version: 3 } },
    { ...good, vault: { ...good.vault, wraps } },
    { ...good, device: { ...good.device, deviceId: 7 } },
    {
      ...good,
      device: { ...good.device, certificate: good.device.certificate.slice(0, -2) + flipped + flipped },
    },
  ];
  const refusals = [];
  for (const request of spoilt) refusals.push(await call(anna, "finish", request));
  expect(refusals.slice(0, 3)).toEqual(["vault_conflict", "malformed", "bad_signature"]);
  expect(["bad_signature", "malformed"]).toContain(refusals[3]);
  expect(await vaultOf(anna)).toMatchObject({ version: 1 });
  expect(await call(anna, "finish", good)).toMatchObject({ deviceId: 2 });
});
