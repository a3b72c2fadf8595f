import { createHash } from "node:crypto";

/** The platform hashes on threads of its own, in its own time. Here it is done when it is asked for. Returns what undoes this. */
export function hashAtOnce(): () => void {
  const { subtle } = crypto;
  const digest = subtle.digest.bind(subtle);
  subtle.digest = (_algorithm, data) => {
    const hash = createHash("sha256")
      .update(new Uint8Array(data as ArrayBuffer))
      .digest();
    return Promise.resolve(new Uint8Array(hash).buffer);
  };
  return () => {
    subtle.digest = digest;
  };
}
