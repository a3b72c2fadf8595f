/** CRYPTO-TESTS 4.1 at the level of sessions. What a server or a client must add (11, 13 and the display of 12) is tested with them. */
import { describe, expect, test } from "vitest";
import { concat } from "#schema/envelope/bytes.ts";
import { preBlockBytes } from "#schema/envelope/capsule-envelope.ts";
import { decodePeerRecord, encodePeerRecord } from "#core/crypto/session/record-codec.ts";
import { code, expectRefused, flip } from "#test/support/crypto/expect-refused.ts";
import { nodeProvider } from "#test/support/crypto/node-provider.ts";
import { bundleOf, connect, createPeer, type Peer, receive, send } from "#test/support/crypto/peers.ts";

function pair(): [Peer, Peer] {
  const alice = createPeer(nodeProvider, { account: 1 });
  const bob = createPeer(nodeProvider, { account: 2 });
  connect(alice, bob);
  return [alice, bob];
}

function establishedPair(): [Peer, Peer] {
  const [alice, bob] = pair();
  receive(bob, alice, send(alice, bob, "first"));
  receive(alice, bob, send(bob, alice, "second"));
  return [alice, bob];
}

describe("[ATTACK 1] replay", () => {
  test("of the same envelope, later, after 1,000 others and after a restart: DUPLICATE", () => {
    const [alice, bob] = establishedPair();
    const envelope = send(alice, bob, "once");
    expect(receive(bob, alice, envelope)).toBe("once");
    expectRefused(bob, alice, envelope, "DUPLICATE");
    for (let index = 0; index < 1000; index += 1) receive(bob, alice, send(alice, bob, `${index}`));
    expectRefused(bob, alice, envelope, "DUPLICATE");
    receive(alice, bob, send(bob, alice, "turn"));
    receive(bob, alice, send(alice, bob, "turn"));
    expectRefused(bob, alice, envelope, "DUPLICATE");
    bob.record = decodePeerRecord(encodePeerRecord(bob.record!));
    expectRefused(bob, alice, envelope, "DUPLICATE");
  });

  test("of a first message", () => {
    const [alice, bob] = pair();
    const first = send(alice, bob, "first");
    expect(receive(bob, alice, first)).toBe("first");
    expectRefused(bob, alice, first, "DUPLICATE");
  });
});

test("[ATTACK 2] reorder within a chain and across turns, in windows of 60: all delivered once", () => {
  const [alice, bob] = establishedPair();
  const flight: [string, Uint8Array][] = [];
  for (let turn = 0; turn < 5; turn += 1) {
    for (let index = 0; index < 12; index += 1)
      flight.push([`${turn}/${index}`, send(alice, bob, `${turn}/${index}`)]);
    receive(alice, bob, send(bob, alice, `turn ${turn}`));
    receive(bob, alice, send(alice, bob, "now"));
    receive(alice, bob, send(bob, alice, "then"));
  }
  for (const [text, envelope] of flight.toReversed()) expect(receive(bob, alice, envelope)).toBe(text);
  for (const [, envelope] of flight) expectRefused(bob, alice, envelope, "DUPLICATE");
});

describe("[ATTACK 3] loss never bricks a session", () => {
  test("of the first message", () => {
    const [alice, bob] = pair();
    send(alice, bob, "lost");
    expect(receive(bob, alice, send(alice, bob, "second"))).toBe("second");
    expect(receive(alice, bob, send(bob, alice, "answer"))).toBe("answer");
  });

  test("of every carrier of an offer (0, 1, 3, 7, 15)", () => {
    const [alice, bob] = pair();
    const sent = Array.from({ length: 18 }, (_, index) => send(alice, bob, `${index}`));
    const arriving = sent.filter((_, index) => !Number.isInteger(Math.log2(index + 1)));
    for (const envelope of arriving) receive(bob, alice, envelope);
    expect(bob.record?.current?.ratchet.kem.peerSeq).toBe(0);
    expect(receive(alice, bob, send(bob, alice, "answer"))).toBe("answer");
  });

  test("of a ciphertext chain but for one message", () => {
    const [alice, bob] = pair();
    receive(bob, alice, send(alice, bob, "offer"));
    const chain = Array.from({ length: 9 }, (_, index) => send(bob, alice, `${index}`));
    expect(receive(alice, bob, chain[6]!)).toBe("6");
    expect(alice.record?.current?.ratchet.kem.self).toBeUndefined();
    expect(receive(bob, alice, send(alice, bob, "on"))).toBe("on");
    expect(receive(alice, bob, chain[2]!)).toBe("2");
  });
});

describe("[ATTACK 5] a flipped bit at every byte is refused and changes nothing", () => {
  test("of a first message", { timeout: 120_000 }, () => {
    const [alice, bob] = pair();
    const envelope = send(alice, bob, "first");
    expect(envelope.length).toBe(405 - 64 + 1280 + preBlockBytes);
    for (let at = 0; at < envelope.length; at += 1) {
      expectRefused(bob, alice, flip(envelope, at), ...refusals, "UNTRUSTED_IDENTITY", "PREKEY_UNKNOWN");
    }
    expect(receive(bob, alice, envelope)).toBe("first");
  });

  test("of a later message", () => {
    const [alice, bob] = establishedPair();
    for (const text of ["one", "two"]) send(alice, bob, text);
    const envelope = send(alice, bob, "plain");
    for (let at = 0; at < envelope.length; at += 1)
      expectRefused(bob, alice, flip(envelope, at), ...refusals);
    expect(receive(bob, alice, envelope)).toBe("plain");
  });
});

const refusals = ["MALFORMED", "UNSUPPORTED_VERSION", "NO_SESSION", "BAD_TAG"] as const;

