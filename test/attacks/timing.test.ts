/** What comparing secrets tells whoever measures how long it takes. */
import { expect, test } from "vitest";
import { nobleProvider } from "#core/crypto/noble-provider.ts";
import { sameSecret } from "#worker/secrets.ts";

/** Bytes that count how often one of them is read. */
function watched(bytes: Uint8Array): { readonly bytes: Uint8Array; readonly reads: () => number } {
  let reads = 0;
  const proxy = new Proxy(bytes, {
    get(target, key) {
      if (typeof key === "string" && /^\d+$/.test(key)) reads += 1;
      const value: unknown = Reflect.get(target, key);
      return value;
    },
  });
  return { bytes: proxy, reads: () => reads };
}

const secret = Uint8Array.from({ length: 32 }, (_, index) => index * 7 + 1);
const compare = {
  "in the client": (a: Uint8Array, b: Uint8Array) => nobleProvider.equal(a, b),
  "on the server": sameSecret,
};

test.each(Object.entries(compare))(
  "[ATTACK 74] comparing secrets %s reads every byte, wherever they differ",
  (_place, same) => {
    const guesses = Array.from({ length: 32 }, (_, at) =>
      secret.map((byte, i) => (i === at ? byte ^ 1 : byte)),
    );
    const readsOf = (guess: Uint8Array): number => {
      const { bytes, reads } = watched(guess);
      expect(same(bytes, secret)).toBe(guess === secret);
      return reads();
    };
    expect(new Set([secret, ...guesses].map(readsOf))).toEqual(new Set([32]));
    expect([same(secret.subarray(1), secret), same(new Uint8Array(0), secret)]).toEqual([false, false]);
  },
);
