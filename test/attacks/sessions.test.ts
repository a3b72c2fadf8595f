/** Sessions over their life: libsignal's simultaneous-initiation scenarios, archiving, expiry (CRYPTO 2.4, CRYPTO-TESTS 27 and 29). */
import { describe, expect, test } from "vitest";
import { canEncrypt, resetSession } from "#core/crypto/session/peer-session.ts";
import { decodePeerRecord, encodePeerRecord } from "#core/crypto/session/record-codec.ts";
import { code, expectRefused } from "#test/support/crypto/expect-refused.ts";
import { nodeProvider } from "#test/support/crypto/node-provider.ts";
import { connect, contextOf, createPeer, type Peer, receive, send } from "#test/support/crypto/peers.ts";

const dayMs = 86_400_000;

function people(): [Peer, Peer] {
  const options = { oneTimeCount: 16, oneTimePqCount: 16 };
  return [
    createPeer(nodeProvider, { account: 1, ...options }),
    createPeer(nodeProvider, { account: 2, ...options }),
  ];
}

function chat(alice: Peer, bob: Peer, rounds = 2): void {
  for (let round = 0; round < rounds; round += 1) {
    expect(receive(bob, alice, send(alice, bob, `a${round}`))).toBe(`a${round}`);
    expect(receive(alice, bob, send(bob, alice, `b${round}`))).toBe(`b${round}`);
  }
}

const baseOf = (peer: Peer): string => String(peer.record?.current?.ephemeral);

test("two devices talk, in and out of order, and records survive their codec", () => {
  const [alice, bob] = people();
  connect(alice, bob);
  chat(alice, bob);
  for (let round = 0; round < 12; round += 1) {
    const sent = ["1", "2", "3"].map((text) => [text, send(alice, bob, text)] as const);
    for (const [text, envelope] of sent.toReversed()) {
      bob.record = decodePeerRecord(encodePeerRecord(bob.record!));
      expect(receive(bob, alice, envelope)).toBe(text);
    }
    chat(bob, alice, 1);
  }
  expect(bob.record?.current?.ratchet.kem.selfSeq).toBeGreaterThan(1);
});

test("MALFORMED: a record cut short, extended, or with unknown bits", () => {
  const [alice, bob] = people();
  connect(alice, bob);
  chat(alice, bob);
  const bytes = encodePeerRecord(alice.record!);
  expect(() => decodePeerRecord(bytes.subarray(0, -1))).toThrow(code("MALFORMED"));
  expect(() => decodePeerRecord(Uint8Array.of(...bytes, 0))).toThrow(code("MALFORMED"));
  expect(() => decodePeerRecord(Uint8Array.from(bytes).fill(2, 1, 2))).toThrow(code("MALFORMED"));
  expect(() => decodePeerRecord(Uint8Array.from(bytes).fill(2, 0, 1))).toThrow(code("UNSUPPORTED_VERSION"));
});

describe("[ATTACK 27] simultaneous initiation converges and loses no text", () => {
  function bothBegin(alice: Peer, bob: Peer, index: number): [Uint8Array, Uint8Array] {
    connect(alice, bob, { oneTime: index, pq: index });
    connect(bob, alice, { oneTime: index, pq: index });
    return [send(alice, bob, "from Alice"), send(bob, alice, "from Bob")];
  }

  function expectConverged(alice: Peer, bob: Peer): void {
    chat(alice, bob);
    expect(baseOf(alice)).toBe(baseOf(bob));
    chat(bob, alice);
    expect(baseOf(alice)).toBe(baseOf(bob));
  }

  test("both messages arrive", () => {
    const [alice, bob] = people();
    const [a, b] = bothBegin(alice, bob, 0);
    expect([receive(bob, alice, a), receive(alice, bob, b)]).toEqual(["from Alice", "from Bob"]);
    expect(baseOf(alice)).not.toBe(baseOf(bob));
    expectConverged(alice, bob);
  });

  test("one of them is lost", () => {
    const [alice, bob] = people();
    const [a] = bothBegin(alice, bob, 0);
    expect(receive(bob, alice, a)).toBe("from Alice");
    expectConverged(alice, bob);
  });

  test("one is lost and its text sent again", () => {
    const [alice, bob] = people();
    const [a] = bothBegin(alice, bob, 0);
    expect(receive(bob, alice, a)).toBe("from Alice");
    expect(receive(alice, bob, send(bob, alice, "from Bob"))).toBe("from Bob");
    expectConverged(alice, bob);
  });

  test("one arrives only after the sides have converged", () => {
    const [alice, bob] = people();
    const [a, b] = bothBegin(alice, bob, 0);
    expect(receive(bob, alice, a)).toBe("from Alice");
    chat(alice, bob);
    expect(receive(alice, bob, b)).toBe("from Bob");
    expectConverged(alice, bob);
  });

  test("again and again", () => {
    const [alice, bob] = people();
    for (let index = 0; index < 15; index += 1) {
      const [a, b] = bothBegin(alice, bob, index);
      expect([receive(bob, alice, a), receive(alice, bob, b)]).toEqual(["from Alice", "from Bob"]);
      if (index % 3 === 0) {
        const crossing = [send(alice, bob, "x"), send(bob, alice, "y")] as const;
        expect([receive(bob, alice, crossing[0]), receive(alice, bob, crossing[1])]).toEqual(["x", "y"]);
      }
    }
    expectConverged(alice, bob);
  });

  test("again and again, with losses, and the lost ones late", () => {
    const [alice, bob] = people();
    const late: Uint8Array[] = [];
    for (let index = 0; index < 4; index += 1) {
      const [a, b] = bothBegin(alice, bob, index);
      expect(receive(bob, alice, a)).toBe("from Alice");
      late.push(b);
    }
    expectConverged(alice, bob);
    for (const envelope of late) expect(receive(alice, bob, envelope)).toBe("from Bob");
    expectConverged(alice, bob);
  });
});

