/** Accounts and sessions over HTTP, inside workerd. */
import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { signOut, signSessionRenewal } from "#core/crypto/device-identity.ts";
import { nobleProvider as provider } from "#core/crypto/noble-provider.ts";
import { limits } from "#schema/limits.ts";
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { addRawDevice, prepareRegistration, rawRequest, registerRaw } from "#test/support/raw-account.ts";
import { origin, openConversation, openInbox } from "./live-client.ts";
import { firstDevice, makePair, newName, tokenOf } from "./pair.ts";

async function post(path: string, json: unknown, token?: string, headers: Record<string, string> = {}) {
  return rawRequest(origin, "POST", path, { json, headers, ...(token === undefined ? {} : { token }) });
}

/** The data of a success, or the code of a refusal. */
async function outcome(path: string, json: unknown, token?: string): Promise<unknown> {
  const { body } = await post(path, json, token);
  return body.success ? body.data : body.error.code;
}

async function codeOf(path: string, json: unknown, token?: string): Promise<string> {
  const { body } = await post(path, json, token);
  return body.success ? "accepted" : body.error.code;
}

const getMe = async (token: string): Promise<string> => {
  const { body } = await rawRequest(origin, "GET", "/api/auth/me", { token });
  return body.success ? "accepted" : body.error.code;
};

describe("registering", () => {
  test("[AU1] an account comes with its first device and a session, and the same request again works", async () => {
    const { request, account } = await prepareRegistration(origin, newName());
    const first = await outcome("/api/auth/register", request);
    expect(first).toEqual({
      account: account.account,
      username: account.username,
      deviceId: 1,
      sessionId: expect.any(String),
      accessToken: expect.any(String),
      accessExpiresAtMs: expect.any(Number),
      serverTimeMs: expect.any(Number),
      refreshToken: expect.any(String),
    });
    const again = (await outcome("/api/auth/register", request)) as { accessToken: string };
    expect(await getMe(again.accessToken)).toBe("accepted");
    expect(
      await codeOf("/api/auth/register", { ...request, authKey: encodeBase64url(provider.random(32)) }),
    ).toBe("unauthenticated");
  });

  test("[AU2] a name belongs to one account: the second registration of it fails and can be told early", async () => {
    const name = newName();
    const [one, two] = [await prepareRegistration(origin, name), await prepareRegistration(origin, name)];
    expect(await codeOf("/api/auth/register", one.request)).toBe("accepted");
    expect(await codeOf("/api/auth/register", two.request)).toBe("username_taken");
    expect(await codeOf("/api/auth/register/begin", { username: name.toUpperCase() })).toBe("username_taken");
    expect(await codeOf("/api/auth/register/begin", { username: "admin" })).toBe("username_refused");
  });

  test("[DV2] a registration with any signature spoilt is refused", async () => {
    const { request } = await prepareRegistration(origin, newName());
    const device = request["device"] as Record<string, string> & { prekeys: Record<string, unknown> };
    const flip = (text: string, byte: number): string => {
      const bytes = decodeBase64url(text);
      const at = byte < 0 ? bytes.length + byte : byte;
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      return encodeBase64url(bytes);
    };
    const signed = device.prekeys["signed"] as { signedPrekey: string; lastResort: string };
    const [pq] = device.prekeys["oneTimePq"] as string[];
    const prekeys = (change: object) => ({ prekeys: { ...device.prekeys, ...change } });
    const spoilt = {
      "list signature": { deviceList: flip(device["deviceList"] ?? "", -1) },
      "certificate signature": { certificate: flip(device["certificate"] ?? "", 140) },
      "proof of possession": { certificate: flip(device["certificate"] ?? "", -1) },
      "signed prekey": prekeys({ signed: { ...signed, signedPrekey: flip(signed.signedPrekey, -1) } }),
      "last-resort prekey": prekeys({ signed: { ...signed, lastResort: flip(signed.lastResort, -1) } }),
      "one-time prekey": prekeys({ oneTimePq: [flip(pq ?? "", -1)] }),
      "upload signature": prekeys({ signature: flip(device.prekeys["signature"] as string, -1) }),
      "another device id": { deviceId: 2 },
    };
    for (const [name, change] of Object.entries(spoilt)) {
      const code = await codeOf("/api/auth/register", { ...request, device: { ...device, ...change } });
      expect([name, code]).toEqual([name, "bad_signature"]);
    }
    const { signed: _signed, ...unsigned } = device.prekeys;
    const withoutSigned = { ...request, device: { ...device, prekeys: unsigned } };
    expect(await codeOf("/api/auth/register", withoutSigned)).toBe("malformed");
    expect(await codeOf("/api/auth/register", request)).toBe("accepted");
  });

  test("[AU12] a ticket for something else registers nobody", async () => {
    const anna = await registerRaw(origin, newName());
    const { request } = await prepareRegistration(origin, newName());
    const login = (await outcome("/api/auth/login", { username: anna.username, authKey: anna.authKey })) as {
      ticket: string;
    };
    for (const ticket of [login.ticket, tokenOf(anna), "x"]) {
      expect(await codeOf("/api/auth/register", { ...request, ticket })).toBe("unauthenticated");
    }
  });
});

