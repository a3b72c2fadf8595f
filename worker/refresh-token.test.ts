import { expect, test } from "vitest";
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import type { AccountId, SessionId } from "#schema/ids.ts";
import {
  clearedRefreshCookie,
  makeRefreshToken,
  parseRefreshToken,
  refreshCookie,
  refreshTokenFromCookie,
} from "./refresh-token.ts";

const env = { SERVER_SECRET: encodeBase64url(crypto.getRandomValues(new Uint8Array(32))) };
const account = "AAAAAAAAAAAAAAAAAAAAAA" as AccountId;
const session = "BBBBBBBBBBBBBBBBBBBBBA" as SessionId;

test("[AU7] a token that was handed out is known again; anything made up is refused before an inbox hears of it", async () => {
  const token = await makeRefreshToken(env, account, session);
  expect(await parseRefreshToken(env, token.text)).toEqual(token);
  const [, , secret = ""] = token.text.split(".");
  const madeUp = [
    "",
    "a.b.c",
    `${account}.${session}.${encodeBase64url(new Uint8Array(32))}`,
    `${account}.${account}.${secret}`,
    `${token.text}.x`,
    `${account}.${session}.${secret.slice(0, -4)}AAAA`,
  ];
  for (const text of madeUp) {
    await expect(parseRefreshToken(env, text)).rejects.toMatchObject({ kind: "unauthenticated" });
  }
  const elsewhere = { SERVER_SECRET: encodeBase64url(new Uint8Array(32).fill(9)) };
  await expect(parseRefreshToken(elsewhere, token.text)).rejects.toMatchObject({ kind: "unauthenticated" });
});

test("[AU8] the cookie is out of reach of scripts, other sites and plain HTTP", () => {
  expect(refreshCookie("t", 604_800_000)).toBe(
    "__Host-sotto_refresh=t; HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age=604800",
  );
  expect(clearedRefreshCookie).toContain("Max-Age=0");
});

test("[AU8] the cookie is found among others by its whole name", () => {
  const from = (cookie: string) =>
    refreshTokenFromCookie(new Request("https://x.test", { headers: { cookie } }));
  expect(from("a=b; __Host-sotto_refresh=t.u.v; c=d")).toBe("t.u.v");
  expect(from("sotto_refresh=t; x__Host-sotto_refresh=t")).toBeUndefined();
  expect(from("__Host-sotto_refresh=")).toBeUndefined();
});
