/** CRYPTO-TESTS 4.2. What the server adds (24, the stock metric of 22) and the app's notices (17) are tested with them. */
import { describe, expect, test } from "vitest";
import { concat } from "#schema/envelope/bytes.ts";
import { parseCapsuleEnvelope, preBlockBytes } from "#schema/envelope/capsule-envelope.ts";
import {
  deviceCertMessage,
  devicePopMessage,
  encodeDeviceCertTbs,
  parseDeviceCert,
} from "#schema/envelope/device-cert.ts";
import { encodeDeviceList } from "#schema/envelope/device-list.ts";
import {
  encodeOneTimePrekey,
  encodePqPrekey,
  encodeSignedPrekey,
  signedPrekeyMessage,
} from "#schema/envelope/prekeys.ts";
import { type PrekeyBundle, verifyBundle } from "#core/crypto/bundle.ts";
import { deviceCertHash, verifyDeviceCert } from "#core/crypto/device-identity.ts";
import { createGenesisList } from "#core/crypto/device-list.ts";
import { verifyListChain } from "#core/crypto/list-chain.ts";
import { nobleProvider } from "#core/crypto/noble-provider.ts";
import { decryptCapsule, startSession } from "#core/crypto/session/peer-session.ts";
import { code, expectRefused, flip, stateOf } from "#test/support/crypto/expect-refused.ts";
import { nodeProvider as provider } from "#test/support/crypto/node-provider.ts";
import {
  bundleOf,
  connect,
  contextOf,
  createPeer,
  type Peer,
  prekeysOf,
  receive,
  send,
  startMs,
} from "#test/support/crypto/peers.ts";

const people = (): [Peer, Peer] => [
  createPeer(provider, { account: 1 }),
  createPeer(provider, { account: 2 }),
];
const [alice, bob] = people();
const bundle: Required<PrekeyBundle> = {
  signed: encodeSignedPrekey(bob.upload.signed!),
  pq: encodePqPrekey(bob.upload.oneTimePq[0]!),
  oneTime: encodeOneTimePrekey(bob.upload.oneTime[0]!),
};
const verifyWith = (change: Partial<PrekeyBundle>) => () =>
  verifyBundle(provider, bob.device, { ...bundle, ...change }, startMs);

describe("[ATTACK 16] BAD_SIGNATURE", () => {
  const sibling = createPeer(provider, { account: 2, deviceId: 2 });
  const { signed, pq } = { signed: bob.upload.signed!, pq: bob.upload.oneTimePq[0]! };
  const cases: [string, Partial<PrekeyBundle>][] = [
    ["zeroed SPK signature", { signed: encodeSignedPrekey({ ...signed, sig: new Uint8Array(64) }) }],
    ["zeroed PQ signature", { pq: encodePqPrekey({ ...pq, sig: new Uint8Array(64) }) }],
    ["SPK of another device of the same user", { signed: encodeSignedPrekey(sibling.upload.signed!) }],
    ["PQ prekey of another device", { pq: encodePqPrekey(sibling.upload.oneTimePq[0]!) }],
    ["SPK with a new id", { signed: encodeSignedPrekey({ ...signed, keyId: 99 }) }],
    ["SPK with a new date", { signed: encodeSignedPrekey({ ...signed, createdAtMs: startMs + 1 }) }],
    ["PQ kind flipped", { pq: encodePqPrekey({ ...pq, kind: "lastResort" }) }],
    ["PQ prekey with a new id", { pq: encodePqPrekey({ ...pq, keyId: 99 }) }],
  ];
  test.each(cases)("%s", (_, change) => expect(verifyWith(change)).toThrow(code("BAD_SIGNATURE")));

  test("stripped signatures are MALFORMED", () => {
    expect(verifyWith({ signed: bundle.signed.subarray(0, -64) })).toThrow(code("MALFORMED"));
    expect(verifyWith({ pq: bundle.pq.subarray(0, -64) })).toThrow(code("MALFORMED"));
  });
});

/** The encodings of points of small order, and non-canonical ones, that RFC 7748 implementations must give zero for. */
const lowOrder = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "0000000000000000000000000000000000000000000000000000000000000080",
  "0100000000000000000000000000000000000000000000000000000000000080",
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b880",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f11d7",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
].map((hex) => Uint8Array.from(Buffer.from(hex, "hex")));