describe("signing in", () => {
  test("[AU3] names nobody has get stable salts of the same form and the same refusal", async () => {
    const anna = await registerRaw(origin, newName());
    const known = (await outcome("/api/auth/parameters", { username: anna.username })) as object;
    const unknown = await outcome("/api/auth/parameters", { username: "nobody.here" });
    expect(unknown).toEqual({
      salt: expect.stringMatching(/^.{22}$/),
      argon2: { memoryKiB: 65_536, passes: 3, lanes: 1 },
    });
    expect(await outcome("/api/auth/parameters", { username: "nobody.here" })).toEqual(unknown);
    expect(Object.keys(known)).toEqual(Object.keys(unknown as object));
    const authKey = encodeBase64url(provider.random(32));
    const answers = await Promise.all(
      [anna.username, "nobody.here"].map(
        async (username) => (await post("/api/auth/login", { username, authKey })).body,
      ),
    );
    const bare = answers.map((body) => (body.success ? body : { ...body.error, requestId: "" }));
    expect(bare[0]).toEqual(bare[1]);
    expect(bare[0]).toMatchObject({ code: "wrong_credentials" });
  });

  test("[AU4] the fourth wrong password waits, for known and unknown names alike; a right one starts anew", async () => {
    const anna = await registerRaw(origin, newName());
    const wrong = encodeBase64url(provider.random(32));
    const tries = async (username: string, keys: string[]) => {
      const codes = [];
      for (const authKey of keys) codes.push(await codeOf("/api/auth/login", { username, authKey }));
      return codes;
    };
    const refused = Array(limits.loginFailures).fill("wrong_credentials");
    expect(await tries(anna.username, [wrong, wrong, anna.authKey, wrong])).toEqual([
      "wrong_credentials",
      "wrong_credentials",
      "accepted",
      "wrong_credentials",
    ]);
    expect(await tries(anna.username, [wrong, wrong, anna.authKey])).toEqual([
      "wrong_credentials",
      "wrong_credentials",
      "rate_limited",
    ]);
    const fourth = [wrong, wrong, wrong, wrong];
    expect(await tries("nobody.at.all", fourth)).toEqual([...refused, "rate_limited"]);
    const { body, headers } = await post("/api/auth/login", { username: anna.username, authKey: wrong });
    expect(body).toMatchObject({ error: { code: "rate_limited", retryAfterMs: expect.any(Number) } });
    expect(Number(headers.get("retry-after"))).toBeGreaterThan(60);
    expect(await getMe(tokenOf(anna))).toBe("accepted");
  });

  test("[DV1] a further device joins with the next list; a forked one is refused", async () => {
    const anna = await registerRaw(origin, newName());
    const before = anna.list;
    const second = await addRawDevice(origin, anna);
    expect(await getMe(second.session.accessToken)).toBe("accepted");
    const { body } = await post("/api/auth/login", { username: anna.username, authKey: anna.authKey });
    expect(body).toMatchObject({ data: { vault: { version: 1 }, devices: { account: anna.account } } });
    expect(before.version).toBe(1);
  });

  test("[AU14] the directory holds neither the authentication key nor a name in its attempts", async () => {
    const anna = await registerRaw(origin, newName());
    await codeOf("/api/auth/login", {
      username: anna.username,
      authKey: encodeBase64url(provider.random(32)),
    });
    const tables = await Promise.all(
      ["accounts", "login_attempts"].map(
        async (table) => (await env.DB.prepare(`SELECT * FROM ${table}`).all()).results,
      ),
    );
    expect(JSON.stringify(tables[0])).not.toContain(anna.authKey);
    expect(JSON.stringify(tables[1])).not.toContain(anna.username);
  });
});

