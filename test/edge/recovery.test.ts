/** A forgotten password over HTTP, inside workerd: what the account key and the recovery code are taken for in its place. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test } from "vitest";
import { createAccountKey } from "#core/crypto/device-identity.ts";
import { nobleProvider as provider } from "#core/crypto/noble-provider.ts";
import {
  passwordChangeMessage,
  type PasswordStatement,
  recoveryKeyMessage,
} from "#schema/envelope/account-statements.ts";
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { limits } from "#schema/limits.ts";
import { addRawDevice, type RawAccount, rawRequest, registerRaw } from "#test/support/raw-account.ts";
import { openInbox, origin } from "./live-client.ts";
import { firstDevice, newName, tokenOf } from "./pair.ts";

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

const rowOf = ({ account }: RawAccount) =>
  env.DB.prepare("SELECT * FROM accounts WHERE account_id = ?").bind(account).first();
const recover = (username: string, recoveryKey: string) =>
  ask("POST", "/api/auth/recover", { username, recoveryKey });

async function logIn({ username }: RawAccount, authKey: string): Promise<string> {
  const answer = await ask("POST", "/api/auth/login", { username, authKey });
  return typeof answer === "string" ? answer : "accepted";
}

async function prepare(account: RawAccount): Promise<{ passwordId: string; hasRecoveryKey: boolean }> {
  return (await ask("POST", "/api/auth/device/ticket", undefined, tokenOf(account))) as never;
}

const change = (token: string, request: object) => ask("PUT", "/api/auth/password", request, token);

/** Another password by the account key; `lie` is what the signature says instead. */
function signed(
  account: RawAccount,
  replaces: string,
  authKey: string,
  lie: Partial<PasswordStatement> = {},
  key = account.aik,
) {
  const message = passwordChangeMessage({
    accountId: decodeBase64url(account.account),
    sessionId: decodeBase64url(firstDevice(account).session.sessionId),
    replaces: decodeBase64url(replaces),
    authKeyDigest: provider.sha256(decodeBase64url(authKey)),
    argon2,
    signOutOthers: false,
    ...lie,
  });
  const signature = encodeBase64url(provider.sign(key.secret, message));
  return { proof: { replaces, signature }, next: { authKey, argon2 }, signOutOthers: false };
}

function signedKey(account: RawAccount, recoveryKey: string, version = 1, key = account.aik) {
  const digest = provider.sha256(decodeBase64url(recoveryKey));
  const message = recoveryKeyMessage(decodeBase64url(account.account), version, digest);
  return { version, recoveryKey, signature: encodeBase64url(provider.sign(key.secret, message)) };
}

const forgetKey = ({ account }: RawAccount) =>
  env.DB.prepare("UPDATE accounts SET recovery_salt = NULL, recovery_hash = NULL WHERE account_id = ?")
    .bind(account)
    .run();

let anna: RawAccount;
beforeEach(async () => {
  anna = await registerRaw(origin, newName());
});

describe("the account key in place of the old password", () => {
  test("[AU85] [AU82] its signature sets another one, every device is told, and a lost answer costs nothing", async () => {
    const other = await addRawDevice(origin, anna);
    const inbox = await openInbox(other.session.accessToken);
    const next = randomKey();
    const request = signed(anna, (await prepare(anna)).passwordId, next);
    expect(await change(tokenOf(anna), request)).toEqual(done);
    expect(await inbox.nextOf("account:password")).toMatchObject({ device: 1 });
    inbox.socket.close();
    expect([await logIn(anna, anna.authKey), await logIn(anna, next)]).toEqual([
      "wrong_credentials",
      "accepted",
    ]);
    const row = await rowOf(anna);
    expect(await change(tokenOf(anna), request)).toEqual(done);
    expect(await rowOf(anna)).toEqual(row);
  });

  test("[AU85] it does so while wrong passwords make the name wait", async () => {
    for (let attempt = 0; attempt <= limits.loginFailures; attempt += 1) await logIn(anna, randomKey());
    expect(await logIn(anna, anna.authKey)).toBe("rate_limited");
    const request = signed(anna, (await prepare(anna)).passwordId, randomKey());
    expect(await change(tokenOf(anna), request)).toEqual(done);
  });

  test("[AU86] [ATTACK 46] a token without it, and what it signed for anything else, change nothing", async () => {
    const ben = await registerRaw(origin, newName());
    const second = await addRawDevice(origin, anna);
    const revoked = await addRawDevice(origin, anna);
    await addRawDevice(origin, anna, [revoked.own.cert.deviceId]);
    const before = await rowOf(anna);
    const { passwordId } = await prepare(anna);
    const next = randomKey();
    const good = signed(anna, passwordId, next);
    const bytes = provider.random(16);
    const refused: [unknown, string][] = [
      [await change(tokenOf(anna), signed(anna, passwordId, next, {}, createAccountKey(provider))), "key"],
      [await change(tokenOf(anna), signed(anna, passwordId, next, { accountId: bytes })), "account"],
      [await change(tokenOf(anna), signed(anna, passwordId, next, { sessionId: bytes })), "session"],
      [await change(tokenOf(anna), signed(anna, passwordId, next, { replaces: bytes })), "password"],
      [await change(tokenOf(anna), signed(anna, passwordId, next, { signOutOthers: true })), "others"],
      [await change(tokenOf(anna), { ...good, next: { authKey: randomKey(), argon2 } }), "next"],
      [
        await change(tokenOf(anna), { ...good, next: { ...good.next, argon2: { ...argon2, passes: 5 } } }),
        "cost",
      ],
      [await change(second.session.accessToken, good), "another device"],
      [await change(tokenOf(ben), good), "stranger"],
    ];
    expect(refused).toEqual(refused.map(([, what]) => ["bad_signature", what]));
    expect(await change(revoked.session.accessToken, good)).toBe("session_revoked");
    expect(await change("a.b.c", good)).toBe("unauthenticated");
    const unknown = signed(anna, encodeBase64url(bytes), next);
    expect(await change(tokenOf(anna), unknown)).toBe("wrong_credentials");
    const both = { ...good, proof: { ...good.proof, authKey: anna.authKey } };
    expect(await change(tokenOf(anna), both)).toBe("malformed");
    expect(await rowOf(anna)).toEqual(before);
    const inbox = await openInbox(tokenOf(anna));
    inbox.send({ type: "inbox:resume" });
    expect((await inbox.take(2)).map(({ type }) => type)).toEqual(["inbox:state", "prekey:stock"]);
    inbox.socket.close();
  });

  test("[AU86] it is good once: after another change it brings the password of then not back", async () => {
    const [second, third] = [randomKey(), randomKey()];
    const first = signed(anna, (await prepare(anna)).passwordId, second);
    await change(tokenOf(anna), first);
    await change(tokenOf(anna), signed(anna, (await prepare(anna)).passwordId, third));
    expect(await change(tokenOf(anna), first)).toBe("wrong_credentials");
    expect(await logIn(anna, third)).toBe("accepted");
  });
});

