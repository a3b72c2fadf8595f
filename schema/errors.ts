/**
 * The closed set of errors that cross a boundary, the remedy each one asks of the client, and the close codes of
 * refused sockets. One body serves HTTP answers and WebSocket frames; it never holds content, keys or a stack.
 */
import * as v from "valibot";

/** What a client should do about an error. */
export const remedies = [
  "retry_after", // wait `retryAfterMs`, then send the same again
  "refresh_token", // the access token ran out: refresh it, then send the same again
  "reauthenticate", // the session is gone: sign in again
  "refresh_devices", // fetch and verify the device lists, encrypt again for the new set
  "refresh_group", // fetch the group's operations after the one known, then do it again on top of them
  "renew_sender_key", // make a new sender key, then encrypt again under it
  "upgrade", // this client is too old
  "give_up", // sending the same again will fail again
] as const;
export type Remedy = (typeof remedies)[number];

/** Kind → HTTP status and remedy. Names are stable: clients, tests and metrics depend on them. */
export const errorKinds = {
  malformed: { status: 400, remedy: "give_up" },
  unsupported_version: { status: 400, remedy: "upgrade" },
  too_large: { status: 413, remedy: "give_up" },
  unauthenticated: { status: 401, remedy: "reauthenticate" },
  token_expired: { status: 401, remedy: "refresh_token" },
  session_revoked: { status: 401, remedy: "reauthenticate" },
  wrong_credentials: { status: 401, remedy: "give_up" },
  origin_refused: { status: 403, remedy: "give_up" },
  forbidden: { status: 403, remedy: "give_up" },
  not_found: { status: 404, remedy: "give_up" },
  method_not_allowed: { status: 405, remedy: "give_up" },
  username_taken: { status: 409, remedy: "give_up" },
  username_refused: { status: 422, remedy: "give_up" },
  bad_signature: { status: 422, remedy: "give_up" },
  device_list_conflict: { status: 409, remedy: "refresh_devices" },
  backup_conflict: { status: 409, remedy: "give_up" },
  vault_conflict: { status: 409, remedy: "give_up" },
  device_set_mismatch: { status: 409, remedy: "refresh_devices" },
  group_conflict: { status: 409, remedy: "refresh_group" },
  group_stale: { status: 409, remedy: "refresh_group" },
  sender_key_stale: { status: 409, remedy: "renew_sender_key" },
  client_message_reused: { status: 409, remedy: "give_up" },
  slot_taken: { status: 409, remedy: "give_up" },
  link_over: { status: 410, remedy: "give_up" },
  reset_locked: { status: 409, remedy: "give_up" },
  reset_waiting: { status: 409, remedy: "give_up" },
  reset_over: { status: 410, remedy: "give_up" },
  quota_exceeded: { status: 413, remedy: "give_up" },
  rate_limited: { status: 429, remedy: "retry_after" },
  unavailable: { status: 503, remedy: "retry_after" },
  internal: { status: 500, remedy: "retry_after" },
} as const satisfies Record<string, { status: number; remedy: Remedy }>;

export type ErrorKind = keyof typeof errorKinds;
const kinds = Object.keys(errorKinds) as [ErrorKind, ...ErrorKind[]];

/** Error body of a refused frame and, with `success: false` around it, of an HTTP answer. */
export const errorBodySchema = v.looseObject({
  code: v.picklist(kinds),
  /** One calm sentence for a person or a developer; fixed text, never input. */
  message: v.string(),
  requestId: v.string(),
  retryAfterMs: v.optional(v.number()),
  /** The group's newest epoch, with the kinds that are about one. */
  epoch: v.optional(v.number()),
});
export type ErrorBody = {
  readonly code: ErrorKind;
  readonly message: string;
  readonly requestId: string;
  readonly retryAfterMs?: number;
  readonly epoch?: number;
};

/** Carries an error kind on either side of a boundary; anything else becomes `internal`. */
export class SottoError extends Error {
  override readonly name = "SottoError";
  readonly kind: ErrorKind;
  readonly retryAfterMs: number | undefined;
  readonly epoch: number | undefined;

  constructor(
    kind: ErrorKind,
    message: string,
    options: { retryAfterMs?: number; epoch?: number; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs;
    this.epoch = options.epoch;
  }

  get remedy(): Remedy {
    return errorKinds[this.kind].remedy;
  }
}

/** WebSocket close codes: a refused socket is accepted and closed with one of these and the kind as its reason. */
export const closeCodes = {
  malformed: 4400,
  unauthenticated: 4401,
  token_expired: 4402,
  forbidden: 4403,
  not_found: 4404,
  /** Nothing was heard for `limits.socketSilenceMs`. */
  silent: 4408,
  /** Another socket of the same device took this one's place. */
  replaced: 4409,
  session_revoked: 4410,
  too_large: 4413,
  upgrade_required: 4426,
  rate_limited: 4429,
  /** The reader did not keep up; reconnect and resume. */
  too_slow: 4430,
  unavailable: 4503,
} as const;
export type CloseReason = keyof typeof closeCodes;
