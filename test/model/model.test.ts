/**
 * HX1 and the steps of PQ-DR in the symbolic model: secrecy, authentication, forward secrecy and healing, each against an
 * attacker who has stolen or broken something. Every claim is also asked of a variant that lacks what the claim rests on:
 * there the attack must be found, or the model would prove anything. See docs/protocol/model.md.
 */
import { describe, expect, test } from "vitest";
import { Attacker } from "./attacker.ts";
import {
  type Device,
  deviceOf,
  handshake,
  type HandshakeVariant,
  preBlock,
  type Prekeys,
  publicOf,
} from "./handshake.ts";
import { converse, type RatchetVariant, type Turn } from "./ratchet.ts";
import { ct, kdf, name, pub, type Term, tuple } from "./terms.ts";

const anna = deviceOf("Anna");
const ben = deviceOf("Ben");
const mallory = deviceOf("Mallory");
const turns = 8;
const fresh: Prekeys = { spk: name("spk"), opk: name("opk"), pq: name("pq"), kind: "one-time" };
const exhausted: Prekeys = { ...fresh, opk: undefined, kind: "last-resort" };

interface Scene {
  readonly prekeys?: Prekeys;
  readonly hx1?: HandshakeVariant;
  readonly ratchet?: RatchetVariant;
}

interface Run {
  readonly turns: readonly Turn[];
  /** The texts that an attacker who also has `stolen` reads, by turn. */
  readonly readTurns: (stolen: readonly Term[]) => number[];
}

function play({ prekeys = fresh, hx1, ratchet }: Scene = {}): Run {
  const keys = handshake(anna, ben, prekeys, name("e"), name("r"), hx1);
  const played = converse(keys, prekeys.spk, turns, ratchet);
  const seen = [
    ...publicOf(anna),
    ...publicOf(ben, prekeys),
    preBlock(anna, prekeys, name("e"), name("r")),
    ...played.flatMap(({ wire }) => wire),
    ...Object.values(mallory),
  ];
  return {
    turns: played,
    readTurns(stolen) {
      const attacker = new Attacker([...seen, ...stolen]);
      return played.flatMap(({ texts }, index) =>
        texts.some((text) => attacker.knows(text)) ? [index + 1] : [],
      );
    },
  };
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);
const longTerm = ({ aik, dsk, dik }: Device): Term[] => [aik, dsk, dik];
/** What a break of all curves gives: every Diffie-Hellman secret there is. */
const allDh = ({ turns: played }: Run, prekeys: Prekeys = fresh): Term[] => [
  ...longTerm(anna),
  ...longTerm(ben),
  name("e"),
  prekeys.spk,
  ...(prekeys.opk === undefined ? [] : [prekeys.opk]),
  ...played.flatMap(({ dhSecrets }) => dhSecrets),
];
const allKem = ({ turns: played }: Run, prekeys: Prekeys = fresh): Term[] => [
  prekeys.pq,
  name("r"),
  ...played.flatMap(({ kemSecrets }) => kemSecrets),
];

describe("secrecy", () => {
  test("who sees everything and holds nothing reads nothing", () => {
    expect(play().readTurns([])).toEqual([]);
    expect(play({ prekeys: exhausted }).readTurns([])).toEqual([]);
  });

  test("nor does who breaks every curve, or every KEM; both together read all", () => {
    const run = play();
    expect(run.readTurns(allDh(run))).toEqual([]);
    expect(run.readTurns(allKem(run))).toEqual([]);
    expect(run.readTurns([...allDh(run), ...allKem(run)])).toEqual(range(1, turns));
  });

  test("found in a handshake without a KEM: a break of the curves reads until the first KEM step", () => {
    const run = play({ hx1: { withoutKem: true } });
    expect(run.readTurns(allDh(run))).toEqual([1]);
    const classical = play({ hx1: { withoutKem: true }, ratchet: { withoutKem: true } });
    expect(classical.readTurns(allDh(classical))).toEqual(range(1, turns));
  });
});

describe("forward secrecy", () => {
  test("with one-time keys, all long-term keys, the signed prekey and both devices' states at the end open nothing older", () => {
    const run = play();
    const end = run.turns.at(-1);
    const stolen = [
      ...longTerm(anna),
      ...longTerm(ben),
      fresh.spk,
      ...(end?.held ?? []),
      ...(end?.heldByPeer ?? []),
    ];
    expect(run.readTurns(stolen)).toEqual([]);
  });

  test("at every turn, what either device holds afterwards opens neither that turn nor any before", () => {
    const run = play();
    for (const [index, { held, heldByPeer }] of run.turns.entries()) {
      for (const stolen of [held, heldByPeer]) {
        expect(
          run.readTurns([...stolen, ...longTerm(anna), ...longTerm(ben)]).filter((turn) => turn <= index + 1),
        ).toEqual([]);
      }
    }
  });

  test("found without one-time keys: the first flight falls with the signed prekey and the last-resort key, nothing after it", () => {
    const run = play({ prekeys: exhausted });
    expect(run.readTurns([...longTerm(anna), ...longTerm(ben), exhausted.spk, exhausted.pq])).toEqual([1]);
    expect(run.readTurns([...longTerm(anna), ...longTerm(ben), exhausted.spk])).toEqual([]);
  });
});

