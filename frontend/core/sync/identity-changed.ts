/** A peer's account key was replaced and the person has not accepted that. */
export class IdentityChangedError extends Error {
  override readonly name = "IdentityChangedError";
}
