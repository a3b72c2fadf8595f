import { describe, expect, test } from "vitest";
import { sameBytes } from "#schema/envelope/bytes.ts";
import { nobleProvider as provider } from "../noble-provider.ts";
import { keyPair } from "./handshake.ts";
import { encodeHeader, parseHeader } from "./header.ts";
import { stepReceiving } from "./ratchet-receive.ts";
import { type SendStep, stepSending } from "./ratchet-send.ts";
import { startInitiator, startResponder } from "./ratchet-start.ts";
import { type Header, type RatchetProfile, type RatchetState } from "./ratchet-state.ts";
import { suite1 } from "./suite1.ts";

/** Two ratchets without a wire: a header opens under its own key and no other. */
class Pair {
  readonly profile: RatchetProfile;
  alice: RatchetState;
  bob: RatchetState;
  nowMs = 1_800_000_000_000;

  constructor(profile: RatchetProfile = suite1) {
    this.profile = profile;
    const key = (value: number) => new Uint8Array(32).fill(value);
    const keys = {
      sharedKey: key(1),
      initiatorHeaderKey: key(2),
      responderNextHeaderKey: key(3),
      ad: key(4),
    };
    const signedPrekey = keyPair(provider);
    this.alice = startInitiator(this.ratchet, keys, signedPrekey.pub, this.nowMs);
    this.bob = startResponder(this.ratchet, keys, signedPrekey, this.nowMs);
  }

  get ratchet() {
    return { provider, profile: this.profile };
  }

  send(from: "alice" | "bob"): SendStep {
    const step = stepSending(this.ratchet, this[from], this.nowMs);
    this[from] = step.state;
    return step;
  }

  /** Whether the receiver's key is the sender's; `undefined` when no header key fits. */
  receive(to: "alice" | "bob", step: SendStep, header: Header = step.header): boolean | undefined {
    const tryHeader = (key: Uint8Array) => (sameBytes(key, step.headerKey) ? header : undefined);
    const received = stepReceiving(this.ratchet, this[to], tryHeader, this.nowMs);
    if (received === undefined) return undefined;
    this[to] = received.state;
    return sameBytes(received.messageKey, step.messageKey);
  }

  turn(): void {
    expect(this.receive("bob", this.send("alice"))).toBe(true);
    expect(this.receive("alice", this.send("bob"))).toBe(true);
  }
}

const code = (name: string): unknown => expect.objectContaining({ name: "CryptoError", code: name });

describe("remembered chains", () => {
  test("with 64 chains a message 60 turns late opens; with the 5 of suite 1 it is of no session", () => {
    for (const [maxClosedChains, expected] of [
      [64, true],
      [5, undefined],
    ] as const) {
      const pair = new Pair({ ...suite1, maxClosedChains });
      pair.turn();
      const late = pair.send("alice");
      for (let turn = 0; turn < 60; turn += 1) pair.turn();
      expect(pair.receive("bob", late)).toBe(expected);
      expect(pair.bob.closed.length).toBe(Math.min(maxClosedChains, 60));
    }
  });

  test("five turns late opens, once", () => {
    const pair = new Pair();
    pair.turn();
    const late = pair.send("alice");
    for (let turn = 0; turn < 5; turn += 1) pair.turn();
    expect(pair.receive("bob", late)).toBe(true);
    expect(() => pair.receive("bob", late)).toThrow(code("DUPLICATE"));
  });

  test("[ATTACK 12] keys are forgotten after 30 days, and not when the clock goes back", () => {
    const pair = new Pair();
    const [late, later] = [pair.send("alice"), pair.send("alice")];
    pair.turn();
    pair.nowMs -= 365 * 86_400_000;
    expect(pair.receive("bob", late)).toBe(true);
    pair.nowMs += 395 * 86_400_000 + 1;
    expect(() => pair.receive("bob", later)).toThrow(code("DUPLICATE"));
  });

  test("at most 2,000 keys are kept over all chains, the newest", () => {
    const pair = new Pair();
    pair.turn();
    const early = pair.send("alice");
    for (let index = 0; index < 1500; index += 1) pair.send("alice");
    pair.turn();
    for (let index = 0; index < 1000; index += 1) pair.send("alice");
    expect(pair.receive("bob", pair.send("alice"))).toBe(true);
    const kept = [pair.bob.receiving.skipped, ...pair.bob.closed.map(({ skipped }) => skipped)];
    expect(kept.reduce((sum, keys) => sum + keys.size, 0)).toBe(2000);
    expect(() => pair.receive("bob", early)).toThrow(code("DUPLICATE"));
  });
});

