/** Accounts and sessions (DESIGN section 5, CRYPTO 2.13). The password never crosses; only a key derived from it. */
import * as v from "valibot";
import {
  accountIdSchema,
  base64UrlOf,
  base64UrlUpTo,
  deviceIdSchema,
  sessionIdSchema,
  timestampMsSchema,
} from "../ids.ts";
import { limits } from "../limits.ts";
import { usernameSchema } from "../username.ts";
import {
  deviceDirectorySchema,
  deviceEnrolmentSchema,
  deviceNameSchema,
  signOutStatementSchema,
} from "./devices.ts";
import { route } from "./route.ts";

/** Argon2id cost. The client refuses anything below its own floor. */
export const argon2Schema = v.strictObject({
  memoryKiB: v.pipe(v.number(), v.integer(), v.minValue(19_456), v.maxValue(1_048_576)),
  passes: v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(16)),
  lanes: v.literal(1),
});
export type Argon2Cost = v.InferOutput<typeof argon2Schema>;

/** The vault as the server keeps it: sealed, versioned, with the vault key wrapped under up to three keys. */
export const sealedVaultSchema = v.strictObject({
  version: v.pipe(v.number(), v.integer(), v.minValue(1)),
  data: base64UrlUpTo(limits.vaultBytes, 41),
  wraps: v.pipe(
    v.array(
      v.strictObject({
        // None that a password opens: a server could guess at it (CRYPTO 2.13).
        kind: v.picklist(["recovery", "passkey"]),
        data: base64UrlUpTo(limits.vaultWrapBytes, 72),
      }),
    ),
    v.minLength(1),
    v.maxLength(limits.vaultWraps),
  ),
});
export type SealedVault = v.InferOutput<typeof sealedVaultSchema>;

/** Where the refresh token goes: an HttpOnly cookie (browsers) or the answer's body (command line). */
export const refreshTransportSchema = v.picklist(["cookie", "body"]);

const ticketSchema = v.pipe(v.string(), v.maxLength(1024));
const refreshTokenSchema = v.pipe(v.string(), v.maxLength(256));

export const sessionSchema = v.looseObject({
  account: accountIdSchema,
  username: v.string(),
  deviceId: deviceIdSchema,
  sessionId: sessionIdSchema,
  accessToken: v.string(),
  accessExpiresAtMs: timestampMsSchema,
  serverTimeMs: timestampMsSchema,
  /** Only with `refreshTransport: "body"`. */
  refreshToken: v.optional(v.string()),
});
export type Session = v.InferOutput<typeof sessionSchema>;

/** Salt and cost to derive the authentication key. Unknown usernames get a stable answer of the same form. */
export const loginParameters = route({
  method: "POST",
  path: "/api/auth/parameters",
  access: "anyone",
  request: v.strictObject({ username: usernameSchema }),
  answer: v.looseObject({ salt: v.string(), argon2: argon2Schema }),
  errors: [],
});

/** First step of registration: reserves nothing, names the account id that certificates will carry. */
export const registerBegin = route({
  method: "POST",
  path: "/api/auth/register/begin",
  access: "anyone",
  request: v.strictObject({ username: usernameSchema }),
  answer: v.looseObject({ account: accountIdSchema, ticket: v.string() }),
  errors: ["username_taken", "username_refused"],
});

/** Second step: account, vault and first device in one piece. */
export const register = route({
  method: "POST",
  path: "/api/auth/register",
  access: "anyone",
  request: v.strictObject({
    ticket: ticketSchema,
    salt: base64UrlOf(16),
    argon2: argon2Schema,
    authKey: base64UrlOf(32),
    vault: sealedVaultSchema,
    /** Derived from the recovery code; proves it where the password is forgotten. */
    recoveryKey: base64UrlOf(32),
    device: deviceEnrolmentSchema,
    deviceName: deviceNameSchema,
    refreshTransport: refreshTransportSchema,
  }),
  answer: sessionSchema,
  errors: ["username_taken", "unauthenticated", "bad_signature", "device_list_conflict"],
  maxBytes: limits.prekeyRequestBytes,
});

const loginAnswerSchema = v.looseObject({
  account: accountIdSchema,
  ticket: v.string(),
  vault: v.looseObject({
    version: v.number(),
    data: v.string(),
    wraps: v.array(v.looseObject({ kind: v.string(), data: v.string() })),
  }),
  devices: deviceDirectorySchema,
  /** The recovery code alone proves whose account it is; see `putRecoveryKey`. */
  hasRecoveryKey: v.boolean(),
});

/** Proves the password. The ticket lets a device that can sign the next device list join. */
export const login = route({
  method: "POST",
  path: "/api/auth/login",
  access: "anyone",
  request: v.strictObject({ username: usernameSchema, authKey: base64UrlOf(32) }),
  answer: loginAnswerSchema,
  errors: ["wrong_credentials"],
});

