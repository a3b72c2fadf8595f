/** What holds for every HTTP route, and the history routes, inside workerd. */
import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { createConversation, listConversations, listMessages } from "#schema/http/conversations.ts";
import { nobleProvider as provider } from "#core/crypto/noble-provider.ts";
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { limits } from "#schema/limits.ts";
import { addRawDevice, rawRequest, registerRaw } from "#test/support/raw-account.ts";
import * as v from "valibot";
import { openConversation, origin } from "./live-client.ts";
import { makePair, messageFrom, newName, tokenOf } from "./pair.ts";

const refused = (code: string) => ({
  success: false,
  error: { code, message: expect.any(String), requestId: expect.any(String) },
});

describe("every route", () => {
  test("[HT1] an answer names its request and allows nothing: no caching, no framing, no sniffing", async () => {
    const { status, body, headers } = await rawRequest(origin, "GET", "/api/health");
    expect([status, body]).toEqual([200, { success: true, data: { status: "ok" } }]);
    expect(Object.fromEntries(headers)).toEqual({
      "cache-control": "no-store",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "content-type": "application/json; charset=utf-8",
      "cross-origin-resource-policy": "same-origin",
      "referrer-policy": "no-referrer",
      "strict-transport-security": "max-age=63072000; includeSubDomains",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "x-request-id": expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  test("[HT1] a refusal carries the id of its request", async () => {
    const { body, headers } = await rawRequest(origin, "GET", "/api/auth/me");
    expect(body).toEqual(refused("unauthenticated"));
    expect(body.success ? "" : body.error.requestId).toBe(headers.get("x-request-id"));
  });

  test.each([
    ["GET", "/api/nothing", 404, "not_found"],
    ["GET", "/ws/nothing", 404, "not_found"],
    ["DELETE", "/api/conversations", 405, "method_not_allowed"],
    ["GET", "/api/auth/login", 405, "method_not_allowed"],
    ["POST", "/ws/inbox", 405, "method_not_allowed"],
  ])("[HT2] %s %s is answered with %i", async (method, path, status, code) => {
    const answer = await rawRequest(origin, method, path);
    expect([answer.status, answer.body]).toEqual([status, refused(code)]);
  });

  test.each([
    ["text that is not JSON", "{", "malformed"],
    ["bytes that are not UTF-8", new Uint8Array([0x22, 0xff, 0x22]), "malformed"],
    ["no body", "", "malformed"],
    ["an unknown key", '{"username":"anna","x":1}', "malformed"],
    ["a missing key", "{}", "malformed"],
    ["another type", '{"username":7}', "malformed"],
    ["too much", `"${"x".repeat(limits.requestBytes)}"`, "too_large"],
  ])("[HT3] %s is refused", async (_name, body, code) => {
    const { body: answer } = await rawRequest(origin, "POST", "/api/auth/parameters", { body });
    expect(answer).toEqual(refused(code));
  });

  test("[HT3] a body that hides its length is cut off at the limit", async () => {
    let pulled = 0;
    const body = new ReadableStream({
      pull(controller) {
        pulled += 1;
        if (pulled > 1_000) controller.close();
        else controller.enqueue(new Uint8Array(16_384).fill(0x20));
      },
    });
    const answer = await rawRequest(origin, "POST", "/api/auth/parameters", { body });
    expect([answer.status, answer.body, pulled < 20]).toEqual([413, refused("too_large"), true]);
  });

  test("[HT4] another site's page changes nothing; the own one and no page at all may", async () => {
    const json = { username: "anna" };
    const from = async (site?: string) => {
      const headers: Record<string, string> = site === undefined ? {} : { origin: site };
      return (await rawRequest(origin, "POST", "/api/auth/parameters", { json, headers })).status;
    };
    const sites = [
      "https://evil.test",
      "null",
      "http://sotto.test",
      `${origin}.evil.test`,
      origin,
      undefined,
    ];
    expect(await Promise.all(sites.map(from))).toEqual([403, 403, 403, 403, 200, 200]);
  });

  test("[HT5] every session route refuses a missing, a made-up and another's token", async () => {
    const routes = [
      ["GET", "/api/auth/me"],
      ["POST", "/api/auth/logout"],
      ["GET", "/api/users/anna"],
      ["GET", `/api/accounts/${encodeBase64url(provider.random(16))}/devices`],
      ["POST", `/api/accounts/${encodeBase64url(provider.random(16))}/bundles`],
      ["POST", "/api/prekeys"],
      ["POST", "/api/conversations"],
      ["GET", "/api/conversations"],
      ["GET", `/api/conversations/${encodeBase64url(provider.random(16))}/messages`],
    ] as const;
    for (const [method, path] of routes) {
      for (const token of [undefined, "x", "eyJhbGciOiJub25lIn0.e30."]) {
        const options = token === undefined ? {} : { token };
        expect([path, (await rawRequest(origin, method, path, options)).body]).toEqual([
          path,
          refused("unauthenticated"),
        ]);
      }
    }
  });

  test("[HT9] one address is limited in what it may ask without a session", async () => {
    const headers = { "cf-connecting-ip": "198.51.100.7" };
    const ask = () => rawRequest(origin, "GET", "/api/health", { headers });
    // More than two windows hold, in case the minute turns meanwhile.
    const answers = await Promise.all(Array.from({ length: 260 }, ask));
    const limited = answers.filter(({ status }) => status === 429);
    expect(limited.length).toBeGreaterThan(0);
    expect(limited[0]?.body).toMatchObject({
      error: { code: "rate_limited", retryAfterMs: expect.any(Number) },
    });
  });
});

describe("people and conversations", () => {
  test("people are found by exact name in any case, and nobody else", async () => {
    const anna = await registerRaw(origin, newName());
    const find = async (name: string) =>
      (await rawRequest(origin, "GET", `/api/users/${encodeURIComponent(name)}`, { token: tokenOf(anna) }))
        .body;
    const found = { success: true, data: { account: anna.account, username: anna.username } };
    expect(await find(anna.username)).toEqual(found);
    expect(await find(anna.username.toUpperCase())).toEqual(found);
    for (const name of ["no.such.person", "аnna", "a b", "%"])
      expect(await find(name)).toEqual(refused("not_found"));
  });

  test("[CV20] a pair has one conversation whoever asks, how often, and at the same time", async () => {
    const anna = await registerRaw(origin, newName());
    const ben = await registerRaw(origin, newName());
    const create = async (from: typeof anna, to: string) =>
      (
        await rawRequest(origin, "POST", "/api/conversations", {
          token: tokenOf(from),
          json: { kind: "direct", account: to },
        })
      ).body;
    const answers = await Promise.all([
      create(anna, ben.account),
      create(ben, anna.account),
      create(anna, ben.account),
    ]);
    const ids = answers.map((answer) => (answer.success ? answer.data["conversationId"] : answer.error.code));
    expect(new Set(ids).size).toBe(1);
    for (const answer of answers)
      expect(v.is(createConversation.answer, answer.success && answer.data)).toBe(true);
    expect(await create(anna, anna.account)).toEqual(refused("forbidden"));
    expect(await create(anna, encodeBase64url(provider.random(16)))).toEqual(refused("not_found"));
  });

  test("[HT8] history is paged both ways, with the asking device's capsules, for members alone", async () => {
    const pair = await makePair();
    const client = await openConversation(pair.id, pair.annaToken);
    for (let sent = 0; sent < 5; sent += 1) client.send(messageFrom(pair, pair.anna));
    await client.take(5);
    const path = `/api/conversations/${pair.id}/messages`;
    const page = async (query: string, token = pair.benToken) => {
      const { body } = await rawRequest(origin, "GET", `${path}${query}`, { token });
      if (!body.success) return body.error.code;
      const data = v.parse(listMessages.answer, body.data);
      return [
        data.messages.map(({ seq, capsule }) => `${seq}${capsule === undefined ? "" : "+"}`).join(),
        data.more,
      ];
    };
    expect(await page("")).toEqual(["1+,2+,3+,4+,5+", false]);
    expect(await page("?limit=2")).toEqual(["4+,5+", true]);
    expect(await page("?limit=2&before=4")).toEqual(["2+,3+", true]);
    expect(await page("?limit=2&before=2")).toEqual(["1+", false]);
    expect(await page("?limit=2&after=1")).toEqual(["2+,3+", true]);
    expect(await page("?after=3", pair.annaToken)).toEqual(["4,5", false]);
    expect(await page("?after=3&before=5")).toBe("malformed");
    expect(await page("?limit=101")).toBe("malformed");
    expect(await page("?since=1")).toBe("malformed");
    expect(await page("", tokenOf(await registerRaw(origin, newName())))).toBe("not_found");
    await addRawDevice(origin, pair.ben);
    expect(await page("", tokenOf(pair.ben, 1))).toEqual(["1,2,3,4,5", false]);
    const { body } = await rawRequest(origin, "GET", "/api/conversations?limit=1", { token: pair.benToken });
    expect(v.is(listConversations.answer, body.success && body.data)).toBe(true);
  });
});

describe("the directory down", () => {
  test("[HT7] what needs it is unavailable, sessions and conversations go on", async () => {
    const pair = await makePair();
    await env.DB.exec("ALTER TABLE accounts RENAME TO accounts_away");
    try {
      const login = await rawRequest(origin, "POST", "/api/auth/login", {
        json: { username: pair.anna.username, authKey: pair.anna.authKey },
      });
      expect([login.status, login.body]).toMatchObject([
        503,
        { error: { code: "unavailable", retryAfterMs: 2000 } },
      ]);
      expect(JSON.stringify(login.body)).not.toMatch(/accounts|SQL|D1/);
      const refreshToken = pair.anna.devices[0]?.session.refreshToken;
      expect((await rawRequest(origin, "POST", "/api/auth/refresh", { json: { refreshToken } })).status).toBe(
        200,
      );
      const [anna, ben] = [
        await openConversation(pair.id, pair.annaToken),
        await openConversation(pair.id, pair.benToken),
      ];
      anna.send(messageFrom(pair, pair.anna));
      expect([(await anna.next()).type, (await ben.next()).type]).toEqual(["message:ack", "message:new"]);
    } finally {
      await env.DB.exec("ALTER TABLE accounts_away RENAME TO accounts");
      await applyD1Migrations(env.DB, env.DIRECTORY_MIGRATIONS);
    }
  });
});