describe("[ATTACK 4] TOO_FAR before any key derivation", () => {
  const noDerivation = {
    ...suite1,
    kdfChain: () => expect.unreachable("derived a chain key"),
    kdfRoot: () => expect.unreachable("derived a root key"),
  };

  test.each([
    ["N in the same chain", { number: 2 ** 32 - 1 }, false],
    ["N = 2,001 ahead", { number: 2002 }, false],
    ["N in a new chain", { number: 2001 }, true],
    ["PN of a new chain", { previousCount: 2 ** 32 - 1 }, true],
  ])("%s", (_, change, isNewChain) => {
    const pair = new Pair();
    expect(pair.receive("bob", pair.send("alice"))).toBe(true);
    if (isNewChain) expect(pair.receive("alice", pair.send("bob"))).toBe(true);
    const step = pair.send("alice");
    const before = pair.bob;
    const ratchet = { provider, profile: noDerivation };
    const header = { ...step.header, ...change };
    const tryHeader = (key: Uint8Array) => (sameBytes(key, step.headerKey) ? header : undefined);
    expect(() => stepReceiving(ratchet, before, tryHeader, pair.nowMs)).toThrow(code("TOO_FAR"));
  });

  test("exactly 2,000 ahead is accepted", () => {
    const pair = new Pair();
    for (let index = 0; index < 2000; index += 1) pair.send("alice");
    expect(pair.receive("bob", pair.send("alice"))).toBe(true);
    expect(pair.bob.receiving.skipped.size).toBe(2000);
  });
});

describe("PQ steps", () => {
  test("happen in the first round trip and then at least every 8 chains of one side", () => {
    const pair = new Pair();
    let replies = 0;
    let withoutStep = 0;
    let longest = 0;
    for (let turn = 0; turn < 100; turn += 1) {
      const one = pair.send("alice");
      expect(pair.receive("bob", one)).toBe(true);
      const back = pair.send("bob");
      expect(pair.receive("alice", back)).toBe(true);
      const steps = [one, back].filter(({ header }) => header.kemReply).length;
      replies += steps;
      withoutStep = steps > 0 ? 0 : withoutStep + 1;
      longest = Math.max(longest, withoutStep);
    }
    expect(replies).toBeGreaterThan(10);
    expect(longest).toBeLessThanOrEqual(9);
  });

  test("are due after 6 hours and after 64 messages too", () => {
    for (const wait of ["hours", "messages"]) {
      const pair = new Pair();
      for (let turn = 0; turn < 3; turn += 1) pair.turn();
      expect(pair.alice.kem.self).toBeUndefined();
      if (wait === "hours") pair.nowMs += 6 * 3_600_000;
      else for (let index = 0; index < 64; index += 1) pair.receive("bob", pair.send("alice"));
      pair.turn();
      pair.turn();
      expect(pair.alice.kem.selfSeq + pair.bob.kem.selfSeq).toBeGreaterThan(2);
    }
  });

  test("an offer goes with messages 0, 1, 3, 7, 15 and a ciphertext with every message of its chain", () => {
    const pair = new Pair();
    const first = Array.from({ length: 18 }, () => pair.send("alice"));
    expect(first.flatMap(({ header }, index) => (header.kemOffer ? [index] : []))).toEqual([0, 1, 3, 7, 15]);
    expect(pair.receive("bob", first[0]!)).toBe(true);
    const chain = Array.from({ length: 5 }, () => pair.send("bob"));
    expect(chain.every(({ header }) => header.kemReply?.seq === 1)).toBe(true);
    expect(pair.receive("alice", chain[4]!)).toBe(true);
  });

  test("[ATTACK 30] a delayed header that offers a consumed key again is ignored", () => {
    const pair = new Pair();
    const [first, second] = [pair.send("alice"), pair.send("alice")];
    expect(pair.receive("bob", first)).toBe(true);
    expect(pair.receive("alice", pair.send("bob"))).toBe(true);
    expect(second.header.kemOffer?.seq).toBe(1);
    expect(pair.receive("bob", second)).toBe(true);
    expect(pair.bob.kem).toMatchObject({ peerSeq: 1 });
    expect(pair.bob.kem.peer).toBeUndefined();
    pair.turn();
  });

  test("[ATTACK 31] KEM_UNKNOWN: a ciphertext for a key that is gone or never was", () => {
    const pair = new Pair();
    expect(pair.receive("bob", pair.send("alice"))).toBe(true);
    const back = pair.send("bob");
    const kemReply = { ...back.header.kemReply!, seq: 2 };
    expect(() => pair.receive("alice", back, { ...back.header, kemReply })).toThrow(code("KEM_UNKNOWN"));
    expect(pair.receive("alice", back)).toBe(true);
  });

  test("[ATTACK 32] a malicious peer that offers an invalid key harms only its own healing", () => {
    const pair = new Pair();
    const step = pair.send("alice");
    const kemOffer = { seq: 1, ek: new Uint8Array(1184).fill(255) };
    expect(pair.receive("bob", step, { ...step.header, kemOffer })).toBe(true);
    const back = pair.send("bob");
    expect(back.header.kemReply).toBeUndefined();
    expect(pair.receive("alice", back)).toBe(true);
  });

  test("[ATTACK 34] offers and ciphertexts on every message of a chain are accepted", () => {
    const pair = new Pair();
    expect(pair.receive("bob", pair.send("alice"))).toBe(true);
    for (let seq = 2; seq < 40; seq += 1) {
      const step = pair.send("alice");
      const kemOffer = { seq, ek: provider.kem768.publicKey(new Uint8Array(64).fill(seq)) };
      const kemReply = { seq: 1, ciphertext: new Uint8Array(1088) };
      expect(pair.receive("bob", step, { ...step.header, kemOffer, kemReply })).toBe(true);
    }
    expect(pair.bob.kem.peerSeq).toBe(39);
  });

  test("[ATTACK 33] a peer that never offers a key: no PQ step, its age grows, classical healing goes on", () => {
    const pair = new Pair();
    for (let turn = 0; turn < 20; turn += 1) {
      for (const [from, to] of [
        ["alice", "bob"],
        ["bob", "alice"],
      ] as const) {
        const step = pair.send(from);
        const { kemOffer: _, ...header } = step.header;
        expect(pair.receive(to, step, header)).toBe(true);
      }
    }
    expect([pair.alice.kem.peerSeq, pair.bob.kem.peerSeq, pair.alice.kem.chainsSince]).toEqual([0, 0, 19]);
  });
});

