/**
 * Messages and keys as terms, without numbers: what a key is made of is its name. Two terms are equal when they are made
 * of the same things in the same way, which is the assumption that ciphers, hashes and curves are ideal.
 */

export type Term = string;

const join = (kind: string, parts: readonly Term[]): Term => `${kind}(${parts.join(",")})`;

/** A secret or public value of its own: a random key, a seed, a label, a text. */
export const name = (id: string): Term => id;
/** A label or flag that everyone knows. */
export const constant = (id: string): Term => `#${id}`;
/** Public half of a Diffie-Hellman or signature key. */
export const pub = (secret: Term): Term => join("pub", [secret]);
/** Diffie-Hellman: the same from either side. */
export const dh = (a: Term, b: Term): Term => join("dh", [a, b].sort());
/** KEM: encapsulation key of a seed, ciphertext and secret of one encapsulation with `random`. */
export const ek = (seed: Term): Term => join("ek", [seed]);
export const ct = (seed: Term, random: Term): Term => join("ct", [seed, random]);
export const ss = (seed: Term, random: Term): Term => join("ss", [seed, random]);
/** Any one-way function: hash, HMAC, HKDF. The first part says which. */
export const kdf = (label: string, ...parts: readonly Term[]): Term => join("kdf", [label, ...parts]);
/** Authenticated encryption with associated data, the nonce left out: it is public and fresh. */
export const seal = (key: Term, plaintext: Term, ad: Term): Term => join("seal", [key, plaintext, ad]);
export const sig = (secret: Term, message: Term): Term => join("sig", [secret, message]);
export const tuple = (...parts: readonly Term[]): Term => join("tuple", parts);

export interface Node {
  readonly kind: string;
  readonly parts: readonly Term[];
}

/** The outermost function of a term; names have none. */
export function open(term: Term): Node | undefined {
  const at = term.indexOf("(");
  if (at === -1) return undefined;
  const parts: Term[] = [];
  let depth = 0;
  let start = at + 1;
  for (let index = start; index < term.length; index += 1) {
    const char = term.charAt(index);
    if (char === "(") depth += 1;
    else if ((char === "," && depth === 0) || (char === ")" && depth === 0)) {
      parts.push(term.slice(start, index));
      start = index + 1;
    } else if (char === ")") depth -= 1;
  }
  return { kind: term.slice(0, at), parts };
}