test("[ATTACK 6] truncated or extended by 1…64 bytes, or empty: MALFORMED", () => {
  const [alice, bob] = pair();
  const first = send(alice, bob, "first");
  for (let count = 1; count <= 64; count += 1) {
    expectRefused(bob, alice, first.subarray(0, -count), "MALFORMED");
    expectRefused(bob, alice, concat(first, new Uint8Array(count)), "MALFORMED");
  }
  expectRefused(bob, alice, new Uint8Array(0), "MALFORMED");
  for (const length of [0, 1, 79, 0xffff]) {
    const changed = Uint8Array.from(first);
    new DataView(changed.buffer).setUint16(3 + preBlockBytes, length);
    expectRefused(bob, alice, changed, "MALFORMED");
  }
});

test("[ATTACK 7] every other version, type and flag byte", () => {
  const [alice, bob] = establishedPair();
  const envelope = send(alice, bob, "text");
  for (let value = 0; value < 256; value += 1) {
    const set = (at: number): Uint8Array => Uint8Array.from(envelope).fill(value, at, at + 1);
    if (value !== 1) expectRefused(bob, alice, set(0), value === 0 ? "MALFORMED" : "UNSUPPORTED_VERSION");
    if (value !== 0x10) expectRefused(bob, alice, set(1), "MALFORMED");
    if (value !== 0) expectRefused(bob, alice, set(2), "MALFORMED");
  }
  expect(receive(bob, alice, envelope)).toBe("text");
});

test("[ATTACK 8] reflection: a device gets its own envelope", () => {
  const [alice, bob] = establishedPair();
  const envelope = send(alice, bob, "mine");
  expectRefused(alice, bob, envelope, "NO_SESSION", "BAD_TAG");
  const [carol, dave] = pair();
  expectRefused(carol, dave, send(carol, dave, "first"), "UNTRUSTED_IDENTITY");
});

describe("[ATTACK 9] splice", () => {
  test("header of one message with the capsule of the next: BAD_TAG", () => {
    const [alice, bob] = establishedPair();
    const [three, four] = [send(alice, bob, "3"), send(alice, bob, "4")];
    const bodyAt = -(24 + 272);
    const spliced = concat(four.subarray(0, four.length + bodyAt), three.subarray(bodyAt));
    expectRefused(bob, alice, spliced, "BAD_TAG");
    expect([receive(bob, alice, three), receive(bob, alice, four)]).toEqual(["3", "4"]);
  });

  test("header of one session with the capsule of another: BAD_TAG", () => {
    const [alice, bob] = establishedPair();
    const one = send(alice, bob, "one");
    connect(alice, bob, { oneTime: 1, pq: 1 });
    const two = send(alice, bob, "two");
    const spliced = concat(one.subarray(0, one.length - 296), two.subarray(-296));
    expectRefused(bob, alice, spliced, "BAD_TAG");
    expect([receive(bob, alice, one), receive(bob, alice, two)]).toEqual(["one", "two"]);
  });

  test("a pre block put in front of an ordinary message, or taken away", () => {
    const [alice, bob] = pair();
    const first = send(alice, bob, "first");
    const without = concat(first.subarray(0, 2), Uint8Array.of(0), first.subarray(3 + preBlockBytes));
    receive(bob, alice, first);
    expectRefused(bob, alice, without, "DUPLICATE", "BAD_TAG");
    receive(alice, bob, send(bob, alice, "answer"));
    const plain = send(alice, bob, "plain");
    const withPre = concat(plain.subarray(0, 2), first.subarray(2, 3 + preBlockBytes), plain.subarray(3));
    expectRefused(bob, alice, withPre, "BAD_TAG");
  });
});

describe("[ATTACK 12] time", () => {
  const hourMs = 3_600_000;

  test("PREKEY_STALE: prekeys older than 45 days, or more than 24 hours ahead", () => {
    const bob = createPeer(nodeProvider, { account: 2 });
    for (const aheadMs of [-24 * hourMs, 0, 45 * 24 * hourMs]) {
      expect(() => bundleOf({ ...bob, nowMs: bob.nowMs + aheadMs })).not.toThrow();
    }
    for (const aheadMs of [-24 * hourMs - 1, 45 * 24 * hourMs + 1]) {
      expect(() => bundleOf({ ...bob, nowMs: bob.nowMs + aheadMs })).toThrow(code("PREKEY_STALE"));
    }
  });

  test("clocks a year apart, and running backwards, do not stop a conversation", () => {
    const [alice, bob] = establishedPair();
    bob.nowMs -= 365 * 24 * hourMs;
    expect(receive(bob, alice, send(alice, bob, "to the past"))).toBe("to the past");
    expect(receive(alice, bob, send(bob, alice, "from the past"))).toBe("from the past");
  });
});

test("[ATTACK 35] two copies of one state: the first wins, the others are DUPLICATE or FORKED, no key and nonce repeat", () => {
  const [alice, bob] = establishedPair();
  receive(alice, bob, send(bob, alice, "turn"));
  const copy = { ...alice };
  const [one, other] = [send(alice, bob, "tab one"), send(copy, bob, "tab two")];
  expect(receive(bob, alice, one)).toBe("tab one");
  expectRefused(bob, alice, other, "FORKED");
  const twin = { ...alice };
  const [two, again] = [send(alice, bob, "tab one"), send(twin, bob, "tab two")];
  expect(receive(bob, alice, two)).toBe("tab one");
  expectRefused(bob, alice, again, "DUPLICATE");
  const nonces = [one, other, two, again].flatMap((envelope) => [
    Buffer.from(envelope.subarray(5, 29)).toString("hex"),
    Buffer.from(envelope.subarray(-296, -272)).toString("hex"),
  ]);
  expect(new Set(nonces).size).toBe(8);
});