describe("[ATTACK 29] sessions end", () => {
  test("NO_SESSION: an unanswered session stops sending after 30 days, an answered one after a year", () => {
    const [alice, bob] = people();
    connect(alice, bob);
    const first = send(alice, bob, "first");
    alice.nowMs += 30 * dayMs;
    expect(canEncrypt(contextOf(alice), alice.record, bob.device)).toBe(true);
    alice.nowMs += 1;
    expect(() => send(alice, bob, "too late")).toThrow(code("NO_SESSION"));
    receive(bob, alice, first);
    receive(alice, bob, send(bob, alice, "answer"));
    expect(canEncrypt(contextOf(alice), alice.record, bob.device)).toBe(true);
    alice.nowMs += 336 * dayMs;
    expect(() => send(alice, bob, "a year later")).toThrow(code("NO_SESSION"));
  });

  test("a peer that was wiped begins anew; the old session is archived and opens late messages", () => {
    const [alice, bob] = people();
    connect(alice, bob);
    chat(alice, bob);
    const late = send(alice, bob, "late");
    alice.record = undefined;
    connect(alice, bob, { oneTime: 1, pq: 1 });
    expect(receive(bob, alice, send(alice, bob, "anew"))).toBe("anew");
    expect(bob.record?.archived.length).toBe(1);
    expect(receive(bob, alice, late)).toBe("late");
  });

  test("at most 10 sessions are archived, for 30 days", () => {
    const [alice, bob] = people();
    const sent: Uint8Array[] = [];
    for (let index = 0; index < 13; index += 1) {
      connect(alice, bob, { oneTime: index, pq: index });
      receive(bob, alice, send(alice, bob, `${index}`));
      sent.push(send(alice, bob, `late ${index}`));
    }
    expect(bob.record?.archived.length).toBe(10);
    expectRefused(bob, alice, sent[0]!, "PREKEY_UNKNOWN");
    expect(receive(bob, alice, sent[5]!)).toBe("late 5");
    bob.nowMs += 30 * dayMs + 1;
    expectRefused(bob, alice, sent[6]!, "PREKEY_UNKNOWN", "NO_SESSION");
  });

  test("a session that was reset still opens late messages but is never sent in again", () => {
    const [alice, bob] = people();
    connect(alice, bob);
    chat(alice, bob);
    alice.record = resetSession(alice.record!, alice.nowMs);
    expect(canEncrypt(contextOf(alice), alice.record, bob.device)).toBe(false);
    expect(receive(alice, bob, send(bob, alice, "late"))).toBe("late");
    expect(canEncrypt(contextOf(alice), alice.record, bob.device)).toBe(false);
    connect(alice, bob, { oneTime: 1, pq: 1 });
    expect(receive(bob, alice, send(alice, bob, "anew"))).toBe("anew");
    chat(alice, bob);
  });

  test("a session with another certificate of the peer is neither sent in nor opened", () => {
    const [alice, bob] = people();
    connect(alice, bob);
    chat(alice, bob);
    const renewed = { ...bob, device: { ...bob.device, certHash: new Uint8Array(32) } };
    expect(() => send(alice, renewed, "x")).toThrow(code("NO_SESSION"));
    expectRefused(alice, renewed, send(bob, alice, "y"), "NO_SESSION");
  });
});