describe("sessions", () => {
  test("[AU5] refreshing gives a new token and a spent one ends the session and its sockets", async () => {
    const pair = await makePair();
    const { refreshToken = "" } = firstDevice(pair.anna).session;
    const [inbox, room] = [await openInbox(pair.annaToken), await openConversation(pair.id, pair.annaToken)];
    const next = (await outcome("/api/auth/refresh", { refreshToken })) as { refreshToken: string };
    const third = (await outcome("/api/auth/refresh", { refreshToken: next.refreshToken })) as {
      accessToken: string;
      refreshToken: string;
    };
    expect(await getMe(third.accessToken)).toBe("accepted");
    expect(await codeOf("/api/auth/refresh", { refreshToken })).toBe("session_revoked");
    const over = { code: 4410, reason: "session_revoked" };
    expect([await inbox.closed, await room.closed]).toEqual([over, over]);
    expect(await getMe(third.accessToken)).toBe("session_revoked");
    expect(await codeOf("/api/auth/refresh", { refreshToken: third.refreshToken })).toBe("unauthenticated");
  });

  test("[AU7] a made-up token ends nothing", async () => {
    const anna = await registerRaw(origin, newName());
    const { refreshToken = "", accessToken } = firstDevice(anna).session;
    const [account, session] = refreshToken.split(".");
    const madeUp = `${account}.${session}.${encodeBase64url(provider.random(32))}`;
    expect(await codeOf("/api/auth/refresh", { refreshToken: madeUp })).toBe("unauthenticated");
    expect(await codeOf("/api/auth/refresh", {})).toBe("unauthenticated");
    expect(await getMe(accessToken)).toBe("accepted");
  });

  test("[AU8] a browser's refresh token travels in the cookie alone", async () => {
    const { request } = await prepareRegistration(origin, newName());
    const registered = await post("/api/auth/register", { ...request, refreshTransport: "cookie" });
    const cookie = registered.headers.get("set-cookie") ?? "";
    expect(cookie).toMatch(
      /^__Host-sotto_refresh=[\w.-]+; HttpOnly; Secure; SameSite=Strict; Path=\/; Max-Age=604800$/,
    );
    expect(JSON.stringify(registered.body)).not.toContain("refreshToken");
    const sent = { cookie: cookie.split(";")[0] ?? "" };
    const refreshed = await post("/api/auth/refresh", {}, undefined, sent);
    expect([refreshed.status, refreshed.headers.get("set-cookie") === cookie]).toEqual([200, false]);
    expect(JSON.stringify(refreshed.body)).not.toContain("refreshToken");
  });

  test("[AU9] [WS8] a device renews by its key; a wrong key, an unknown device and a signed-out one do not", async () => {
    const anna = await registerRaw(origin, newName());
    const ben = await registerRaw(origin, newName());
    const renew = async (account: string, deviceId: number, signer: typeof anna) => {
      const begun = (await outcome("/api/auth/renew/challenge", { account, deviceId })) as Record<
        string,
        string
      >;
      const { own } = firstDevice(signer);
      const signature = encodeBase64url(
        signSessionRenewal(provider, own, decodeBase64url(begun["challenge"] ?? "")),
      );
      return outcome("/api/auth/renew", { ticket: begun["ticket"], signature, refreshTransport: "body" });
    };
    const inbox = await openInbox(tokenOf(anna));
    const renewed = (await renew(anna.account, 1, anna)) as { accessToken: string };
    expect(await inbox.closed).toEqual({ code: 4409, reason: "replaced" });
    expect(await getMe(renewed.accessToken)).toBe("accepted");
    expect(await renew(anna.account, 1, ben)).toBe("bad_signature");
    expect(await renew(anna.account, 2, anna)).toBe("bad_signature");
    expect(await renew(encodeBase64url(provider.random(16)), 1, anna)).toBe("bad_signature");
    expect(await codeOf("/api/auth/logout", { scope: "device" }, renewed.accessToken)).toBe("accepted");
    expect(await renew(anna.account, 1, anna)).toBe("session_revoked");
  });

  test("[AU10] [WS8] signing out closes every socket of the session at once and its token is worth nothing", async () => {
    const pair = await makePair();
    const [inbox, room] = [await openInbox(pair.annaToken), await openConversation(pair.id, pair.annaToken)];
    const { body, headers } = await post("/api/auth/logout", { scope: "device" }, pair.annaToken);
    expect([body, headers.get("set-cookie")]).toEqual([
      { success: true, data: { ended: 1 } },
      "__Host-sotto_refresh=; HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age=0",
    ]);
    const over = { code: 4410, reason: "session_revoked" };
    expect([await inbox.closed, await room.closed]).toEqual([over, over]);
    expect(await getMe(pair.annaToken)).toBe("session_revoked");
  });

  test("[AU11] [WS8] signing out everywhere closes the sockets of every device", async () => {
    const pair = await makePair({ anna: 2 });
    const second = await openInbox(tokenOf(pair.anna, 1));
    const room = await openConversation(pair.id, tokenOf(pair.anna, 1));
    expect(await codeOf("/api/auth/logout", { scope: "everywhere" }, pair.annaToken)).toBe("bad_signature");
    expect(await getMe(tokenOf(pair.anna, 1))).toBe("accepted");
    const statement = encodeBase64url(signOut(provider, firstDevice(pair.anna).own, Date.now()));
    const everywhere = { scope: "everywhere", signOut: statement };
    expect(await outcome("/api/auth/logout", everywhere, pair.annaToken)).toEqual({ ended: 2 });
    expect([(await second.closed).code, (await room.closed).code]).toEqual([4410, 4410]);
    expect(await getMe(tokenOf(pair.anna, 1))).toBe("session_revoked");
  });

  test("[DV8] a sign-out statement proves itself, reaches the peer and shows in the directory", async () => {
    const pair = await makePair({ ben: 2 });
    const anna = await openInbox(pair.annaToken);
    const device = pair.ben.devices[1]!;
    const statement = encodeBase64url(signOut(provider, device.own, Date.now()));
    const forged = encodeBase64url(
      decodeBase64url(statement).map((byte, at) => (at === 92 ? byte ^ 1 : byte)),
    );
    expect(await codeOf("/api/auth/sign-out", { statement: forged })).toBe("bad_signature");
    expect(await codeOf("/api/auth/sign-out", { statement })).toBe("accepted");
    expect(await anna.nextOf("devices:changed")).toEqual({
      type: "devices:changed",
      account: pair.ben.account,
      version: 2,
    });
    const path = `/api/accounts/${pair.ben.account}/devices`;
    const { body } = await rawRequest(origin, "GET", path, { token: pair.annaToken });
    expect(body).toMatchObject({ data: { signOuts: [{ deviceId: 2, statement }] } });
    expect(await getMe(device.session.accessToken)).toBe("session_revoked");
  });

  test("[DV8] signing out with the statement of another device changes nothing", async () => {
    const pair = await makePair();
    const statement = encodeBase64url(signOut(provider, firstDevice(pair.ben).own, Date.now()));
    expect(await codeOf("/api/auth/logout", { scope: "device", signOut: statement }, pair.annaToken)).toBe(
      "bad_signature",
    );
    expect(await getMe(pair.annaToken)).toBe("accepted");
  });
});

test("[WS2] asking about an account that does not exist leaves no storage behind", async () => {
  const anna = await registerRaw(origin, newName());
  const unknown = encodeBase64url(provider.random(16));
  const path = `/api/accounts/${unknown}/devices`;
  const { body } = await rawRequest(origin, "GET", path, { token: tokenOf(anna) });
  expect(body).toMatchObject({ success: false, error: { code: "not_found" } });
  const tables = await runInDurableObject(env.INBOX.getByName(unknown), (_object, state) =>
    state.storage.sql
      .exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'")
      .toArray(),
  );
  expect(tables).toEqual([]);
});
