import { describe, expect, test } from "vitest";
import {
  connect,
  contextOf,
  capsuleOf,
  createPeer,
  type Peer,
  prekeysOf,
  receive,
  send,
} from "#test/support/crypto/peers.ts";
import { deterministicProviderForTesting } from "#test/support/crypto/seeded-random.ts";
import { decryptCapsule, encryptCapsule } from "../session/peer-session.ts";
import { nobleProvider } from "../noble-provider.ts";
import { type NativeCurves, tryNativeCurves } from "./native-curves.ts";
import { runNative } from "./run-native.ts";

async function platform(): Promise<NativeCurves> {
  const native = await tryNativeCurves(nobleProvider);
  if (native === undefined) throw new Error("this platform has no native curves");
  return native;
}

function pairOf(seed: number): readonly [Peer, Peer] {
  const provider = deterministicProviderForTesting(String(seed));
  const anna = createPeer(provider, { account: 1 });
  const ben = createPeer(provider, { account: 2 });
  connect(anna, ben);
  return [anna, ben];
}

async function sendNative(native: NativeCurves, from: Peer, to: Peer, text: string): Promise<Uint8Array> {
  const context = contextOf(from);
  const sealed = await runNative(from.provider, native, (provider) =>
    encryptCapsule({ ...context, provider }, from.record ?? { archived: [] }, to.device, capsuleOf(text)),
  );
  from.record = sealed.record;
  return sealed.envelope;
}

function receiveNative(native: NativeCurves, to: Peer, from: Peer, envelope: Uint8Array) {
  const context = contextOf(to);
  return runNative(to.provider, native, (provider) =>
    decryptCapsule({ ...context, provider }, to.record, from.device, envelope, prekeysOf(to)),
  );
}

describe("running with the platform's curves", () => {
  test("gives byte for byte what the synchronous run gives, over handshake, ratchet and PQ steps", async () => {
    const native = await platform();
    const [plainAnna, plainBen] = pairOf(7);
    const [anna, ben] = pairOf(7);
    for (let turn = 0; turn < 24; turn += 1) {
      const [from, to, plainFrom, plainTo] =
        turn % 2 === 0 ? [anna, ben, plainAnna, plainBen] : [ben, anna, plainBen, plainAnna];
      const envelope = await sendNative(native, from, to, `message ${turn}`);
      expect(envelope).toEqual(send(plainFrom, plainTo, `message ${turn}`));
      const opened = await receiveNative(native, to, from, envelope);
      to.record = opened.record;
      for (const { kind, keyId } of opened.consumed) to.secrets.delete(`${kind}/${keyId}`);
      expect(receive(plainTo, plainFrom, envelope)).toBe(`message ${turn}`);
      expect(opened.record).toEqual(plainTo.record);
    }
  });

  test("refuses with the errors of the synchronous run", async () => {
    const native = await platform();
    const [anna, ben] = pairOf(8);
    const envelope = await sendNative(native, anna, ben, "hello");
    const tampered = envelope.with(envelope.length - 1, (envelope.at(-1) ?? 0) ^ 1);
    await expect(receiveNative(native, ben, anna, tampered)).rejects.toMatchObject({ code: "BAD_TAG" });
    const lowOrder = new Uint8Array(32);
    const exchange = runNative(nobleProvider, native, (provider) => provider.x25519(lowOrder, lowOrder));
    await expect(exchange).rejects.toMatchObject({ name: "CryptoError", code: "MALFORMED" });
    const first = runNative(nobleProvider, native, (provider) => provider.x25519FirstUse(lowOrder, lowOrder));
    await expect(first).rejects.toMatchObject({ name: "CryptoError", code: "MALFORMED" });
  });

  test("without curves the work runs once, as it is", async () => {
    const random = await runNative(nobleProvider, undefined, (provider) => provider.random(4).length);
    expect(random).toBe(4);
  });
});

describe("the platform's curves", () => {
  test("are not used when they are absent or disagree", async () => {
    const native = await platform();
    const wrong: readonly Partial<NativeCurves>[] = [
      { x25519: () => Promise.reject(new Error("unknown algorithm")) },
      { x25519: () => Promise.resolve(new Uint8Array(32)) },
      { x25519PublicKey: () => Promise.resolve(new Uint8Array(32)) },
      {
        x25519FirstUse: async (secret) => native.x25519FirstUse(secret, await native.x25519PublicKey(secret)),
      },
      { x25519FirstUse: () => Promise.resolve({ pub: new Uint8Array(32), shared: new Uint8Array(32) }) },
      { sign: () => Promise.resolve(new Uint8Array(64)) },
      { verify: () => Promise.resolve(true) },
      { verify: () => Promise.resolve(false) },
    ];
    for (const part of wrong) {
      expect(await tryNativeCurves(nobleProvider, { ...native, ...part })).toBeUndefined();
    }
  });

  test("[ATTACK 20] no key of small order verifies anything, in any encoding", async () => {
    const native = await platform();
    const fieldPrime = 2n ** 255n - 19n;
    const orderEight = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
    const small = [0n, 1n, fieldPrime - 1n, orderEight, fieldPrime - orderEight];
    const encodings = [...small, fieldPrime, fieldPrime + 1n].flatMap((y) => [y, y | (1n << 255n)]);
    const universal = Uint8Array.from({ length: 64 }, (_, index) => (index === 0 ? 1 : 0));
    for (const y of encodings) {
      const key = Uint8Array.from({ length: 32 }, (_, index) => Number((y >> BigInt(8 * index)) & 255n));
      expect(await native.verify(key, new Uint8Array(3), universal)).toBe(false);
    }
  });
});
