/** Why a link ended without a linked device. */
import { SottoError } from "#schema/errors.ts";
import { isCryptoError } from "../crypto/errors.ts";
import type { LinkFailure } from "./link-status.ts";

/** Ends a link from the inside. */
export class LinkStopped extends Error {
  override readonly name = "LinkStopped";
  readonly reason: LinkFailure;

  constructor(reason: LinkFailure) {
    super(reason);
    this.reason = reason;
  }
}

const byKind: Partial<Record<SottoError["kind"], LinkFailure>> = {
  link_over: "refused",
  slot_taken: "refused",
  forbidden: "refused",
  not_found: "refused",
  bad_signature: "untrusted",
  device_list_conflict: "changed",
  unauthenticated: "expired",
  rate_limited: "rate_limited",
  unavailable: "offline",
};

export function linkFailureOf(error: unknown): LinkFailure {
  if (error instanceof LinkStopped) return error.reason;
  if (isCryptoError(error)) return "untrusted";
  return (error instanceof SottoError ? byKind[error.kind] : undefined) ?? "internal";
}
