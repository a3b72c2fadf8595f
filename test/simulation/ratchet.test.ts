/**
 * Two devices and a hostile network, by seed: loss up to 30 %, delivery windows up to 60 messages, 20 % replays, 10 % single-bit
 * flips, random missing one-time prekeys. The oracle: every genuine envelope that arrives opens exactly once, to its own plaintext;
 * everything else is refused; a refusal leaves the record byte-equal. The one allowed loss is a message more than five ratchet turns late,
 * refused as NO_SESSION and counted. Not shown here: concurrency, storage, several devices.
 */
import { expect, test } from "vitest";
import { isCryptoError } from "#core/crypto/errors.ts";
import { encodePeerRecord } from "#core/crypto/session/record-codec.ts";
import { nodeProvider } from "#test/support/crypto/node-provider.ts";
import { connect, createPeer, type Peer, receive, send, startMs } from "#test/support/crypto/peers.ts";
import {
  deterministicProviderForTesting,
  seededRandom,
  type SeededRandom,
} from "#test/support/crypto/seeded-random.ts";

interface Tally {
  sessions: number;
  sent: number;
  delivered: number;
  lost: number;
  late: number;
  replaysRefused: number;
  tamperedRefused: number;
  reordered: number;
  pqSteps: number;
  withoutOneTime: number;
}

interface InFlight {
  readonly text: string;
  readonly envelope: Uint8Array;
  readonly turn: number;
}

const messagesPerSession = 50;

function simulate(seed: number, alice: Peer, bob: Peer, tally: Tally): void {
  const random = seededRandom(seed);
  const loss = random.next() * 0.3;
  const window = 1 + random.below(60);
  const oneTime = random.chance(0.5) ? random.below(2) : -1;
  const pq = random.chance(0.5) ? random.below(2) : -1;
  if (oneTime === -1 || pq === -1) tally.withoutOneTime += 1;
  for (const peer of [alice, bob]) Object.assign(peer, { record: undefined, nowMs: startMs });
  const secrets = new Map(bob.secrets);
  connect(alice, bob, { oneTime, pq });
  const queues = new Map<Peer, InFlight[]>([
    [alice, []],
    [bob, []],
  ]);
  let sent = 0;
  while (sent < messagesPerSession || queues.get(alice)!.length + queues.get(bob)!.length > 0) {
    const [from, to] = random.chance(0.5) ? [alice, bob] : [bob, alice];
    const queue = queues.get(to)!;
    if (sent < messagesPerSession && from.record?.current !== undefined && random.chance(0.6)) {
      const text = `${seed}/${sent}`;
      const envelope = send(from, to, text);
      sent += 1;
      tally.sent += 1;
      if (random.chance(loss)) tally.lost += 1;
      else queue.push({ text, envelope, turn: sent });
    } else if (queue.length > 0) {
      const at = random.below(Math.min(window, queue.length));
      if (at > 0) tally.reordered += 1;
      deliver(random, to, from, queue.splice(at, 1)[0]!, tally);
    }
    from.nowMs += random.below(1_800_000);
    to.nowMs = from.nowMs;
  }
  tally.sessions += 1;
  for (const peer of [alice, bob]) tally.pqSteps += peer.record?.current?.ratchet.kem.peerSeq ?? 0;
  for (const [key, secret] of secrets) bob.secrets.set(key, secret);
}

function deliver(random: SeededRandom, to: Peer, from: Peer, message: InFlight, tally: Tally): void {
  if (random.chance(0.1)) {
    const flipped = Uint8Array.from(message.envelope);
    flipped[random.below(flipped.length)]! ^= 1 << random.below(8);
    expectRefused(to, from, flipped);
    tally.tamperedRefused += 1;
  }
  let isLate = false;
  const before = recordBytes(to);
  try {
    expect(receive(to, from, message.envelope)).toBe(message.text);
    tally.delivered += 1;
  } catch (error) {
    if (!isCryptoError(error, "NO_SESSION")) throw error;
    expect(recordBytes(to)).toEqual(before);
    isLate = true;
    tally.late += 1;
  }
  if (!isLate && random.chance(0.2)) {
    expectRefused(to, from, message.envelope);
    tally.replaysRefused += 1;
  }
}

function expectRefused(to: Peer, from: Peer, envelope: Uint8Array): void {
  const before = recordBytes(to);
  const secretsBefore = to.secrets.size;
  expect(() => receive(to, from, envelope)).toThrow(expect.objectContaining({ name: "CryptoError" }));
  expect(recordBytes(to)).toEqual(before);
  expect(to.secrets.size).toBe(secretsBefore);
}

function recordBytes(peer: Peer): string {
  return peer.record === undefined ? "" : Buffer.from(encodePeerRecord(peer.record)).toString("base64");
}

function run(seeds: readonly number[]): Tally {
  const tally: Tally = {
    sessions: 0,
    sent: 0,
    delivered: 0,
    lost: 0,
    late: 0,
    replaysRefused: 0,
    tamperedRefused: 0,
    reordered: 0,
    pqSteps: 0,
    withoutOneTime: 0,
  };
  const provider = deterministicProviderForTesting(`ratchet ${seeds[0]}`, nodeProvider);
  const [alice, bob] = [createPeer(provider, { account: 1 }), createPeer(provider, { account: 2 })];
  for (const seed of seeds) simulate(seed, alice, bob, tally);
  return tally;
}

test(
  "1,000 sessions over a hostile network: every genuine envelope opens once, nothing else does",
  { timeout: 300_000 },
  () => {
    const tally = run(Array.from({ length: 1000 }, (_, index) => 20_261_121 + index));
    console.log("ratchet simulation", JSON.stringify(tally));
    expect(tally.delivered + tally.late + tally.lost).toBe(tally.sent);
    expect(tally.late / tally.sent).toBeLessThan(0.001);
    for (const fault of [
      "lost",
      "reordered",
      "replaysRefused",
      "tamperedRefused",
      "withoutOneTime",
    ] as const) {
      expect(tally[fault]).toBeGreaterThan(100);
    }
    expect(tally.pqSteps).toBeGreaterThan(3000);
  },
);
