/**
 * What a call between objects answers. Refusals are values, not exceptions, because an exception loses its class on
 * the way; what is thrown is a failure of the platform and may be retried.
 */
import { type ErrorKind, SottoError } from "../errors.ts";

export type RpcResult<Value> =
  | { readonly ok: true; readonly value: Value }
  | {
      readonly ok: false;
      readonly kind: ErrorKind;
      readonly message: string;
      readonly retryAfterMs?: number;
    };

/** Runs `work`; a `SottoError` becomes a refusal, anything else stays thrown. */
export async function answerRpc<Value>(work: () => Value | Promise<Value>): Promise<RpcResult<Value>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    if (!(error instanceof SottoError)) throw error;
    const refusal = { ok: false, kind: error.kind, message: error.message } as const;
    return error.retryAfterMs === undefined ? refusal : { ...refusal, retryAfterMs: error.retryAfterMs };
  }
}

/** The value of a result. Throws the refusal as `SottoError`. */
export function unwrap<Value>(result: RpcResult<Value>): Value {
  if (result.ok) return result.value;
  const options = result.retryAfterMs === undefined ? {} : { retryAfterMs: result.retryAfterMs };
  throw new SottoError(result.kind, result.message, options);
}
