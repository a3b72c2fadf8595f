/** Who is calling: verifies access tokens with the inbox that knows whether their session lives, and opens sessions. */
import { SottoError } from "#schema/errors.ts";
import type { Session } from "#schema/http/auth.ts";
import { type AccountId, type DeviceId, sessionIdSchema } from "#schema/ids.ts";
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import type { Identity } from "#schema/rpc/shared.ts";
import * as v from "valibot";
import type { Env } from "./env.ts";
import { durationMs } from "./settings.ts";
import { makeRefreshToken, refreshCookie, type RefreshToken } from "./refresh-token.ts";
import { callInbox } from "./stubs.ts";
import { signAccessToken, type VerifiedToken, verifyAccessToken } from "./tokens.ts";

/** Throws `unauthenticated`, `token_expired`, `session_revoked` or `rate_limited`. */
export async function authenticate(env: Env, request: Request): Promise<Identity> {
  const header = request.headers.get("authorization") ?? "";
  const token = /^Bearer ([\w.-]+)$/i.exec(header)?.[1];
  if (token === undefined) throw new SottoError("unauthenticated", "An access token is needed.");
  return (await authenticateToken(env, token)).identity;
}

export async function authenticateToken(env: Env, token: string): Promise<VerifiedToken> {
  const verified = await verifyAccessToken(env, token);
  const { identity } = verified;
  await limitSession(env, identity.account);
  await callInbox(env, identity.account, (inbox) => inbox.authorize(identity));
  return verified;
}

export async function limitAnonymous(env: Env, request: Request): Promise<void> {
  const { success } = await env.LIMIT_ANON.limit({ key: addressOf(request) });
  if (!success) throw tooMany();
}

/** Links are rare: whoever opens many is not linking devices. */
export async function limitLinks(env: Env, request: Request): Promise<void> {
  const { success } = await env.LIMIT_LINK.limit({ key: addressOf(request) });
  if (!success) throw tooMany();
}

export type RefreshTransport = "cookie" | "body";

/** Opens a session for a device that the inbox lets in, and answers with its tokens. */
export async function openSession(
  env: Env,
  account: AccountId,
  device: DeviceId,
  transport: RefreshTransport,
  setCookie: (cookie: string) => void,
): Promise<Session> {
  const session = v.parse(sessionIdSchema, encodeBase64url(crypto.getRandomValues(new Uint8Array(16))));
  const token = await makeRefreshToken(env, account, session);
  const expiresAtMs = Date.now() + durationMs(env.JWT_REFRESH_EXPIRY);
  const input = { device, session, tokenHash: token.hash, expiresAtMs };
  const identity = await callInbox(env, account, (inbox) => inbox.openSession(input));
  return sessionAnswer(env, identity, token, transport, setCookie);
}

export async function sessionAnswer(
  env: Env,
  identity: Identity,
  token: RefreshToken,
  transport: RefreshTransport,
  setCookie: (cookie: string) => void,
): Promise<Session> {
  const nowMs = Date.now();
  const access = await signAccessToken(env, identity, nowMs);
  const answer = {
    account: identity.account,
    username: identity.username,
    deviceId: identity.device,
    sessionId: identity.session,
    accessToken: access.token,
    accessExpiresAtMs: access.expiresAtMs,
    serverTimeMs: nowMs,
  };
  if (transport === "body") return { ...answer, refreshToken: token.text };
  setCookie(refreshCookie(token.text, durationMs(env.JWT_REFRESH_EXPIRY)));
  return answer;
}

function addressOf(request: Request): string {
  return request.headers.get("cf-connecting-ip") ?? "unknown";
}

async function limitSession(env: Env, account: AccountId): Promise<void> {
  const { success } = await env.LIMIT_SESSION.limit({ key: account });
  if (!success) throw tooMany();
}

function tooMany(): SottoError {
  return new SottoError("rate_limited", "Too many requests; wait a moment.", { retryAfterMs: 60_000 });
}
