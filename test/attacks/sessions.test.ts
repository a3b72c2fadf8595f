import { expect, test } from "vitest";
import { nobleProvider } from "#core/crypto/noble-provider.ts";
import { decodePeerRecord, encodePeerRecord } from "#core/crypto/session/record-codec.ts";
import { connect, createPeer, receive, send } from "#test/support/crypto/peers.ts";

const alice = createPeer(nobleProvider, { account: 1 });
const bob = createPeer(nobleProvider, { account: 2 });

test("two devices talk, in order and out of order, and records survive their codec", () => {
  connect(alice, bob);
  expect(receive(bob, alice, send(alice, bob, "hello"))).toBe("hello");
  expect(receive(alice, bob, send(bob, alice, "hi"))).toBe("hi");
  for (let round = 0; round < 12; round += 1) {
    const [one, two, three] = ["1", "2", "3"].map((text) => send(alice, bob, `${round}/${text}`)) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    bob.record = decodePeerRecord(encodePeerRecord(bob.record!));
    expect([three, one, two].map((envelope) => receive(bob, alice, envelope))).toEqual([
      `${round}/3`,
      `${round}/1`,
      `${round}/2`,
    ]);
    expect(receive(alice, bob, send(bob, alice, `back ${round}`))).toBe(`back ${round}`);
    alice.record = decodePeerRecord(encodePeerRecord(alice.record!));
  }
  expect(bob.record?.current?.ratchet.kem.selfSeq).toBeGreaterThan(1);
});
