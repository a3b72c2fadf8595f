/** Refusals as clients see them: a kind, a fixed sentence, an id to name it by in a report. */
import { type ErrorBody, type ErrorKind, SottoError } from "#schema/errors.ts";
import { randomId } from "./random.ts";
import { serialise } from "./frames.ts";

const sentences = {
  malformed: "This frame is not understood.",
  not_found: "There is nothing of this name here.",
  forbidden: "This is not allowed.",
  too_large: "This frame is too large.",
  rate_limited: "Too many at once; wait a moment.",
  unavailable: "Not possible right now; try again.",
  internal: "Something went wrong on the server.",
  device_set_mismatch: "The devices of this conversation changed.",
  group_conflict: "Another change of this group came first.",
  group_stale: "This group has changed.",
  sender_key_stale: "This sender key is no longer valid.",
  link_over: "This link is over.",
  client_message_reused: "This message id was used for another message.",
} as const satisfies Partial<Record<ErrorKind, string>>;

export type FrameErrorKind = keyof typeof sentences;

export function errorBody(kind: FrameErrorKind, retryAfterMs?: number, epoch?: number): ErrorBody {
  const body = { code: kind, message: sentences[kind], requestId: randomId() };
  return {
    ...body,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(epoch !== undefined && { epoch }),
  };
}

/** An `error` frame; `id` names the refused `device:send`. */
export function errorEvent(
  kind: FrameErrorKind,
  options: { retryAfterMs?: number; id?: string } = {},
): string {
  const error = errorBody(kind, options.retryAfterMs);
  return serialise(
    options.id === undefined ? { type: "error", error } : { type: "error", error, id: options.id },
  );
}

/** The refusal that a caller in another object or the Worker sees. */
export function refusal(
  kind: FrameErrorKind,
  options: { epoch?: number; retryAfterMs?: number } = {},
): SottoError {
  return new SottoError(kind, sentences[kind], options);
}
