/**
 * PQ-DR (CRYPTO 2.4) over terms: two parties who answer each other, a chain of messages each turn. Every turn takes a
 * Diffie-Hellman step, and a KEM step when the other side has offered an encapsulation key that is unused.
 */
import type { Keys } from "./handshake.ts";
import { ct, dh, ek, kdf, name, pub, seal, ss, type Term, tuple } from "./terms.ts";

export interface RatchetVariant {
  readonly withoutDh?: boolean;
  readonly withoutKem?: boolean;
}

/** One turn: what goes over the wire, and what its side holds when it is over. */
export interface Turn {
  readonly side: "A" | "B";
  readonly wire: readonly Term[];
  readonly texts: readonly Term[];
  /** Everything that a thief of the sender's device gets after the turn: keys that were deleted are not in it. */
  readonly held: readonly Term[];
  /** The same of the receiver's device, once it has read the turn. */
  readonly heldByPeer: readonly Term[];
  /** Fresh Diffie-Hellman secrets of the turn, for who can compute discrete logarithms. */
  readonly dhSecrets: readonly Term[];
  readonly kemSecrets: readonly Term[];
}

const messagesPerTurn = 2;

/** `spk` is the responder's signed prekey, the first key that the initiator's ratchet meets. */
export function converse(keys: Keys, spk: Term, turns: number, variant: RatchetVariant = {}): Turn[] {
  let root = keys.sk;
  let peerKey = spk;
  let offered: Term | undefined;
  /** Header keys of the chains to come, each made by the step before last. */
  const headerKeys = [keys.hka, keys.nhkb];
  const result: Turn[] = [];
  for (let turn = 1; turn <= turns; turn += 1) {
    const [own, random, seed] = [name(`d${turn}`), name(`r${turn}`), name(`kem${turn}`)];
    const answered = variant.withoutKem === true ? undefined : offered;
    const input = [
      root,
      ...(variant.withoutDh === true ? [] : [dh(own, peerKey)]),
      ...(answered === undefined ? [] : [ss(answered, random)]),
    ];
    const [headerKey = "", theirNext = ""] = headerKeys.splice(0, 1).concat(headerKeys);
    root = kdf("root", ...input);
    const next = kdf("header", ...input);
    headerKeys.push(next);
    let chain = kdf("chain", ...input);
    const wire: Term[] = [];
    const texts: Term[] = [];
    for (let number = 0; number < messagesPerTurn; number += 1) {
      const header = tuple(pub(own), ek(seed), ...(answered === undefined ? [] : [ct(answered, random)]));
      const sealedHeader = seal(headerKey, header, keys.ad);
      const text = name(`text${turn}.${number}`);
      wire.push(sealedHeader, seal(kdf("message", chain), text, tuple(keys.ad, sealedHeader)));
      texts.push(text);
      chain = kdf("next", chain);
    }
    const shared = [root, chain, headerKey, next, theirNext, keys.ad];
    result.push({
      side: turn % 2 === 1 ? "A" : "B",
      wire,
      texts,
      held: [...shared, own, seed],
      heldByPeer: [...shared, peerKey],
      dhSecrets: [own],
      kemSecrets: [seed, random],
    });
    peerKey = own;
    offered = seed;
  }
  return result;
}
