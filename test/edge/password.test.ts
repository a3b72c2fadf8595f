/** Another password over HTTP, inside workerd: what it takes, and what an interrupted change leaves. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { nobleProvider as provider } from "#core/crypto/noble-provider.ts";
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { limits } from "#schema/limits.ts";
import { addRawDevice, type RawAccount, rawRequest, registerRaw } from "#test/support/raw-account.ts";
import { origin, openInbox } from "./live-client.ts";
import { newName, tokenOf } from "./pair.ts";

const randomKey = (): string => encodeBase64url(provider.random(32));
const argon2 = { memoryKiB: 131_072, passes: 4, lanes: 1 };
const done = { changedAtMs: expect.any(Number), ended: 0 };

async function ask(method: string, path: string, json?: unknown, token?: string): Promise<unknown> {
  const { body } = await rawRequest(origin, method, path, {
    ...(json !== undefined && { json }),
    ...(token !== undefined && { token }),
  });
  return body.success ? body.data : body.error.code;
}

const change = (token: string, authKey: string, next: string, signOutOthers = false) =>
  ask(
    "PUT",
    "/api/auth/password",
    { proof: { authKey }, next: { authKey: next, argon2 }, signOutOthers },
    token,
  );

async function logIn({ username }: RawAccount, authKey: string): Promise<string> {
  const answer = await ask("POST", "/api/auth/login", { username, authKey });
  return typeof answer === "string" ? answer : "accepted";
}

const rowOf = ({ account }: RawAccount) =>
  env.DB.prepare("SELECT * FROM accounts WHERE account_id = ?").bind(account).first();

let anna: RawAccount;
beforeEach(async () => {
  anna = await registerRaw(origin, newName());
});

describe("another password", () => {
  test("[AU80] the new one opens the account from then on, and the old one does not", async () => {
    const next = randomKey();
    const { salt } = (await ask("POST", "/api/auth/parameters", { username: anna.username })) as never;
    expect(await change(tokenOf(anna), anna.authKey, next)).toEqual(done);
    expect([await logIn(anna, anna.authKey), await logIn(anna, next)]).toEqual([
      "wrong_credentials",
      "accepted",
    ]);
    expect(await ask("POST", "/api/auth/parameters", { username: anna.username })).toEqual({ salt, argon2 });
    expect(await ask("GET", "/api/auth/me", undefined, tokenOf(anna))).toMatchObject({
      account: anna.account,
    });
  });

  test("[AU80] a lost answer: the same request again is done, and the next change starts from the new password", async () => {
    const [second, third] = [randomKey(), randomKey()];
    await change(tokenOf(anna), anna.authKey, second);
    const row = await rowOf(anna);
    expect(await change(tokenOf(anna), anna.authKey, second)).toEqual(done);
    expect(await rowOf(anna)).toEqual(row);
    expect(await change(tokenOf(anna), anna.authKey, third)).toBe("wrong_credentials");
    expect(await change(tokenOf(anna), second, third)).toEqual(done);
    expect(await logIn(anna, third)).toBe("accepted");
  });

  test("[AU80] of two changes at once one counts, and the other one is told so", async () => {
    const other = await addRawDevice(origin, anna);
    const keys = [randomKey(), randomKey()];
    const answers = await Promise.all([
      change(tokenOf(anna), anna.authKey, keys[0] ?? ""),
      change(other.session.accessToken, anna.authKey, keys[1] ?? ""),
    ]);
    const winner = answers.findIndex((answer) => typeof answer === "object");
    expect(answers[1 - winner]).toBe("wrong_credentials");
    expect(await logIn(anna, keys[winner] ?? "")).toBe("accepted");
  });

  test("[AU81] [ATTACK 46] without the old password nothing changes, whoever's token it is", async () => {
    const ben = await registerRaw(origin, newName());
    const revoked = await addRawDevice(origin, anna);
    await addRawDevice(origin, anna, [revoked.own.cert.deviceId]);
    const before = await rowOf(anna);
    const next = randomKey();
    expect(await change(tokenOf(anna), randomKey(), next)).toBe("wrong_credentials");
    expect(await change(tokenOf(ben), anna.authKey, next)).toBe("wrong_credentials");
    expect(await change(revoked.session.accessToken, anna.authKey, next)).toBe("session_revoked");
    expect(await change("a.b.c", anna.authKey, next)).toBe("unauthenticated");
    expect(await rowOf(anna)).toEqual(before);
    const inbox = await openInbox(tokenOf(anna));
    inbox.send({ type: "inbox:resume" });
    expect((await inbox.take(2)).map(({ type }) => type)).toEqual(["inbox:state", "prekey:stock"]);
    inbox.socket.close();
  });

  test("[AU81] wrong passwords make changing and logging in wait alike", async () => {
    const guess = () => change(tokenOf(anna), randomKey(), randomKey());
    const answers = [];
    for (let attempt = 0; attempt <= limits.loginFailures; attempt += 1) answers.push(await guess());
    expect(answers).toEqual([...Array(limits.loginFailures).fill("wrong_credentials"), "rate_limited"]);
    expect(await change(tokenOf(anna), anna.authKey, randomKey())).toBe("rate_limited");
    expect(await logIn(anna, anna.authKey)).toBe("rate_limited");
  });

  test("[AU82] devices hear of it before it is made: with the database down there is a warning and no change", async () => {
    const other = await addRawDevice(origin, anna);
    const inbox = await openInbox(other.session.accessToken);
    inbox.send({ type: "inbox:resume" });
    await inbox.nextOf("prekey:stock");
    await env.DB.prepare("ALTER TABLE accounts RENAME COLUMN argon2_passes TO elsewhere").run();
    try {
      expect(await change(tokenOf(anna), anna.authKey, randomKey())).toBe("unavailable");
    } finally {
      await env.DB.prepare("ALTER TABLE accounts RENAME COLUMN elsewhere TO argon2_passes").run();
    }
    expect(await inbox.nextOf("account:password")).toEqual({
      type: "account:password",
      changedAtMs: expect.any(Number),
      device: 1,
    });
    expect(await logIn(anna, anna.authKey)).toBe("accepted");
    inbox.socket.close();
  });

  test("[AU83] the other devices' sessions end when that is asked for", async () => {
    const other = await addRawDevice(origin, anna);
    const inbox = await openInbox(other.session.accessToken);
    const next = randomKey();
    expect(await change(tokenOf(anna), anna.authKey, next, true)).toEqual({ ...done, ended: 1 });
    expect(await inbox.closed).toMatchObject({ code: 4410 });
    expect(await ask("GET", "/api/auth/me", undefined, other.session.accessToken)).toBe("session_revoked");
    expect(await ask("GET", "/api/auth/me", undefined, tokenOf(anna))).toMatchObject({
      account: anna.account,
    });
  });

  test("[AU84] what opens the vault stays as it is, and no password can be made to open it", async () => {
    const vaultOf = async () => {
      const answer = await ask("POST", "/api/auth/device/ticket", {}, tokenOf(anna));
      const { salt, vault } = answer as { salt: string; vault: object };
      return { salt, vault };
    };
    const before = await vaultOf();
    await change(tokenOf(anna), anna.authKey, randomKey());
    expect(await vaultOf()).toEqual(before);
    const wraps = [{ kind: "password", data: randomKey().repeat(2) }];
    const request = { version: 1, wraps, signature: randomKey() + randomKey() };
    expect(await ask("PUT", "/api/vault/wraps", request, tokenOf(anna))).toBe("malformed");
  });
});
