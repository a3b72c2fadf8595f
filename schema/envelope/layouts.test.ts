import { expect, test } from "vitest";
import { bodyMinBytes, encodeBodyHead, parseBody } from "./body.ts";
import { concat } from "./bytes.ts";
import {
  capsuleEnvelopeMaxBytes,
  capsuleEnvelopeMinBytes,
  encodeCapsuleHead,
  parseCapsuleEnvelope,
} from "./capsule-envelope.ts";
import { deviceCertBytes, encodeDeviceCertTbs, parseDeviceCert } from "./device-cert.ts";
import {
  type DeviceListContent,
  encodeDeviceList,
  encodeDeviceListTbs,
  parseDeviceList,
} from "./device-list.ts";
import {
  encodeSignOutStatement,
  parseSignOutStatement,
  sessionRenewMessage,
  signOutMessage,
  signOutStatementBytes,
} from "./device-statements.ts";
import { encodePrekeyUpload, parsePrekeyUpload } from "./prekey-upload.ts";
import {
  encodeOneTimePrekey,
  encodePqPrekey,
  encodeSignedPrekey,
  parseOneTimePrekey,
  parsePqPrekey,
  parseSignedPrekey,
} from "./prekeys.ts";
import { encodeRetryEnvelope, parseRetryEnvelope, retryEnvelopeBytes } from "./retry-envelope.ts";

