import { beforeAll, expect, test } from "vitest";
import type { AccountId, SessionId } from "#schema/ids.ts";
import type { Username } from "#schema/username.ts";
import { signAccessToken, signTicket, verifyAccessToken, verifyTicket } from "./tokens.ts";

const identity = {
  account: "AAAAAAAAAAAAAAAAAAAAAA" as AccountId,
  device: 3,
  session: "BBBBBBBBBBBBBBBBBBBBBA" as SessionId,
  username: "anna",
};
const env = { SESSION_SIGNING_KEY: "", JWT_ACCESS_EXPIRY: "15m" };
const other = { SESSION_SIGNING_KEY: "" };

beforeAll(async () => {
  env.SESSION_SIGNING_KEY = await newKey();
  other.SESSION_SIGNING_KEY = await newKey();
});

async function newKey(): Promise<string> {
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  if (!("privateKey" in pair)) throw new Error("no pair");
  const jwk = await crypto.subtle.exportKey("jwk", pair.privateKey);
  if (jwk instanceof ArrayBuffer) throw new Error("no JWK");
  const { kty, crv, x, d } = jwk;
  return JSON.stringify({ kty, crv, x, d });
}

test("an access token carries the identity and lives as long as it is set to", async () => {
  const nowMs = Date.now();
  const { token, expiresAtMs } = await signAccessToken(env, identity, nowMs);
  expect(expiresAtMs).toBe(nowMs + 15 * 60_000);
  // A token counts in whole seconds.
  expect(await verifyAccessToken(env, token)).toEqual({
    identity,
    expiresAtMs: Math.floor(expiresAtMs / 1000) * 1000,
  });
});

test("[AU13] an access token that ran out says so", async () => {
  const { token } = await signAccessToken(env, identity, Date.now() - 16 * 60_000);
  await expect(verifyAccessToken(env, token)).rejects.toMatchObject({ kind: "token_expired" });
});

test("[AU12] no token stands in for another", async () => {
  const { token } = await signAccessToken(env, identity, Date.now());
  const content = { account: identity.account, username: "anna" as Username };
  const register = await signTicket(env, "register", content);
  const login = await signTicket(env, "login", content);
  expect(await verifyTicket(env, "login", login)).toEqual(content);
  const unauthenticated = { kind: "unauthenticated" };
  await expect(verifyTicket(env, "login", register)).rejects.toMatchObject(unauthenticated);
  await expect(verifyTicket(env, "register", login)).rejects.toMatchObject(unauthenticated);
  await expect(verifyTicket(env, "login", token)).rejects.toMatchObject(unauthenticated);
  await expect(verifyAccessToken(env, login)).rejects.toMatchObject(unauthenticated);
});

test.each([
  ["signed by another key", (token: string) => token, true],
  ["cut short", (token: string) => token.slice(0, -8), false],
  ["of algorithm none", (token: string) => `eyJhbGciOiJub25lIn0.${token.split(".")[1]}.`, false],
  ["no token at all", () => "x", false],
])("[AU12] a token %s is refused", async (_name, spoil, byOther) => {
  const { token } = await signAccessToken({ ...env, ...(byOther ? other : {}) }, identity, Date.now());
  await expect(verifyAccessToken(env, spoil(token))).rejects.toMatchObject({ kind: "unauthenticated" });
});