describe("the recovery code in place of the password", () => {
  test("[AU87] it gets what the password gets, and lets in a device with the account key", async () => {
    const answer = (await recover(anna.username, anna.recoveryKey)) as { ticket: string };
    const { username, authKey, recoveryKey } = anna;
    const byPassword = await ask("POST", "/api/auth/login", { username, authKey });
    expect(answer).toEqual({ ...(byPassword as object), ticket: expect.any(String), hasRecoveryKey: true });
    const join = await addRawDevice(origin, anna, [], {
      path: "/api/auth/recover",
      json: { username, recoveryKey },
    });
    expect(join.session.deviceId).toBe(2);
  });

  test("[AU87] [AU41] a wrong code, a name that nobody has and one whose code is not known are refused alike", async () => {
    const ben = await registerRaw(origin, newName());
    await forgetKey(ben);
    const refusals = [
      await recover(anna.username, randomKey()),
      await recover(newName(), anna.recoveryKey),
      await recover(ben.username, ben.recoveryKey),
      await recover(anna.username, anna.authKey),
      await logIn(anna, anna.recoveryKey),
    ];
    expect(refusals).toEqual(refusals.map(() => "wrong_credentials"));
  });

  test("[AU87] [AU4] wrong codes and wrong passwords are counted together, and a right code clears them", async () => {
    await recover(anna.username, randomKey());
    await logIn(anna, randomKey());
    expect(await recover(anna.username, anna.recoveryKey)).toMatchObject({ account: anna.account });
    const answers = [];
    for (let attempt = 0; attempt <= limits.loginFailures; attempt += 1) {
      answers.push(await recover(anna.username, randomKey()));
    }
    expect(answers).toEqual([...Array(limits.loginFailures).fill("wrong_credentials"), "rate_limited"]);
    expect(await recover(anna.username, anna.recoveryKey)).toBe("rate_limited");
    expect(await logIn(anna, anna.authKey)).toBe("rate_limited");
  });

  test("[AU88] an account of before makes its code known by the account key", async () => {
    await forgetKey(anna);
    expect(await prepare(anna)).toMatchObject({ hasRecoveryKey: false });
    const request = signedKey(anna, anna.recoveryKey);
    expect(await ask("PUT", "/api/vault/recovery", request, tokenOf(anna))).toEqual({});
    expect(await ask("PUT", "/api/vault/recovery", request, tokenOf(anna))).toEqual({});
    expect(await prepare(anna)).toMatchObject({ hasRecoveryKey: true });
    expect(await recover(anna.username, anna.recoveryKey)).toMatchObject({ account: anna.account });
  });

  test("[AU88] nobody else does: not a token, another account, what was signed for another vault or another code", async () => {
    const ben = await registerRaw(origin, newName());
    const before = await rowOf(anna);
    const planted = randomKey();
    const good = signedKey(anna, planted);
    const put = (request: object, token = tokenOf(anna)) => ask("PUT", "/api/vault/recovery", request, token);
    expect(await put(signedKey(anna, planted, 1, createAccountKey(provider)))).toBe("bad_signature");
    expect(await put(signedKey(ben, planted))).toBe("bad_signature");
    expect(await put({ ...good, recoveryKey: randomKey() })).toBe("bad_signature");
    expect(await put({ ...good, version: 2 })).toBe("bad_signature");
    expect(await put(good, tokenOf(ben))).toBe("bad_signature");
    expect(await put(signedKey(anna, planted, 2))).toBe("vault_conflict");
    expect(await put(good, "a.b.c")).toBe("unauthenticated");
    expect(await rowOf(anna)).toEqual(before);
    expect(JSON.stringify(before)).not.toContain(anna.recoveryKey);
  });
});
