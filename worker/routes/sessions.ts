/** Keeping and ending sessions: refresh, renewal by device key, sign-out. */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { parseDeviceCert } from "#schema/envelope/device-cert.ts";
import {
  parseSignOutStatement,
  sessionRenewMessage,
  type SignOutStatement,
  signOutMessage,
} from "#schema/envelope/device-statements.ts";
import { SottoError } from "#schema/errors.ts";
import type { logout, me, refresh, renew, renewChallenge, signOut } from "#schema/http/auth.ts";
import { type AccountId, accountIdSchema, type DeviceId } from "#schema/ids.ts";
import * as v from "valibot";
import type { Handler } from "../contract.ts";
import { assertSignatures } from "../ed25519.ts";
import type { Env } from "../env.ts";
import { durationMs } from "../settings.ts";
import {
  clearedRefreshCookie,
  makeRefreshToken,
  parseRefreshToken,
  refreshTokenFromCookie,
} from "../refresh-token.ts";
import { openSession, sessionAnswer } from "../session.ts";
import { callInbox } from "../stubs.ts";
import { signTicket, verifyTicket } from "../tokens.ts";

export const handleRefresh: Handler<typeof refresh> = async ({ env, request, body, setCookie }) => {
  const text = body.refreshToken ?? refreshTokenFromCookie(request);
  if (text === undefined) throw new SottoError("unauthenticated", "A refresh token is needed.");
  const presented = await parseRefreshToken(env, text);
  const { account, session } = presented;
  const next = await makeRefreshToken(env, account, session);
  const expiresAtMs = Date.now() + durationMs(env.JWT_REFRESH_EXPIRY);
  const input = { session, presentedHash: presented.hash, nextHash: next.hash, expiresAtMs };
  const identity = await callInbox(env, account, (inbox) => inbox.rotateSession(input));
  const transport = body.refreshToken === undefined ? "cookie" : "body";
  return sessionAnswer(env, identity, next, transport, setCookie);
};

export const handleRenewChallenge: Handler<typeof renewChallenge> = async ({ env, body }) => {
  const challenge = encodeBase64url(crypto.getRandomValues(new Uint8Array(32)));
  const ticket = await signTicket(env, "renew", { account: body.account, device: body.deviceId, challenge });
  return { challenge, ticket };
};

export const handleRenew: Handler<typeof renew> = async ({ env, body, setCookie }) => {
  const { account, device, challenge } = await verifyTicket(env, "renew", body.ticket);
  const key = await signingKeyOf(env, account, device).catch((error: unknown) => {
    // Whether a device exists is not for a stranger to learn.
    if (error instanceof SottoError && error.kind === "not_found") return undefined;
    throw error;
  });
  const message = sessionRenewMessage(decodeBase64url(account), device, decodeBase64url(challenge));
  const signature = decodeBase64url(body.signature);
  await assertSignatures([{ key: key ?? new Uint8Array(32), message, signature }]);
  return openSession(env, account, device, body.refreshTransport, setCookie);
};

export const handleLogout: Handler<typeof logout> = async ({ env, identity, body, setCookie }) => {
  const { scope, signOut } = body;
  if (signOut === undefined) {
    // A stolen token may end its own session, not bar every device of the account.
    if (scope === "everywhere") throw new SottoError("bad_signature", "This needs the device's signature.");
  } else {
    const statement = parseSignOutStatement(decodeBase64url(signOut));
    const isOwn =
      encodeBase64url(statement.accountId) === identity.account && statement.deviceId === identity.device;
    if (!isOwn) throw new SottoError("bad_signature", "The statement names another device.");
    await assertStatement(env, identity.account, statement);
  }
  const ended = await callInbox(env, identity.account, (inbox) =>
    inbox.endSessions({ identity, scope, signOut }),
  );
  setCookie(clearedRefreshCookie);
  return ended;
};

export const handleSignOut: Handler<typeof signOut> = async ({ env, body }) => {
  const statement = parseSignOutStatement(decodeBase64url(body.statement));
  const account = v.parse(accountIdSchema, encodeBase64url(statement.accountId));
  await assertStatement(env, account, statement);
  const input = { device: statement.deviceId, statement: body.statement };
  await callInbox(env, account, (inbox) => inbox.signOut(input));
  return {};
};

export const handleMe: Handler<typeof me> = async ({ env, identity }) => {
  const sessions = await callInbox(env, identity.account, (inbox) => inbox.sessions());
  return {
    account: identity.account,
    username: identity.username,
    deviceId: identity.device,
    sessionId: identity.session,
    serverTimeMs: Date.now(),
    sessions: sessions.map((session) => ({ ...session })),
  };
};

async function assertStatement(env: Env, account: AccountId, statement: SignOutStatement): Promise<void> {
  const key = await signingKeyOf(env, account, statement.deviceId);
  await assertSignatures([{ key, message: signOutMessage(statement), signature: statement.sig }]);
}

async function signingKeyOf(env: Env, account: AccountId, device: DeviceId): Promise<Uint8Array> {
  const certificate = await callInbox(env, account, (inbox) => inbox.certificate({ device }));
  return parseDeviceCert(decodeBase64url(certificate)).dsk;
}
