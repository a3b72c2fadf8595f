import * as fc from "fast-check";
import { expect } from "vitest";

/** Asserts that `run` gives a value, or throws one of our typed refusals. */
export function expectTyped(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    const name = error instanceof Error ? error.name : typeof error;
    expect(["CryptoError", "EnvelopeError", "GroupRefusal"]).toContain(name);
  }
}

const edits = fc.array(fc.tuple(fc.nat(6000), fc.nat(255)), { minLength: 1, maxLength: 6 });

/** Feeds a reader random bytes, and `valid` ones edited, cut and lengthened; the same ones at every run. */
export function expectTypedForAnyBytes(valid: Uint8Array, read: (bytes: Uint8Array) => unknown): void {
  const edited = fc.tuple(edits, fc.nat(40), fc.boolean()).map(([changes, length, cuts]) => {
    const bytes = cuts
      ? valid.slice(0, Math.max(0, valid.length - length))
      : Uint8Array.from([...valid, ...new Uint8Array(length)]);
    for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
    return bytes;
  });
  const sameLength = edits.map((changes) => {
    const bytes = Uint8Array.from(valid);
    for (const [at, value] of changes) bytes[at % bytes.length] = value;
    return bytes;
  });
  const any = fc.uint8Array({ maxLength: 600 });
  fc.assert(
    fc.property(fc.oneof(any, edited, sameLength), (bytes) => expectTyped(() => read(bytes))),
    {
      seed: 20_261_121,
      numRuns: 400,
    },
  );
}
