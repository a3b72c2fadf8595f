import { expect } from "vitest";
import { type CryptoErrorCode } from "#core/crypto/errors.ts";
import { encodePeerRecord } from "#core/crypto/session/record-codec.ts";
import { type Peer, receive } from "./peers.ts";

/** Everything a refusal must leave as it was, as one comparable value. */
export function stateOf(peer: Peer): { record: string; prekeys: string[]; uses: string[] } {
  const record =
    peer.record === undefined ? "" : Buffer.from(encodePeerRecord(peer.record)).toString("base64");
  return { record, prekeys: [...peer.secrets.keys()], uses: [...peer.uses] };
}

/** Asserts that `to` refuses the envelope with one of `codes`, and that nothing about it changed. */
export function expectRefused(to: Peer, from: Peer, envelope: Uint8Array, ...codes: CryptoErrorCode[]): void {
  const before = stateOf(to);
  let caught: unknown;
  try {
    receive(to, from, envelope);
  } catch (error) {
    caught = error;
  }
  expect(caught).toMatchObject({ name: "CryptoError", code: expect.toBeOneOf(codes) });
  expect(stateOf(to)).toEqual(before);
}

/** A code matcher for `toThrow`. */
export function code(name: CryptoErrorCode): unknown {
  return expect.objectContaining({ name: "CryptoError", code: name });
}

/** A copy with one bit changed. */
export function flip(bytes: Uint8Array, at: number, bit = at % 8): Uint8Array<ArrayBuffer> {
  const changed = Uint8Array.from(bytes);
  changed[at]! ^= 1 << bit;
  return changed;
}
