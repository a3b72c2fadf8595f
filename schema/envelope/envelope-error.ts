/** What a layout parser may answer; a subset of the error classes of CRYPTO 2.19. */
export type EnvelopeErrorCode = "MALFORMED" | "UNSUPPORTED_VERSION";

/** Thrown by every parser of this folder. The message names the layout and the fault, never a value. */
export class EnvelopeError extends Error {
  override readonly name = "EnvelopeError";
  readonly code: EnvelopeErrorCode;

  constructor(code: EnvelopeErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Throws `MALFORMED` with `message` unless `condition` holds. */
export function assertWellFormed(condition: boolean, message: string): asserts condition {
  if (!condition) throw new EnvelopeError("MALFORMED", message);
}