describe("healing", () => {
  test("who stole everything a device held after a turn is shut out by the second turn after it", () => {
    const run = play();
    for (const [index, { held, heldByPeer }] of run.turns.entries()) {
      const last = (stolen: readonly Term[]): number => Math.max(0, ...run.readTurns(stolen));
      expect(last([...held, ...longTerm(anna), ...longTerm(ben)])).toBeLessThanOrEqual(index + 2);
      expect(last([...heldByPeer, ...longTerm(anna), ...longTerm(ben)])).toBeLessThanOrEqual(index + 2);
    }
  });

  test("also when every curve is broken, by the KEM step; and when every KEM is, by the curve", () => {
    const run = play();
    const stolen = run.turns[2]?.held ?? [];
    expect(Math.max(...run.readTurns([...stolen, ...allDh(run)]))).toBeLessThanOrEqual(4);
    expect(Math.max(...run.readTurns([...stolen, ...allKem(run)]))).toBeLessThanOrEqual(4);
  });

  test("found without the steps: a thief reads on for ever", () => {
    const still = play({ ratchet: { withoutDh: true, withoutKem: true } });
    expect(still.readTurns(still.turns[2]?.held ?? [])).toEqual(range(4, turns));
    const classical = play({ ratchet: { withoutKem: true } });
    expect(classical.readTurns([...(classical.turns[2]?.held ?? []), ...allDh(classical)])).toEqual(
      range(4, turns),
    );
  });
});

/** Everything public, what Mallory is, and keys of her own making for a handshake. */
function impostor(stolen: readonly Term[], prekeys: Prekeys = fresh): Attacker {
  const own = [
    ...Object.values(mallory),
    name("x"),
    name("y"),
    tuple(pub(name("x")), ct(prekeys.pq, name("y"))),
  ];
  return new Attacker([...publicOf(anna), ...publicOf(ben, prekeys), ...own, ...stolen]);
}

describe("authentication", () => {
  /** What Ben computes when Mallory begins a session in Anna's name with her own ephemeral key and encapsulation. */
  const claimed = (hx1?: HandshakeVariant): Term => handshake(anna, ben, fresh, name("x"), name("y"), hx1).sk;

  test("nobody begins a session as Anna without Anna's device key", () => {
    expect(impostor([]).knows(claimed())).toBe(false);
    expect(impostor([...longTerm(ben), anna.aik, anna.dsk]).knows(claimed())).toBe(false);
    expect(impostor([anna.dik]).knows(claimed())).toBe(true);
  });

  test("found without the identity's part: anyone does", () => {
    expect(impostor([]).knows(claimed({ withoutIdentity: true }))).toBe(true);
  });

  test("found, as in every handshake of this family: who stole Ben's signed prekey can speak to Ben as Anna", () => {
    expect(impostor([fresh.spk]).knows(claimed())).toBe(true);
  });

  test("nobody answers Anna as Ben without Ben's keys, whatever prekeys the server swaps in unsigned", () => {
    const swapped: Prekeys = { ...fresh, opk: name("x") };
    const begun = handshake(anna, ben, swapped, name("e"), name("r"));
    const seen = [preBlock(anna, swapped, name("e"), name("r"))];
    expect(impostor(seen, swapped).knows(begun.sk)).toBe(false);
    expect(impostor([...seen, ben.dik], swapped).knows(begun.sk)).toBe(false);
    expect(impostor([...seen, ben.dik, fresh.spk, fresh.pq], swapped).knows(begun.sk)).toBe(true);
  });
});

describe("agreement", () => {
  const agreed = (change: Partial<Prekeys>, from = anna, to = ben, hx1?: HandshakeVariant) =>
    handshake(from, to, { ...fresh, ...change }, name("e"), name("r"), hx1);

  test("both sides have the same keys only if they agree on who they are, on every prekey and on its kind", () => {
    const real = agreed({});
    const others = [
      agreed({ spk: name("other") }),
      agreed({ opk: undefined }),
      agreed({ pq: name("other") }),
      agreed({ kind: "last-resort" }),
      agreed({}, { ...anna, account: mallory.account }),
      agreed({}, anna, { ...ben, account: mallory.account }),
      agreed({}, anna, { ...ben, aik: mallory.aik }),
      agreed({}, anna, { ...ben, dsk: mallory.dsk }),
    ];
    for (const other of others) expect(other.sk).not.toBe(real.sk);
    expect(agreed({})).toEqual(real);
  });

  test("found without the transcript: Mallory passes Ben's key off as her own and nobody notices", () => {
    const asMallory: Device = { ...mallory, dik: ben.dik };
    const bare = { withoutTranscript: true };
    expect(agreed({}, anna, asMallory, bare)).toEqual(agreed({}, anna, ben, bare));
    expect(agreed({}, anna, asMallory).sk).not.toBe(agreed({}).sk);
    expect(agreed({ kind: "last-resort" }, anna, ben, bare)).toEqual(agreed({}, anna, ben, bare));
  });
});

describe("the model itself", () => {
  test("the attacker takes apart and puts together what it may, and nothing else", () => {
    const secret = name("s");
    const attacker = new Attacker([name("a"), pub(secret), tuple(name("b"), kdf("h", secret))]);
    expect(
      [name("a"), name("b"), kdf("h", name("a"), name("b")), kdf("h", secret)].map((term) =>
        attacker.knows(term),
      ),
    ).toEqual([true, true, true, true]);
    expect([secret, kdf("g", secret)].map((term) => attacker.knows(term))).toEqual([false, false]);
  });
});
