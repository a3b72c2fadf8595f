/**
 * The reset of an account whose keys are lost (CRYPTO 2.1 kind 4, 2.13): asked for with the password, announced to every device,
 * carried out days later by the browser that asked. Every call proves the password again.
 */
import * as v from "valibot";
import { base64UrlOf, timestampMsSchema } from "../ids.ts";
import { limits } from "../limits.ts";
import { pendingResetSchema } from "../protocol/inbox.ts";
import { usernameSchema } from "../username.ts";
import { refreshTransportSchema, sealedVaultSchema, sessionSchema } from "./auth.ts";
import { deviceEnrolmentSchema, deviceNameSchema } from "./devices.ts";
import { route } from "./route.ts";

const password = { username: usernameSchema, authKey: base64UrlOf(32) };
/** 32 random bytes that the asking browser keeps. */
const claimSchema = base64UrlOf(32);

/** What a reset would cost, and how far one is. */
const resetStandingSchema = v.looseObject({
  /** How long a request waits. */
  delayMs: v.number(),
  /** What stays unreadable: conversations, and at most this many messages. */
  conversations: v.number(),
  messages: v.number(),
  /** Active devices, which would be signed out. */
  devices: v.number(),
  /** The request of the claim that was shown. */
  own: v.optional(v.looseObject({ ...pendingResetSchema.entries, expiresAtMs: timestampMsSchema })),
  /** No request is taken before. */
  lockedUntilMs: v.optional(timestampMsSchema),
  serverTimeMs: timestampMsSchema,
});

export const previewReset = route({
  method: "POST",
  path: "/api/auth/reset/preview",
  access: "anyone",
  request: v.strictObject({ ...password, claim: v.optional(claimSchema) }),
  answer: resetStandingSchema,
  errors: ["wrong_credentials"],
});

/** Begins the wait. The server keeps the claim's SHA-256 alone. The same request again changes nothing. */
export const requestReset = route({
  method: "POST",
  path: "/api/auth/reset/request",
  access: "anyone",
  request: v.strictObject({ ...password, claim: claimSchema }),
  answer: resetStandingSchema,
  errors: ["wrong_credentials", "reset_locked"],
});

/** Whoever asked withdraws: the keys were found. */
export const cancelReset = route({
  method: "POST",
  path: "/api/auth/reset/cancel",
  access: "anyone",
  request: v.strictObject({ ...password, claim: claimSchema }),
  answer: resetStandingSchema,
  errors: ["wrong_credentials", "reset_over"],
});

/**
 * Carries it out: `device.deviceList` is a reset list that revokes every device and names the new one. Its account key is in the new
 * vault, which follows the old one's version. Sessions end, prekeys are replaced, old backups removed. Can be repeated.
 */
export const finishReset = route({
  method: "POST",
  path: "/api/auth/reset/finish",
  access: "anyone",
  request: v.strictObject({
    ...password,
    claim: claimSchema,
    vault: sealedVaultSchema,
    /** Of the new recovery code; the old one proves nothing any more. */
    recoveryKey: base64UrlOf(32),
    device: deviceEnrolmentSchema,
    deviceName: deviceNameSchema,
    refreshTransport: refreshTransportSchema,
  }),
  answer: sessionSchema,
  errors: [
    "wrong_credentials",
    "reset_waiting",
    "reset_over",
    "bad_signature",
    "device_list_conflict",
    "vault_conflict",
  ],
  maxBytes: limits.prekeyRequestBytes,
});

/** A device of the account says that this was not its owner. Ends every request and takes no other for `resetLockMs`. */
export const stopReset = route({
  method: "DELETE",
  path: "/api/auth/reset",
  access: "session",
  request: undefined,
  answer: v.looseObject({ lockedUntilMs: timestampMsSchema }),
  errors: ["not_found"],
});