/** Proves the recovery code in place of a password that is forgotten. The ticket is the same. */
export const recover = route({
  method: "POST",
  path: "/api/auth/recover",
  access: "anyone",
  request: v.strictObject({ username: usernameSchema, recoveryKey: base64UrlOf(32) }),
  answer: loginAnswerSchema,
  errors: ["wrong_credentials"],
});

/** Adds this device to the account: needs the login ticket and a device list signed by the account identity key. */
export const enrolDevice = route({
  method: "POST",
  path: "/api/auth/device",
  access: "anyone",
  request: v.strictObject({
    ticket: ticketSchema,
    device: deviceEnrolmentSchema,
    deviceName: deviceNameSchema,
    refreshTransport: refreshTransportSchema,
  }),
  answer: sessionSchema,
  errors: ["unauthenticated", "bad_signature", "device_list_conflict"],
  maxBytes: limits.prekeyRequestBytes,
});

/** Rotates the refresh token (cookie, or `refreshToken` in the body). Reuse of a spent one ends the session. */
export const refresh = route({
  method: "POST",
  path: "/api/auth/refresh",
  access: "anyone",
  request: v.strictObject({ refreshToken: v.optional(refreshTokenSchema) }),
  answer: sessionSchema,
  errors: ["unauthenticated", "session_revoked"],
});

/** A nonce that a device signs to renew its session after the refresh token ran out. */
export const renewChallenge = route({
  method: "POST",
  path: "/api/auth/renew/challenge",
  access: "anyone",
  request: v.strictObject({ account: accountIdSchema, deviceId: deviceIdSchema }),
  answer: v.looseObject({ challenge: v.string(), ticket: v.string() }),
  errors: [],
});

/** Opens a new session for a device that proves its signing key and was neither signed out nor revoked. */
export const renew = route({
  method: "POST",
  path: "/api/auth/renew",
  access: "anyone",
  request: v.strictObject({
    ticket: ticketSchema,
    signature: base64UrlOf(64),
    refreshTransport: refreshTransportSchema,
  }),
  answer: sessionSchema,
  errors: ["unauthenticated", "bad_signature", "session_revoked"],
});

/**
 * Puts another password in the place of the one in force. That one is proved, or the account key, which the recovery code and passkeys open:
 * a stolen token changes none. The salt stays, because every key that opens the vault is derived with it. All devices are told.
 * `signOutOthers` ends the sessions of all but the calling device and bars those devices. Can be repeated: a request whose new password is the
 * one in force is done.
 */
export const changePassword = route({
  method: "PUT",
  path: "/api/auth/password",
  access: "session",
  request: v.strictObject({
    proof: v.union([
      v.strictObject({ authKey: base64UrlOf(32) }),
      /** By the account key, over `passwordChangeMessage`; `replaces` is of `prepareLink`. */
      v.strictObject({ replaces: base64UrlOf(16), signature: base64UrlOf(64) }),
    ]),
    next: v.strictObject({ authKey: base64UrlOf(32), argon2: argon2Schema }),
    signOutOthers: v.boolean(),
  }),
  answer: v.looseObject({ changedAtMs: timestampMsSchema, ended: v.number() }),
  errors: ["wrong_credentials", "bad_signature"],
});

/**
 * Ends this session, or every session of the account. Sockets close within seconds; the devices concerned cannot
 * renew. `signOut` is the calling device's signed statement that peers should stop encrypting to it; ending every
 * session needs it, so that a stolen token cannot.
 */
export const logout = route({
  method: "POST",
  path: "/api/auth/logout",
  access: "session",
  request: v.strictObject({
    scope: v.picklist(["device", "everywhere"]),
    signOut: v.optional(signOutStatementSchema),
  }),
  answer: v.looseObject({ ended: v.number() }),
  errors: ["bad_signature"],
});

/** A device whose session is gone tells its peers that it has wiped itself; the statement proves itself. */
export const signOut = route({
  method: "POST",
  path: "/api/auth/sign-out",
  access: "anyone",
  request: v.strictObject({ statement: signOutStatementSchema }),
  answer: v.looseObject({}),
  errors: ["bad_signature", "not_found"],
});

export const me = route({
  method: "GET",
  path: "/api/auth/me",
  access: "session",
  request: undefined,
  answer: v.looseObject({
    account: accountIdSchema,
    username: v.string(),
    deviceId: deviceIdSchema,
    sessionId: sessionIdSchema,
    serverTimeMs: timestampMsSchema,
    sessions: v.array(
      v.looseObject({
        sessionId: sessionIdSchema,
        deviceId: deviceIdSchema,
        deviceName: v.string(),
        lastActiveDayMs: timestampMsSchema,
      }),
    ),
  }),
  errors: [],
});
