/**
 * Refresh tokens: `accountId.sessionId.secret`. The secret is 16 random bytes and 16 bytes of MAC over them, so that
 * a made-up token is told apart from a spent one here and cannot end a session. Inboxes know only SHA-256 of tokens.
 */
import * as v from "valibot";
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { concat } from "#schema/envelope/bytes.ts";
import { SottoError } from "#schema/errors.ts";
import {
  type AccountId,
  accountIdSchema,
  base64UrlOf,
  type SessionId,
  sessionIdSchema,
} from "#schema/ids.ts";
import type { Settings } from "./settings.ts";
import { labelledHmac, sameSecret, utf8 } from "./secrets.ts";

type SecretEnv = Pick<Settings, "SERVER_SECRET">;

export interface RefreshToken {
  readonly account: AccountId;
  readonly session: SessionId;
  readonly text: string;
  /** SHA-256 of the text, base64url. */
  readonly hash: string;
}

const partsSchema = v.strictTuple([accountIdSchema, sessionIdSchema, base64UrlOf(32)]);
const macBytes = 16;

export async function makeRefreshToken(
  env: SecretEnv,
  account: AccountId,
  session: SessionId,
): Promise<RefreshToken> {
  const random = crypto.getRandomValues(new Uint8Array(16));
  const secret = concat(random, await macOf(env, session, random));
  const text = `${account}.${session}.${encodeBase64url(secret)}`;
  return { account, session, text, hash: await hashOf(text) };
}

/** Throws `unauthenticated` for anything that was never handed out. */
export async function parseRefreshToken(env: SecretEnv, text: string): Promise<RefreshToken> {
  const parts = v.safeParse(partsSchema, text.split("."));
  if (!parts.success) throw unknownToken();
  const [account, session, secretText] = parts.output;
  const secret = decodeBase64url(secretText);
  const expected = await macOf(env, session, secret.subarray(0, secret.length - macBytes));
  if (!sameSecret(secret.subarray(secret.length - macBytes), expected)) throw unknownToken();
  return { account, session, text, hash: await hashOf(text) };
}

const cookieName = "__Host-sotto_refresh";

export function refreshCookie(token: string, maxAgeMs: number): string {
  const maxAge = Math.floor(maxAgeMs / 1000);
  return `${cookieName}=${token}; HttpOnly; Secure; SameSite=Strict; Path=/; Max-Age=${maxAge}`;
}

export const clearedRefreshCookie = refreshCookie("", 0);

export function refreshTokenFromCookie(request: Request): string | undefined {
  for (const pair of (request.headers.get("cookie") ?? "").split(";")) {
    const [name, value] = pair.trim().split("=", 2);
    if (name === cookieName && value !== undefined && value !== "") return value;
  }
  return undefined;
}

async function macOf(env: SecretEnv, session: SessionId, random: Uint8Array): Promise<Uint8Array> {
  const mac = await labelledHmac(env.SERVER_SECRET, "refresh-token", utf8(session), random);
  return mac.subarray(0, macBytes);
}

async function hashOf(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return encodeBase64url(bytes);
}

function unknownToken(): SottoError {
  return new SottoError("unauthenticated", "The refresh token is not valid.");
}
