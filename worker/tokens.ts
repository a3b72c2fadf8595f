/** Signed tokens: the access token, and short tickets that carry a half-finished sign-in. Nothing of them is stored. */
import { errors, importJWK, type JWTPayload, jwtVerify, SignJWT } from "jose";
import * as v from "valibot";
import { SottoError } from "#schema/errors.ts";
import { accountIdSchema, base64UrlOf, deviceIdSchema, sessionIdSchema } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import type { Identity } from "#schema/rpc/shared.ts";
import { usernameSchema } from "#schema/username.ts";
import { durationMs, type Settings } from "./settings.ts";

type KeyEnv = Pick<Settings, "SESSION_SIGNING_KEY">;
type Key = Awaited<ReturnType<typeof importJWK>>;

const algorithm = "EdDSA";
const issuer = "sotto";

/** One audience per purpose, so that no token can stand in for another. */
export const ticketSchemas = {
  register: v.object({ account: accountIdSchema, username: usernameSchema }),
  login: v.object({ account: accountIdSchema, username: usernameSchema }),
  renew: v.object({ account: accountIdSchema, device: deviceIdSchema, challenge: base64UrlOf(32) }),
} as const;
export type TicketKind = keyof typeof ticketSchemas;
export type Ticket<Kind extends TicketKind> = v.InferOutput<(typeof ticketSchemas)[Kind]>;

const accessSchema = v.object({
  sub: accountIdSchema,
  did: deviceIdSchema,
  sid: sessionIdSchema,
  name: v.string(),
  exp: v.number(),
});

export interface VerifiedToken {
  readonly identity: Identity;
  readonly expiresAtMs: number;
}

export async function signAccessToken(
  env: KeyEnv & Pick<Settings, "JWT_ACCESS_EXPIRY">,
  identity: Identity,
  nowMs: number,
): Promise<{ readonly token: string; readonly expiresAtMs: number }> {
  const expiresAtMs = nowMs + durationMs(env.JWT_ACCESS_EXPIRY);
  const { account, device, session, username } = identity;
  const claims = { sub: account, did: device, sid: session, name: username };
  return { token: await sign(env, claims, issuer, nowMs, expiresAtMs), expiresAtMs };
}

/** Throws `token_expired` or `unauthenticated`. Whether the session still lives is for the inbox to say. */
export async function verifyAccessToken(env: KeyEnv, token: string): Promise<VerifiedToken> {
  const { sub, did, sid, name, exp } = v.parse(accessSchema, await verify(env, token, issuer));
  const identity = { account: sub, device: did, session: sid, username: name };
  return { identity, expiresAtMs: exp * 1000 };
}

export function signTicket<Kind extends TicketKind>(
  env: KeyEnv,
  kind: Kind,
  content: v.InferInput<(typeof ticketSchemas)[Kind]>,
): Promise<string> {
  const nowMs = Date.now();
  return sign(env, { ...content }, `${issuer}:${kind}`, nowMs, nowMs + limits.ticketMs);
}

/** Throws `unauthenticated`, also when it ran out: the remedy is the same. */
export async function verifyTicket<Kind extends TicketKind>(
  env: KeyEnv,
  kind: Kind,
  ticket: string,
): Promise<Ticket<Kind>> {
  try {
    const schema: v.GenericSchema<unknown, Ticket<Kind>> = ticketSchemas[kind];
    return v.parse(schema, await verify(env, ticket, `${issuer}:${kind}`));
  } catch (cause) {
    throw new SottoError("unauthenticated", "This step has run out; start again.", { cause });
  }
}

async function sign(
  env: KeyEnv,
  claims: JWTPayload,
  audience: string,
  nowMs: number,
  expiresAtMs: number,
): Promise<string> {
  const { privateKey } = await keysOf(env);
  return new SignJWT(claims)
    .setProtectedHeader({ alg: algorithm })
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt(Math.floor(nowMs / 1000))
    .setExpirationTime(Math.floor(expiresAtMs / 1000))
    .sign(privateKey);
}

async function verify(env: KeyEnv, token: string, audience: string): Promise<JWTPayload> {
  const { publicKey } = await keysOf(env);
  try {
    const { payload } = await jwtVerify(token, publicKey, { issuer, audience, algorithms: [algorithm] });
    return payload;
  } catch (cause) {
    if (cause instanceof errors.JWTExpired) {
      throw new SottoError("token_expired", "The access token has run out.", { cause });
    }
    throw new SottoError("unauthenticated", "The access token is not valid.", { cause });
  }
}

const cache = new Map<string, Promise<{ readonly privateKey: Key; readonly publicKey: Key }>>();

function keysOf(env: KeyEnv): Promise<{ readonly privateKey: Key; readonly publicKey: Key }> {
  let keys = cache.get(env.SESSION_SIGNING_KEY);
  if (keys === undefined) {
    keys = importKeys(env.SESSION_SIGNING_KEY);
    cache.set(env.SESSION_SIGNING_KEY, keys);
  }
  return keys;
}

const jwkSchema = v.object({
  kty: v.literal("OKP"),
  crv: v.literal("Ed25519"),
  x: base64UrlOf(32),
  d: base64UrlOf(32),
});

async function importKeys(text: string): Promise<{ readonly privateKey: Key; readonly publicKey: Key }> {
  const { d, ...publicJwk } = v.parse(jwkSchema, JSON.parse(text));
  return {
    privateKey: await importJWK({ ...publicJwk, d }, algorithm),
    publicKey: await importJWK(publicJwk, algorithm),
  };
}
