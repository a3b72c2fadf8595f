/** The one form of every API answer (schema/http/answer.ts). */
import type { Answer } from "#schema/http/answer.ts";
import { type ErrorBody, errorKinds, SottoError } from "#schema/errors.ts";
import { EnvelopeError } from "#schema/envelope/envelope-error.ts";

export interface AnswerContext {
  readonly requestId: string;
  readonly cookie?: string | undefined;
}

export function success(data: unknown, context: AnswerContext): Response {
  return respond(200, { success: true, data }, context);
}

export function failure(error: SottoError, context: AnswerContext): Response {
  const body: ErrorBody = { code: error.kind, message: error.message, requestId: context.requestId };
  const { retryAfterMs, epoch } = error;
  const answer = {
    success: false,
    error: {
      ...body,
      ...(retryAfterMs !== undefined && { retryAfterMs }),
      ...(epoch !== undefined && { epoch }),
    },
  } as const;
  const response = respond(errorKinds[error.kind].status, answer, context);
  if (retryAfterMs !== undefined) {
    response.headers.set("retry-after", String(Math.ceil(retryAfterMs / 1000)));
  }
  return response;
}

/** What a fault looks like from outside: its kind when it has one, and nothing of it when it has none. */
export function outwardError(error: unknown): SottoError {
  if (error instanceof SottoError) return error;
  if (error instanceof EnvelopeError) {
    const kind = error.code === "UNSUPPORTED_VERSION" ? "unsupported_version" : "malformed";
    return new SottoError(kind, "A binary field is not understood.", { cause: error });
  }
  return new SottoError("internal", "Something went wrong on the server.", { cause: error });
}

export interface BytesPlace {
  readonly from: number;
  readonly length: number;
  /** Of everything that could be asked for. */
  readonly whole: number;
  /** A range was asked for. */
  readonly partial: boolean;
}

/** Sealed bytes: of no type, never shown, never kept by anything on the way. */
export function bytesAnswer(body: ReadableStream, { from, length, whole, partial }: BytesPlace) {
  return ({ requestId }: AnswerContext): Response => {
    const headers = safeHeaders("application/octet-stream", requestId);
    headers.set("accept-ranges", "bytes");
    headers.set("content-disposition", "attachment");
    headers.set("content-length", String(length));
    if (partial) headers.set("content-range", `bytes ${from}-${from + length - 1}/${whole}`);
    return new Response(body, { status: partial ? 206 : 200, headers });
  };
}

function respond(status: number, answer: Answer<unknown>, { requestId, cookie }: AnswerContext): Response {
  const headers = safeHeaders("application/json; charset=utf-8", requestId);
  if (cookie !== undefined) headers.append("set-cookie", cookie);
  return new Response(JSON.stringify(answer), { status, headers });
}

function safeHeaders(contentType: string, requestId: string): Headers {
  return new Headers({
    "content-type": contentType,
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "x-request-id": requestId,
  });
}
