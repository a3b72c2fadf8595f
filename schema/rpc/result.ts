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
      readonly epoch?: number;
    };

/** Runs `work`; a `SottoError` becomes a refusal, anything else stays thrown. */
export async function answerRpc<Value>(work: () => Value | Promise<Value>): Promise<RpcResult<Value>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    if (!(error instanceof SottoError)) throw error;
    const { kind, message, retryAfterMs, epoch } = error;
    return {
      ok: false,
      kind,
      message,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(epoch !== undefined && { epoch }),
    };
  }
}

/** As `answerRpc`, for work that has nothing to answer. */
export function answerDone(work: () => void): Promise<RpcResult<null>> {
  return answerRpc(() => {
    work();
    return null;
  });
}

/** The value of a result. Throws the refusal as `SottoError`. */
export function unwrap<Value>(result: RpcResult<Value>): Value {
  if (result.ok) return result.value;
  const { kind, message, retryAfterMs, epoch } = result;
  throw new SottoError(kind, message, {
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(epoch !== undefined && { epoch }),
  });
}
