/** HX1 (CRYPTO 2.3) over terms. A variant leaves something out, to show that it is needed. */
import { constant, ct, dh, ek, kdf, name, pub, sig, ss, type Term, tuple } from "./terms.ts";

/** Secrets of a device. */
export interface Device {
  readonly account: Term;
  /** Seed of the account key. */
  readonly aik: Term;
  readonly dsk: Term;
  readonly dik: Term;
}

export interface Prekeys {
  readonly spk: Term;
  /** Undefined: the server said that it had none left. */
  readonly opk: Term | undefined;
  /** Seed, and whether it is used once or is the last resort. */
  readonly pq: Term;
  readonly kind: "one-time" | "last-resort";
}

export interface HandshakeVariant {
  /** DH of the initiator's identity with the signed prekey. */
  readonly withoutIdentity?: boolean;
  readonly withoutKem?: boolean;
  readonly withoutTranscript?: boolean;
}

export interface Keys {
  readonly sk: Term;
  readonly hka: Term;
  readonly nhkb: Term;
  readonly ad: Term;
}

export function deviceOf(owner: string): Device {
  const of = (key: string): Term => name(`${key}${owner}`);
  return { account: of("account"), aik: of("aik"), dsk: of("dsk"), dik: of("dik") };
}

/** To be signed: account, account key, both device keys. */
function tbsOf({ account, aik, dsk, dik }: Device): Term {
  return tuple(account, pub(aik), pub(dsk), pub(dik));
}

/** What the server and everyone sees of a device and its prekeys. */
export function publicOf(device: Device, prekeys?: Prekeys): Term[] {
  const tbs = tbsOf(device);
  const seen = [tuple(tbs, sig(device.aik, tbs))];
  if (prekeys === undefined) return seen;
  const { spk, opk, pq } = prekeys;
  seen.push(sig(device.dsk, pub(spk)), sig(device.dsk, ek(pq)));
  if (opk !== undefined) seen.push(pub(opk));
  return seen;
}

/** What both sides compute. `ephemeral` and `random` are the initiator's, or an attacker's who plays one. */
export function handshake(
  from: Device,
  to: Device,
  prekeys: Prekeys,
  ephemeral: Term,
  random: Term,
  variant: HandshakeVariant = {},
): Keys {
  const { spk, opk, pq, kind } = prekeys;
  const transcript = kdf(
    "transcript",
    tbsOf(from),
    tbsOf(to),
    pub(spk),
    opk === undefined ? constant("none") : pub(opk),
    constant(kind),
    ek(pq),
    pub(ephemeral),
    ct(pq, random),
  );
  const input = [
    ...(variant.withoutIdentity === true ? [] : [dh(from.dik, spk)]),
    dh(ephemeral, to.dik),
    dh(ephemeral, spk),
    ...(opk === undefined ? [] : [dh(ephemeral, opk)]),
    ...(variant.withoutKem === true ? [] : [ss(pq, random)]),
    ...(variant.withoutTranscript === true ? [] : [transcript]),
  ];
  const ad = variant.withoutTranscript === true ? constant("ad") : kdf("ad", tbsOf(from), tbsOf(to));
  return { sk: kdf("sk", ...input), hka: kdf("hka", ...input), nhkb: kdf("nhkb", ...input), ad };
}

/** The block that goes with the first messages. */
export function preBlock(from: Device, prekeys: Prekeys, ephemeral: Term, random: Term): Term {
  return tuple(pub(ephemeral), ct(prekeys.pq, random), tbsOf(from));
}
