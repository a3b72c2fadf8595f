/** One-to-one encryption: capsules per second, sealed and opened, without and with a Diffie-Hellman step each. */
import { tryNativeCurves } from "#core/crypto/native/native-curves.ts";
import { runNative } from "#core/crypto/native/run-native.ts";
import { decryptCapsule, encryptCapsule } from "#core/crypto/session/peer-session.ts";
import { nobleProvider } from "#core/crypto/noble-provider.ts";
import { type BenchResult, compare, median } from "./result.ts";
import {
  capsuleOf,
  connect,
  contextOf,
  createPeer,
  type Peer,
  prekeysOf,
  receive,
  send,
} from "../support/crypto/peers.ts";

function pair(): readonly [Peer, Peer] {
  const anna = createPeer(nobleProvider, { account: 1 });
  const ben = createPeer(nobleProvider, { account: 2 });
  connect(anna, ben);
  return [anna, ben];
}

/** Medians over rounds, because the machine is shared. */
function perSecond(rounds: number, messages: number, work: () => void): number {
  const rates: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now();
    for (let i = 0; i < messages; i++) work();
    rates.push((messages * 1000) / (performance.now() - startedAt));
  }
  return median(rates);
}

/** The same with the platform's curves, as the product runs it. */
async function turnsPerSecond(rounds: number, messages: number): Promise<number> {
  const native = await tryNativeCurves(nobleProvider);
  const [anna, ben] = pair();
  const plaintext = capsuleOf("psst");
  const exchange = async (from: Peer, to: Peer): Promise<void> => {
    const sealing = contextOf(from);
    const sealed = await runNative(nobleProvider, native, (provider) =>
      encryptCapsule({ ...sealing, provider }, from.record ?? { archived: [] }, to.device, plaintext),
    );
    from.record = sealed.record;
    const opening = contextOf(to);
    const opened = await runNative(nobleProvider, native, (provider) =>
      decryptCapsule({ ...opening, provider }, to.record, from.device, sealed.envelope, prekeysOf(to)),
    );
    to.record = opened.record;
  };
  const rates: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const startedAt = performance.now();
    for (let i = 0; i < messages; i++) {
      await exchange(anna, ben);
      await exchange(ben, anna);
    }
    rates.push((messages * 2000) / (performance.now() - startedAt));
  }
  return median(rates);
}

export async function benchCrypto({ quick }: { readonly quick: boolean }): Promise<BenchResult[]> {
  const rounds = quick ? 3 : 7;
  const [anna, ben] = pair();
  const exchange = (from: Peer, to: Peer): void => {
    receive(to, from, send(from, to, "psst"));
  };
  exchange(anna, ben);
  exchange(ben, anna);
  const oneWay = perSecond(rounds, quick ? 500 : 2000, () => exchange(anna, ben));
  const turns = perSecond(rounds, quick ? 50 : 200, () => {
    exchange(anna, ben);
    exchange(ben, anna);
  });
  const native = await turnsPerSecond(rounds, quick ? 50 : 200);
  return [
    compare("1:1 encrypt + decrypt per second, no DH step", oneWay),
    compare("1:1 encrypt + decrypt per second, a DH step each, curves in JavaScript", turns * 2),
    compare("1:1 encrypt + decrypt per second, a DH step each, the platform's curves", native),
  ];
}
