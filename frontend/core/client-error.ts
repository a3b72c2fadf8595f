/** Turns whatever went wrong inside the client into the reasons its caller can act on. */
import { type ErrorKind, SottoError } from "#schema/errors.ts";
import { DamagedFileError } from "./attachments/damaged-file.ts";
import { ClientError, type ClientErrorCode } from "./client-api.ts";
import { type CryptoErrorCode, isCryptoError } from "./crypto/errors.ts";
import { StoreError } from "./store/store.ts";

const byKind: Partial<Record<ErrorKind, ClientErrorCode>> = {
  username_taken: "username_taken",
  username_refused: "username_invalid",
  wrong_credentials: "wrong_credentials",
  rate_limited: "rate_limited",
  unavailable: "offline",
  too_large: "file_too_large",
  quota_exceeded: "quota_exceeded",
  reset_locked: "reset_locked",
  reset_waiting: "reset_waiting",
  reset_over: "reset_over",
  unauthenticated: "not_signed_in",
  token_expired: "not_signed_in",
  session_revoked: "not_signed_in",
};

const identityCodes: ReadonlySet<CryptoErrorCode> = new Set([
  "UNTRUSTED_IDENTITY",
  "LIST_FORK",
  "LIST_ROLLBACK",
  "BAD_SIGNATURE",
  "BAD_CERT",
]);

function toClientError(error: unknown): ClientError {
  if (error instanceof ClientError) return error;
  if (error instanceof SottoError) {
    const code = byKind[error.kind] ?? "internal";
    const { retryAfterMs } = error;
    return new ClientError(code, { cause: error, ...(retryAfterMs !== undefined && { retryAfterMs }) });
  }
  if (error instanceof StoreError) return new ClientError("storage_failed", { cause: error });
  if (error instanceof DamagedFileError) return new ClientError("file_damaged", { cause: error });
  if (isCryptoError(error) && identityCodes.has(error.code)) {
    return new ClientError("identity_changed", { cause: error });
  }
  return new ClientError("internal", { cause: error });
}

/** Runs `work` and rejects with `ClientError` only. */
export async function guard<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw toClientError(error);
  }
}

/** What the server does not find is nobody's name. */
export async function asNotFound<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SottoError && error.kind === "not_found") {
      throw new ClientError("user_not_found", { cause: error });
    }
    throw error;
  }
}