const fill = (length: number, value: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(value);
const malformed = expect.objectContaining({ name: "EnvelopeError", code: "MALFORMED" });
const unsupported = expect.objectContaining({ code: "UNSUPPORTED_VERSION" });

const certContent = {
  accountId: fill(16, 1),
  deviceId: 7,
  aik: fill(32, 2),
  dsk: fill(32, 3),
  dik: fill(32, 4),
  createdAtMs: 1_800_000_000_000,
};
const tbs = encodeDeviceCertTbs(certContent);
const cert = concat(tbs, fill(64, 5), fill(64, 6));
const listContent: DeviceListContent = {
  kind: "change",
  accountId: fill(16, 1),
  aik: fill(32, 2),
  version: 2,
  prevHash: fill(32, 3),
  issuedAtMs: 5,
  devices: [
    { deviceId: 1, status: "revoked", certHash: fill(32, 4) },
    { deviceId: 3, status: "active", certHash: fill(32, 5) },
  ],
};
const list = encodeDeviceList(encodeDeviceListTbs(listContent), fill(64, 8));
const signed = { keyId: 1, createdAtMs: 2, pub: fill(32, 3), sig: fill(64, 4) };
const pq = { kind: "oneTime" as const, keyId: 9, createdAtMs: 2, pub: fill(1568, 3), sig: fill(64, 4) };
const lastResort = { ...pq, kind: "lastResort" as const, keyId: 1 };
const oneTime = { keyId: 5, pub: fill(32, 6) };
const upload = { signed, lastResort, oneTime: [oneTime], oneTimePq: [pq] };
const signOut = { accountId: fill(16, 1), deviceId: 2, signedOutAtMs: 3, sig: fill(64, 4) };
const bodyHead = {
  conversationId: fill(16, 1),
  clientMsgId: fill(16, 2),
  commitment: fill(32, 3),
  nonce: fill(24, 4),
};
const body = concat(encodeBodyHead(bodyHead), fill(272, 5));
const pre = {
  signedPrekeyId: 1,
  oneTimePrekeyId: 0,
  pqKind: "lastResort" as const,
  pqPrekeyId: 2,
  ephemeral: fill(32, 1),
  kemCiphertext: fill(1568, 2),
  deviceCert: cert,
};
const framing = { headerNonce: fill(24, 1), encryptedHeader: fill(80, 2), bodyNonce: fill(24, 3) };
const capsule = concat(encodeCapsuleHead(framing), fill(272, 4));
const preCapsule = concat(
  encodeCapsuleHead({ ...framing, encryptedHeader: fill(2384, 2), pre }),
  fill(272, 4),
);
const retry = {
  fromAccountId: fill(16, 1),
  fromDeviceId: 2,
  toAccountId: fill(16, 3),
  toDeviceId: 4,
  reason: "NO_SESSION" as const,
  conversationId: fill(16, 5),
  clientMsgId: fill(16, 6),
  envelopeHash: fill(32, 7),
  sig: fill(64, 8),
};

test("layouts have the sizes of CRYPTO 2", () => {
  expect([tbs.length, cert.length, capsule.length, preCapsule.length]).toEqual([
    138,
    deviceCertBytes,
    capsuleEnvelopeMinBytes,
    capsuleEnvelopeMaxBytes,
  ]);
  expect(encodeSignedPrekey(signed).length).toBe(109);
  expect(encodePqPrekey(pq).length).toBe(1646);
  expect(encodeOneTimePrekey(oneTime).length).toBe(36);
  expect(body.length).toBe(bodyMinBytes);
  expect(encodeRetryEnvelope(retry).length).toBe(retryEnvelopeBytes);
  expect(encodeSignOutStatement(signOut).length).toBe(signOutStatementBytes);
});

test("every layout parses to what was encoded", () => {
  expect(parseDeviceCert(cert)).toEqual({
    ...certContent,
    tbs,
    sigAik: fill(64, 5),
    sigDsk: fill(64, 6),
    bytes: cert,
  });
  expect(parseDeviceList(list)).toEqual({
    ...listContent,
    tbs: encodeDeviceListTbs(listContent),
    sigAik: fill(64, 8),
    bytes: list,
  });
  expect(parseSignedPrekey(encodeSignedPrekey(signed))).toEqual(signed);
  expect(parsePqPrekey(encodePqPrekey(pq))).toEqual(pq);
  expect(parseOneTimePrekey(encodeOneTimePrekey(oneTime))).toEqual(oneTime);
  expect(parsePrekeyUpload(encodePrekeyUpload(upload))).toEqual(upload);
  expect(parseSignOutStatement(encodeSignOutStatement(signOut))).toEqual(signOut);
  expect(parseBody(body)).toEqual({ ...bodyHead, ciphertext: fill(272, 5) });
  expect(parseRetryEnvelope(encodeRetryEnvelope(retry))).toEqual(retry);
  expect(parseCapsuleEnvelope(preCapsule).pre).toEqual(pre);
  expect(parseCapsuleEnvelope(capsule)).toEqual({
    ...framing,
    ciphertext: fill(272, 4),
    head: capsule.slice(0, 133),
  });
});

const parsers: [string, Uint8Array, (bytes: Uint8Array) => unknown][] = [
  ["device certificate", cert, parseDeviceCert],
  ["device list", list, parseDeviceList],
  ["signed prekey", encodeSignedPrekey(signed), parseSignedPrekey],
  ["PQ prekey", encodePqPrekey(pq), parsePqPrekey],
  ["prekey upload", encodePrekeyUpload(upload), parsePrekeyUpload],
  ["sign-out statement", encodeSignOutStatement(signOut), parseSignOutStatement],
  ["body", body, parseBody],
  ["capsule envelope", capsule, parseCapsuleEnvelope],
  ["capsule envelope with pre block", preCapsule, parseCapsuleEnvelope],
  ["retry envelope", encodeRetryEnvelope(retry), parseRetryEnvelope],
];

test.each(parsers)("%s: truncated or extended by 1…64 bytes is MALFORMED", (_, bytes, parse) => {
  for (let count = 1; count <= 64; count += 1) {
    expect(() => parse(bytes.subarray(0, bytes.length - count))).toThrow(malformed);
    expect(() => parse(concat(bytes, new Uint8Array(count)))).toThrow(malformed);
  }
  expect(() => parse(new Uint8Array(0))).toThrow(malformed);
});

test.each(parsers)("%s: every other version is refused", (_, bytes, parse) => {
  for (let version = 0; version < 256; version += 1) {
    if (version === 1) continue;
    const changed = Uint8Array.from(bytes).fill(version, 0, 1);
    expect(() => parse(changed)).toThrow(version === 0 ? malformed : unsupported);
  }
});

test.each(parsers.filter(([name]) => /body|envelope/.test(name)))(
  "%s: every other type is refused",
  (_, bytes, parse) => {
    for (let type = 0; type < 256; type += 1) {
      if (type === bytes[1]) continue;
      expect(() => parse(Uint8Array.from(bytes).fill(type, 1, 2))).toThrow(malformed);
    }
  },
);

test("capsule envelope: unknown flags and header lengths are MALFORMED", () => {
  for (let flags = 1; flags < 256; flags += 1) {
    expect(() => parseCapsuleEnvelope(Uint8Array.from(capsule).fill(flags, 2, 3))).toThrow(malformed);
  }
  for (const length of [0, 79, 81, 1296, 65_535]) {
    const changed = Uint8Array.from(capsule);
    new DataView(changed.buffer).setUint16(3, length);
    expect(() => parseCapsuleEnvelope(changed)).toThrow(malformed);
  }
});

test("device certificate: other algorithm, device zero, notAfter and capabilities are MALFORMED", () => {
  for (const at of [1, 133, 137]) {
    expect(() => parseDeviceCert(Uint8Array.from(cert).fill(0x7f, at, at + 1))).toThrow(malformed);
  }
  expect(() => parseDeviceCert(Uint8Array.from(cert).fill(0, 18, 22))).toThrow(malformed);
});

test.each([
  ["ids that do not increase", { devices: [...listContent.devices].reverse() }],
  ["a repeated id", { devices: [listContent.devices[0]!, listContent.devices[0]!] }],
  ["no device", { devices: [] }],
  [
    "17 devices",
    { devices: Array.from({ length: 17 }, (_, i) => ({ ...listContent.devices[0]!, deviceId: i + 1 })) },
  ],
  ["genesis above version 1", { kind: "genesis" as const, prevHash: fill(32, 0) }],
  ["a change at version 1", { version: 1 }],
  ["a change without previous hash", { prevHash: fill(32, 0) }],
])("device list: %s is MALFORMED", (_, change) => {
  expect(() => encodeDeviceListTbs({ ...listContent, ...change })).toThrow(malformed);
});

test("device list: only a rotation carries a second signature", () => {
  const rotation = encodeDeviceListTbs({ ...listContent, kind: "rotation" });
  expect(() => parseDeviceList(encodeDeviceList(rotation, fill(64, 1)))).toThrow(malformed);
  expect(parseDeviceList(encodeDeviceList(rotation, fill(64, 1), fill(64, 2))).sigOldAik).toEqual(
    fill(64, 2),
  );
  expect(() => parseDeviceList(encodeDeviceList(list.slice(0, -64), fill(64, 1), fill(64, 2)))).toThrow(
    malformed,
  );
});

test.each([
  ["empty", { oneTime: [], oneTimePq: [] }],
  ["a repeated id", { oneTime: [oneTime, oneTime], oneTimePq: [] }],
  ["key id zero", { oneTime: [{ ...oneTime, keyId: 0 }], oneTimePq: [] }],
  ["a last-resort key among one-time keys", { oneTime: [], oneTimePq: [lastResort] }],
  ["a one-time key as last resort", { lastResort: pq, oneTime: [], oneTimePq: [] }],
])("prekey upload: %s is MALFORMED", (_, bad) => {
  expect(() => parsePrekeyUpload(encodePrekeyUpload(bad))).toThrow(malformed);
});

test("body: a size outside the padding buckets is MALFORMED", () => {
  for (const size of [271, 273, 300, 529]) {
    expect(() => parseBody(concat(encodeBodyHead(bodyHead), fill(size, 5)))).toThrow(malformed);
  }
});

test("statements are signed under their own labels", () => {
  expect(String.fromCharCode(...signOutMessage(signOut).subarray(0, 24))).toBe("sotto/v1/device-signout\0");
  expect(sessionRenewMessage(fill(16, 1), 2, fill(32, 3)).length).toBe(23 + 16 + 4 + 32);
  expect(() => sessionRenewMessage(fill(16, 1), 2, fill(31, 3))).toThrow(RangeError);
});