describe.each([
  ["noble", nobleProvider],
  ["node", provider],
])("[ATTACK 19] all 12 low-order X25519 encodings are refused (%s)", (_, provider) => {
  const context = { ...contextOf(alice), provider };
  const verified = bundleOf(bob);

  test("as SPK, OPK or DIK of a bundle: no session", () => {
    for (const pub of lowOrder) {
      const device = { ...verified.device, cert: { ...verified.device.cert, dik: pub } };
      for (const change of [
        { signed: { ...verified.signed, pub } },
        { oneTime: { keyId: 1, pub } },
        { device },
      ]) {
        expect(() => startSession(context, undefined, { ...verified, ...change })).toThrow(code("MALFORMED"));
      }
    }
  });

  test("as EK of a first message: nothing stored, nothing consumed", () => {
    const [from, to] = people();
    connect(from, to);
    const envelope = send(from, to, "first");
    for (const pub of lowOrder) {
      const changed = Uint8Array.from(envelope);
      changed.set(pub, 3 + 13);
      expect(parseCapsuleEnvelope(changed).pre?.ephemeral).toEqual(pub);
      expectRefused(to, from, changed, "MALFORMED");
    }
  });
});

describe("[ATTACK 20] small-order Ed25519 keys with a universal signature", () => {
  const small = Uint8Array.from({ length: 32 }, (_, index) => (index === 0 ? 1 : 0));
  const universal = concat(small, new Uint8Array(32));

  test("as AIK and DSK of a certificate: BAD_CERT", () => {
    const tbs = encodeDeviceCertTbs({ ...bob.own.cert, aik: small, dsk: small });
    const forged = concat(tbs, universal, universal);
    const expected = { accountId: bob.own.cert.accountId, aik: small };
    expect(() => verifyDeviceCert(nobleProvider, forged, expected)).toThrow(code("BAD_CERT"));
  });

  test("as AIK of a device list, as DSK over a prekey: BAD_SIGNATURE", () => {
    const genesis = { accountId: bob.own.cert.accountId, issuedAtMs: 1, certs: [bob.own.cert] };
    const list = createGenesisList(provider, { secret: bob.aik.secret, pub: small }, genesis);
    const forged = encodeDeviceList(list.tbs, universal);
    expect(() => verifyListChain(nobleProvider, genesis.accountId, [forged])).toThrow(code("BAD_SIGNATURE"));
    const device = { ...bob.device, cert: { ...bob.own.cert, dsk: small } };
    const signed = encodeSignedPrekey({ ...bob.upload.signed!, sig: universal });
    const pq = encodePqPrekey({ ...bob.upload.oneTimePq[0]!, sig: universal });
    expect(() => verifyBundle(nobleProvider, device, { signed, pq }, startMs)).toThrow(code("BAD_SIGNATURE"));
  });
});

describe("[ATTACK 21] ML-KEM", () => {
  test("a key above the modulus: MALFORMED, no session", () => {
    const verified = bundleOf(bob);
    const pq = { ...verified.pq, pub: new Uint8Array(1568).fill(255) };
    expect(() => startSession(contextOf(alice), undefined, { ...verified, pq })).toThrow(code("MALFORMED"));
  });

  test("a wrong ciphertext: BAD_TAG, no prekey consumed", () => {
    const [from, to] = people();
    connect(from, to);
    const envelope = send(from, to, "first");
    expectRefused(to, from, flip(envelope, 3 + 45 + 700), "BAD_TAG");
    expect(receive(to, from, envelope)).toBe("first");
    expect([...to.secrets.keys()]).toEqual(["signed/1", "lastResort/2", "oneTime/4", "oneTimePq/6"]);
  });
});

describe("[ATTACK 22] prekeys swapped or withheld", () => {
  test("a swapped one-time prekey, and edited ids, EK or CT: the handshake fails closed", () => {
    const [from, to] = people();
    const verified = bundleOf(to);
    const swapped = { ...verified, oneTime: { ...to.upload.oneTime[1]!, keyId: verified.oneTime!.keyId } };
    from.record = startSession(contextOf(from), undefined, swapped);
    expectRefused(to, from, send(from, to, "first"), "BAD_TAG");
    connect(from, to);
    const good = send(from, to, "first");
    for (const at of [6, 10, 11, 15, 30, 60])
      expectRefused(to, from, flip(good, at), "BAD_TAG", "PREKEY_UNKNOWN", "MALFORMED");
    const renamed = Uint8Array.from(good);
    new DataView(renamed.buffer).setUint32(3 + 4, to.upload.oneTime[1]!.keyId);
    expectRefused(to, from, renamed, "BAD_TAG");
    expect(receive(to, from, good)).toBe("first");
  });

  test.each([
    { oneTime: -1, pq: 0 },
    { oneTime: 0, pq: -1 },
    { oneTime: -1, pq: -1 },
  ])(
    "withheld (%j): the session works, is marked until the first reply, and its owner learns what was used",
    (pick) => {
      const [from, to] = people();
      connect(from, to, pick);
      expect(from.record?.current?.isLastResort).toBe(true);
      const opened = decryptCapsule(
        contextOf(to),
        undefined,
        from.device,
        send(from, to, "hi"),
        prekeysOf(to),
      );
      expect(opened.started).toEqual({ withOneTime: pick.oneTime === 0, withOneTimePq: pick.pq === 0 });
      expect(opened.lastResortUse?.length).toBe(pick.pq === -1 ? 40 : undefined);
      to.record = opened.record;
      receive(from, to, send(to, from, "hello"));
      expect(from.record?.current?.isLastResort).toBe(false);
    },
  );
});