describe("keys of the peer", () => {
  test("[ATTACK 19] a low-order ratchet key is MALFORMED", () => {
    const pair = new Pair();
    const step = pair.send("alice");
    expect(() => pair.receive("bob", step, { ...step.header, dh: new Uint8Array(32) })).toThrow(
      code("MALFORMED"),
    );
  });

  test("FORKED: another ratchet key within a chain", () => {
    const pair = new Pair();
    pair.turn();
    const step = pair.send("alice");
    expect(pair.receive("bob", step)).toBe(true);
    const next = pair.send("alice");
    const dh = keyPair(provider).pub;
    expect(() => pair.receive("bob", next, { ...next.header, dh })).toThrow(code("FORKED"));
  });

  test("a responder cannot send before it received", () => {
    expect(() => new Pair().send("bob")).toThrow(code("NO_SESSION"));
  });
});

describe("header codec", () => {
  const base = { dh: new Uint8Array(32).fill(1), previousCount: 2, number: 3 };
  const kemOffer = { seq: 4, ek: new Uint8Array(1184).fill(5) };
  const kemReply = { seq: 6, ciphertext: new Uint8Array(1088).fill(7) };

  test.each<[number, Header]>([
    [64, base],
    [1280, { ...base, kemOffer }],
    [1280, { ...base, kemReply }],
    [2368, { ...base, kemOffer, kemReply }],
  ])("%i bytes, and back", (size, header) => {
    expect(encodeHeader(header).length).toBe(size);
    expect(parseHeader(encodeHeader(header))).toEqual(header);
  });

  test("[ATTACK 7] MALFORMED: unknown flags, padding that is not zero or of another size", () => {
    const bytes = encodeHeader(base);
    for (let flags = 4; flags < 256; flags += 1) {
      expect(() => parseHeader(Uint8Array.from(bytes).fill(flags, 0, 1))).toThrow(code("MALFORMED"));
    }
    expect(() => parseHeader(Uint8Array.from(bytes).fill(1, 63))).toThrow(code("MALFORMED"));
    expect(() => parseHeader(bytes.subarray(0, 63))).toThrow(code("MALFORMED"));
    expect(() => parseHeader(Uint8Array.from(bytes).fill(1, 0, 1))).toThrow(code("MALFORMED"));
    const large = new Uint8Array(1280);
    large.set(bytes);
    expect(() => parseHeader(large)).toThrow(code("MALFORMED"));
  });
});
