/**
 * Runs synchronous crypto with the platform's asynchronous curves. The ratchet and everything else in this folder stay
 * synchronous and pure; where such work needs a curve, it is broken off, the platform computes, and the work begins anew
 * with the answer at hand. A step needs one or two, and what comes before them is remembered too, where it costs more than
 * the remembering.
 */
import type { Bytes } from "#schema/envelope/bytes.ts";
import type { Encapsulation, FirstUse, Kem, Provider } from "../provider.ts";
import type { NativeCurves } from "./native-curves.ts";

type Answer = Bytes | boolean | undefined | Encapsulation | FirstUse;

/** Leaves the work at its first unanswered question. Never seen outside; one for all, because a stack trace costs more than a curve. */
const suspended = new Error("suspended");

/**
 * `work` may run several times: it must be a pure function of its arguments and of the provider it is given, must not
 * change what it was given nor what `seal` and `tryOpen` gave it, and must not catch errors it does not know. Rejects with
 * what it throws.
 */
export async function runNative<Result>(
  provider: Provider,
  native: NativeCurves | undefined,
  work: (provider: Provider) => Result,
): Promise<Result> {
  if (native === undefined) return work(provider);
  const answers: Answer[] = [];
  let question: (() => Promise<Answer>) | undefined;
  const ask = (next: () => Promise<Answer>): never => {
    question = next;
    throw suspended;
  };
  for (;;) {
    try {
      return work(remembering(provider, native, answers, ask));
    } catch (error) {
      if (error !== suspended || question === undefined) throw error;
      answers.push(await question());
    }
  }
}

/** A provider whose answers are those of the earlier runs, in the order of the questions. */
function remembering(
  provider: Provider,
  native: NativeCurves,
  answers: Answer[],
  ask: (question: () => Promise<Answer>) => never,
): Provider {
  let asked = 0;
  const now = <Value extends Answer>(compute: () => Value): Value => {
    if (asked === answers.length) answers.push(compute());
    const answer = answers[asked];
    asked += 1;
    // The same question in every run, because the work is pure.
    return answer as Value;
  };
  const later = <Value extends Answer>(compute: () => Promise<Value>): Value => {
    if (asked === answers.length) ask(compute);
    return now<Value>(() => unreachable());
  };
  // Copies each time: the work may wipe what it was given, and the next run needs it whole.
  const kemOf = (kem: Kem): Kem => ({
    publicKey: (seed) => now(() => kem.publicKey(seed)).slice(),
    encapsulate(ek, random) {
      const { ciphertext, secret } = now(() => kem.encapsulate(ek, random));
      return { ciphertext: ciphertext.slice(), secret: secret.slice() };
    },
    decapsulate: (ciphertext, seed) => now(() => kem.decapsulate(ciphertext, seed)).slice(),
  });
  return {
    ...provider,
    hmac: (key, data) => now(() => provider.hmac(key, data)).slice(),
    hkdf: (salt, ikm, info, length) => now(() => provider.hkdf(salt, ikm, info, length)).slice(),
    seal: (key, nonce, plaintext, ad) => now(() => provider.seal(key, nonce, plaintext, ad)),
    tryOpen: (key, nonce, ciphertext, ad) => now(() => provider.tryOpen(key, nonce, ciphertext, ad)),
    random: (length) => now(() => provider.random(length)).slice(),
    x25519: (secret, pub) =>
      // A refusal is repeated by the provider, which throws the error that the work expects.
      later(() => native.x25519(secret, pub).catch(() => provider.x25519(secret, pub))).slice(),
    x25519PublicKey: (secret) => later(() => native.x25519PublicKey(secret)).slice(),
    x25519FirstUse(secret, own) {
      const { pub, shared } = later(() =>
        native.x25519FirstUse(secret, own).catch(() => provider.x25519FirstUse(secret, own)),
      );
      return { pub: pub.slice(), shared: shared.slice() };
    },
    sign: (seed, message) => later(() => native.sign(seed, message)).slice(),
    verify: (publicKey, message, signature) => later(() => native.verify(publicKey, message, signature)),
    kem768: kemOf(provider.kem768),
    kem1024: kemOf(provider.kem1024),
  };
}

function unreachable(): never {
  throw new RangeError("the work asked in another order than before");
}
