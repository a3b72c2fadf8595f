/**
 * The attacker of Dolev and Yao: sees every message, takes apart what it has keys for, and puts together whatever it can
 * make. It breaks no primitive, unless a scenario hands it the secrets that a break would give.
 */
import { ek, open, pub, type Term } from "./terms.ts";

export class Attacker {
  readonly #known = new Set<Term>();

  constructor(seen: Iterable<Term>) {
    for (const term of seen) this.#known.add(term);
    this.#takeApart();
  }

  /** Whether it can make the term. */
  knows(term: Term, within: ReadonlySet<Term> = new Set()): boolean {
    if (term.startsWith("#") || this.#known.has(term)) return true;
    if (within.has(term)) return false;
    const node = open(term);
    if (node === undefined) return false;
    const next = new Set(within).add(term);
    const all = (terms: readonly Term[]): boolean => terms.every((each) => this.knows(each, next));
    const [first = "", second = ""] = node.parts;
    switch (node.kind) {
      case "dh":
        return all([first, pub(second)]) || all([second, pub(first)]);
      case "ss":
        return (
          all([ek(first), second]) || (this.knows(first, next) && this.#known.has(`ct(${first},${second})`))
        );
      case "ct":
        return all([ek(first), second]);
      case "kdf":
        return all(node.parts.slice(1));
      default:
        return all(node.parts);
    }
  }

  /** A set is walked in the order of its growth, so what is found on the way is taken apart too. */
  #takeApart(): void {
    for (let size = -1; size !== this.#known.size;) {
      size = this.#known.size;
      for (const term of this.#known) {
        const node = open(term);
        if (node?.kind === "tuple") for (const part of node.parts) this.#known.add(part);
        if (node?.kind === "sig") this.#known.add(node.parts[1] ?? "");
        if (node?.kind === "seal") {
          const [key = "", plaintext = "", ad = ""] = node.parts;
          this.#known.add(ad);
          if (this.knows(key)) this.#known.add(plaintext);
        }
      }
    }
  }
}
