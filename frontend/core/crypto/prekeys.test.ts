import { expect, test } from "vitest";
import { parsePrekeyUpload } from "#schema/envelope/prekey-upload.ts";
import {
  encodeOneTimePrekey,
  encodePqPrekey,
  encodeSignedPrekey,
  prekeyUploadMessage,
} from "#schema/envelope/prekeys.ts";
import { verifyBundle } from "./bundle.ts";
import { certifyDevice, createAccountKey, createDeviceKeys, deviceCertHash } from "./device-identity.ts";
import { nobleProvider as provider } from "./noble-provider.ts";
import { decodePrekeySecret, encodePrekeySecret, firstPrekeyRequest, generatePrekeys } from "./prekeys.ts";
import { signRetry, verifyRetry } from "./retry.ts";

const code = (name: string): unknown => expect.objectContaining({ name: "CryptoError", code: name });
const nowMs = 1_800_000_000_000;

function device(account: number) {
  const accountId = new Uint8Array(16).fill(account);
  const keys = createDeviceKeys(provider);
  const cert = certifyDevice(provider, createAccountKey(provider), keys, {
    accountId,
    deviceId: 1,
    createdAtMs: nowMs,
  });
  const certHash = deviceCertHash(provider, cert.bytes);
  return { own: { keys, cert }, known: { accountId, deviceId: 1, cert, certHash } };
}

const [alice, bob, carol] = [device(1), device(2), device(3)];

test("the first batch is SPK, LRK, 100 one-time and 50 one-time PQ prekeys, signed as a whole", () => {
  const batch = generatePrekeys(provider, bob.own, firstPrekeyRequest(nowMs));
  const upload = parsePrekeyUpload(batch.upload);
  expect([upload.oneTime.length, upload.oneTimePq.length, batch.secrets.length]).toEqual([100, 50, 152]);
  expect(batch.nextKeyId).toBe(153);
  expect(new Set(batch.secrets.map(({ keyId }) => keyId)).size).toBe(152);
  const message = prekeyUploadMessage(bob.own.cert, provider.sha256(batch.upload));
  expect(provider.verify(bob.own.cert.dsk, message, batch.uploadSig)).toBe(true);
  const bundle = {
    signed: encodeSignedPrekey(upload.signed!),
    pq: encodePqPrekey(upload.lastResort!),
    oneTime: encodeOneTimePrekey(upload.oneTime[99]!),
  };
  expect(verifyBundle(provider, bob.known, bundle, nowMs)).toMatchObject({ pq: { kind: "lastResort" } });
});

test("a refill has one-time prekeys only and goes on counting", () => {
  const request = { nowMs, firstKeyId: 500, rotate: false, oneTimeCount: 2, oneTimePqCount: 1 };
  const batch = generatePrekeys(provider, bob.own, request);
  const upload = parsePrekeyUpload(batch.upload);
  expect(Object.keys(upload).toSorted()).toEqual(["oneTime", "oneTimePq"]);
  expect(batch.secrets.map(({ kind, keyId }) => `${kind}/${keyId}`)).toEqual([
    "oneTime/500",
    "oneTime/501",
    "oneTimePq/502",
  ]);
});

test("prekey secrets survive their codec; other lengths, kinds and key id zero are MALFORMED", () => {
  for (const kind of ["signed", "lastResort", "oneTime", "oneTimePq"] as const) {
    const secret = new Uint8Array(/last|Pq/.test(kind) ? 64 : 32).fill(7);
    const prekey = { kind, keyId: 3, createdAtMs: nowMs, secret };
    const bytes = encodePrekeySecret(prekey);
    expect(decodePrekeySecret(bytes)).toEqual(prekey);
    expect(() => decodePrekeySecret(bytes.subarray(1))).toThrow(code("MALFORMED"));
    expect(() => decodePrekeySecret(Uint8Array.from(bytes).fill(0, 1, 5))).toThrow(code("MALFORMED"));
    expect(() => decodePrekeySecret(Uint8Array.from(bytes).fill(9, 0, 1))).toThrow(code("MALFORMED"));
  }
});

const request = {
  reason: "NO_SESSION" as const,
  conversationId: new Uint8Array(16).fill(1),
  clientMsgId: new Uint8Array(16).fill(2),
  envelopeHash: new Uint8Array(32).fill(3),
};

test("a retry request opens for the device it was made for", () => {
  const bytes = signRetry(provider, alice.own, bob.known, request);
  expect(verifyRetry(provider, alice.known, bob.own, bytes)).toEqual(request);
});

test("a retry request of or for another device, or changed, is refused", () => {
  const bytes = signRetry(provider, alice.own, bob.known, request);
  expect(() => verifyRetry(provider, carol.known, bob.own, bytes)).toThrow(code("BAD_BINDING"));
  expect(() => verifyRetry(provider, alice.known, carol.own, bytes)).toThrow(code("BAD_BINDING"));
  const changed = Uint8Array.from(bytes);
  changed[60]! ^= 1;
  expect(() => verifyRetry(provider, alice.known, bob.own, changed)).toThrow(code("BAD_SIGNATURE"));
  expect(() => verifyRetry(provider, alice.known, bob.own, bytes.subarray(0, -1))).toThrow(code("MALFORMED"));
  const impostor = { ...alice.known, cert: carol.own.cert };
  expect(() => verifyRetry(provider, impostor, bob.own, bytes)).toThrow(code("BAD_SIGNATURE"));
});