test("[ATTACK 23] PREKEY_REUSED: a last-resort first message again after its session was deleted", () => {
  const [from, to] = people();
  connect(from, to, { oneTime: -1, pq: -1 });
  const first = send(from, to, "first");
  expect(receive(to, from, first)).toBe("first");
  to.record = undefined;
  expect(to.secrets.has("lastResort/2")).toBe(true);
  expectRefused(to, from, first, "PREKEY_REUSED");
});

test("[ATTACK 23] PREKEY_UNKNOWN: the same with one-time prekeys, which are gone", () => {
  for (const pick of [{}, { oneTime: -1 }, { pq: -1 }]) {
    const [from, to] = people();
    connect(from, to, pick);
    const first = send(from, to, "first");
    receive(to, from, first);
    to.record = undefined;
    expectRefused(to, from, first, "PREKEY_UNKNOWN", "PREKEY_REUSED");
  }
});

describe("[ATTACK 25] no classical path", () => {
  test("a bundle without PQ, a lowered version byte: MALFORMED", () => {
    expect(verifyWith({ pq: new Uint8Array(0) })).toThrow(code("MALFORMED"));
    expect(verifyWith({ pq: Uint8Array.from(bundle.pq).fill(0, 0, 1) })).toThrow(code("MALFORMED"));
    expect(verifyWith({ signed: Uint8Array.from(bundle.signed).fill(2, 0, 1) })).toThrow(
      code("UNSUPPORTED_VERSION"),
    );
  });

  test("a certificate with a cleared capability, also when signed: MALFORMED", () => {
    const tbs = Uint8Array.from(bob.own.cert.tbs).fill(2, 137, 138);
    const sigAik = provider.sign(bob.aik.secret, deviceCertMessage(tbs));
    const sigDsk = provider.sign(bob.own.keys.dsk.secret, devicePopMessage(tbs, sigAik));
    const expected = { accountId: bob.own.cert.accountId, aik: bob.aik.pub };
    expect(() => verifyDeviceCert(provider, concat(tbs, sigAik, sigDsk), expected)).toThrow(
      code("MALFORMED"),
    );
  });
});

test("[ATTACK 26] unknown key share: a session for Mallory, who certified Bob's DIK, does not open at Bob", () => {
  const [from, to] = people();
  const mallory = createPeer(provider, { account: 3 });
  const tbs = encodeDeviceCertTbs({ ...mallory.own.cert, dik: to.own.cert.dik });
  const sigAik = provider.sign(mallory.aik.secret, deviceCertMessage(tbs));
  const sigDsk = provider.sign(mallory.own.keys.dsk.secret, devicePopMessage(tbs, sigAik));
  const cert = parseDeviceCert(concat(tbs, sigAik, sigDsk));
  const device = { ...mallory.device, cert, certHash: deviceCertHash(provider, cert.bytes) };
  const victim = bundleOf(to);
  const sig = provider.sign(mallory.own.keys.dsk.secret, signedPrekeyMessage(device, victim.signed));
  from.record = startSession(contextOf(from), undefined, {
    ...victim,
    device,
    signed: { ...victim.signed, sig },
  });
  const relayed = { ...to, device };
  expectRefused(to, from, send(from, relayed, "for Mallory"), "BAD_TAG");
});

test("[ATTACK 28] a failed first message saves no identity, deletes no prekey, stores no session", () => {
  const [from, to] = people();
  connect(from, to);
  const envelope = send(from, to, "first");
  const before = stateOf(to);
  expectRefused(to, from, flip(envelope, envelope.length - 1), "BAD_TAG");
  expect(to.record).toBeUndefined();
  expect(stateOf(to)).toEqual(before);
  const stranger = createPeer(provider, { account: 1 });
  expectRefused(to, stranger, envelope, "UNTRUSTED_IDENTITY");
  expect(envelope.length).toBeGreaterThan(preBlockBytes);
});
