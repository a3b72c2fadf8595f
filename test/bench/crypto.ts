/** One-to-one encryption: capsules per second, sealed and opened, without and with a Diffie-Hellman step each. */
import { nobleProvider } from "#core/crypto/noble-provider.ts";
import { type BenchResult, compare, median } from "./result.ts";
import { connect, createPeer, type Peer, receive, send } from "../support/crypto/peers.ts";

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

export function benchCrypto({ quick }: { readonly quick: boolean }): BenchResult[] {
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
  return [
    compare("1:1 encrypt + decrypt per second, no DH step", oneWay),
    compare("1:1 encrypt + decrypt per second, a DH step each", turns * 2),
  ];
}
