/** The account key of somebody who was verified was replaced, and the person has not confirmed the new one. */
export class IdentityChangedError extends Error {
  override readonly name = "IdentityChangedError";
}
