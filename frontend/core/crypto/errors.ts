import { EnvelopeError } from "#schema/envelope/envelope-error.ts";

/**
 * The closed set of CRYPTO 2.19, and two more: `UNUSABLE_RANDOMNESS` is the start-up self-test's (attack 77), `EPOCH_AHEAD` asks to
 * fetch the operations of a group and to try again.
 */
export type CryptoErrorCode =
  | "MALFORMED"
  | "UNSUPPORTED_VERSION"
  | "BAD_SIGNATURE"
  | "BAD_CERT"
  | "LIST_ROLLBACK"
  | "LIST_FORK"
  | "PREKEY_UNKNOWN"
  | "PREKEY_REUSED"
  | "PREKEY_STALE"
  | "NO_SESSION"
  | "FORKED"
  | "DUPLICATE"
  | "TOO_FAR"
  | "KEM_UNKNOWN"
  | "BAD_TAG"
  | "BAD_PADDING"
  | "BAD_BINDING"
  | "BAD_COMMITMENT"
  | "TRUNCATED"
  | "NOT_MEMBER"
  | "STALE_EPOCH"
  | "EPOCH_AHEAD"
  | "NO_SENDER_KEY"
  | "UNTRUSTED_IDENTITY"
  | "LOCKED"
  | "CAS_CONFLICT"
  | "STATE_ROLLBACK"
  | "UNUSABLE_RANDOMNESS";

/** A refusal. The message names what was refused and why, never a key, a plaintext or an identifier. */
export class CryptoError extends Error {
  override readonly name = "CryptoError";
  readonly code: CryptoErrorCode;

  constructor(code: CryptoErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Narrows to a refusal, of one `code` when given. */
export function isCryptoError(error: unknown, code?: CryptoErrorCode): error is CryptoError {
  return error instanceof CryptoError && (code === undefined || error.code === code);
}

/** Throws `CryptoError(code)` unless `condition` holds. */
export function assertOr(condition: boolean, code: CryptoErrorCode, message: string): asserts condition {
  if (!condition) throw new CryptoError(code, message);
}

/** Runs a layout parser and turns its `EnvelopeError` into a `CryptoError` of the same code. */
export function parsing<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof EnvelopeError) throw new CryptoError(error.code, error.message, { cause: error });
    throw error;
  }
}
