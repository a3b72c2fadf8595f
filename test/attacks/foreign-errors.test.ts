/** Whatever bytes come in, parsers and openers answer with a typed refusal or a value: never a foreign error, never a hang. */
import * as fc from "fast-check";
import { test } from "vitest";
import { parseBody } from "#schema/envelope/body.ts";
import { parseCapsuleEnvelope } from "#schema/envelope/capsule-envelope.ts";
import { parseDeviceCert } from "#schema/envelope/device-cert.ts";
import { parseDeviceList } from "#schema/envelope/device-list.ts";
import { parseSignOutStatement } from "#schema/envelope/device-statements.ts";
import { parsePrekeyUpload } from "#schema/envelope/prekey-upload.ts";
import { parsePqPrekey, parseSignedPrekey } from "#schema/envelope/prekeys.ts";
import { parseRetryEnvelope } from "#schema/envelope/retry-envelope.ts";
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { openBody, sealBody } from "#core/crypto/body.ts";
import { encodeCapsule, parseCapsule } from "#core/crypto/capsule.ts";
import { decodeCbor, encodeCbor } from "#core/crypto/cbor.ts";
import { encodeContent, parseContent } from "#core/crypto/content.ts";
import { decodeOwnDevice, encodeOwnDevice } from "#core/crypto/device-identity.ts";
import { createGenesisList } from "#core/crypto/device-list.ts";
import { verifyListChain } from "#core/crypto/list-chain.ts";
import { unpad } from "#core/crypto/padded.ts";
import { decodePrekeySecret, generatePrekeys } from "#core/crypto/prekeys.ts";
import { openRecord, sealRecord } from "#core/crypto/record-seal.ts";
import { formatRecoveryCode, parseRecoveryCode } from "#core/crypto/recovery-code.ts";
import { signRetry, verifyRetry } from "#core/crypto/retry.ts";
import { encodeHeader, parseHeader } from "#core/crypto/session/header.ts";
import { decodePeerRecord, encodePeerRecord } from "#core/crypto/session/record-codec.ts";
import { openVault, sealVault } from "#core/crypto/vault.ts";
import { expectTyped, expectTypedForAnyBytes } from "#test/support/crypto/any-bytes.ts";
import { nodeProvider as provider } from "#test/support/crypto/node-provider.ts";
import { connect, createPeer, receive, send } from "#test/support/crypto/peers.ts";

const [alice, bob] = [createPeer(provider, { account: 1 }), createPeer(provider, { account: 2 })];
connect(alice, bob);
const first = send(alice, bob, "first");
receive(bob, alice, first);
receive(alice, bob, send(bob, alice, "second"));
const plain = send(alice, bob, "third");

const fill = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
const content = {
  conversationId: fill(16, 1),
  clientMsgId: fill(16, 2),
  senderAccountId: fill(16, 1),
  senderDeviceId: 1,
  sentAtMs: 5,
  payload: { type: "text" as const, text: "text", replyTo: fill(16, 3) },
};
const sealed = sealBody(provider, content);
const gossip = {
  mine: { version: 1, hash8: fill(8, 1) },
  yours: { version: 0, hash8: fill(8, 0) },
  log: { size: 0, root8: fill(8, 0) },
};
const inline = new Map<string, number | readonly number[]>([
  ["read", 7],
  ["list", [1, -2]],
]);
const genesis = { accountId: alice.device.accountId, issuedAtMs: 1, certs: [alice.own.cert] };
const list = createGenesisList(provider, alice.aik, genesis).bytes;
const batch = generatePrekeys(provider, alice.own, {
  nowMs: 1,
  firstKeyId: 1,
  rotate: true,
  oneTimeCount: 1,
  oneTimePqCount: 1,
});
const request = {
  reason: "NO_SESSION" as const,
  conversationId: fill(16, 1),
  clientMsgId: fill(16, 2),
  envelopeHash: fill(32, 3),
};
const vault = {
  aikSeed: fill(32, 1),
  backupRoot: fill(32, 2),
  profileKey: fill(32, 3),
  pins: [],
  lastDeviceId: 1,
  epoch: 1,
};
const address = { accountId: fill(16, 1), keyVersion: 1 };
const place = { store: "s", key: "k" };

const readers: [string, Uint8Array, (bytes: Uint8Array) => unknown][] = [
  ["body", sealed.body, parseBody],
  ["capsule envelope", first, parseCapsuleEnvelope],
  ["device certificate", alice.own.cert.bytes, parseDeviceCert],
  ["device list", list, parseDeviceList],
  ["sign-out statement", fill(93, 1), parseSignOutStatement],
  ["prekey upload", batch.upload, parsePrekeyUpload],
  ["signed prekey", fill(109, 1), parseSignedPrekey],
  ["PQ prekey", fill(1646, 1), parsePqPrekey],
  ["retry envelope", fill(171, 1), parseRetryEnvelope],
  [
    "opening a body",
    sealed.body,
    (bytes) =>
      openBody(provider, bytes, { ...content, ...sealed, bodyHash: provider.sha256(bytes) }, bob.device),
  ],
  ["capsule", encodeCapsule({ gossip, payload: { kind: "inline", value: inline } }), parseCapsule],
  ["cbor", encodeCbor(inline), decodeCbor],
  ["content", encodeContent(content), parseContent],
  ["own device", encodeOwnDevice(alice.own), decodeOwnDevice],
  ["list chain", list, (bytes) => verifyListChain(provider, genesis.accountId, [bytes])],
  ["padding", fill(256, 0), unpad],
  ["prekey secret", fill(45, 1), decodePrekeySecret],
  [
    "record",
    sealRecord(provider, fill(32, 1), { ...place, generation: 1 }, fill(9, 1)),
    (bytes) => openRecord(provider, fill(32, 1), place, bytes),
  ],
  [
    "retry request",
    signRetry(provider, alice.own, bob.device, request),
    (bytes) => verifyRetry(provider, alice.device, bob.own, bytes),
  ],
  ["header", encodeHeader({ dh: fill(32, 1), previousCount: 1, number: 1 }), parseHeader],
  ["peer record", encodePeerRecord(alice.record!), decodePeerRecord],
  [
    "vault",
    sealVault(provider, fill(32, 1), address, vault),
    (bytes) => openVault(provider, fill(32, 1), address, bytes),
  ],
  ["first message", first, (bytes) => receive({ ...bob }, alice, bytes)],
  ["message", plain, (bytes) => receive({ ...bob }, alice, bytes)],
];

test.each(readers)(
  "[ATTACK 6] %s: random and edited bytes give a value or a typed refusal",
  (_, valid, read) => expectTypedForAnyBytes(valid, read),
);

test("[ATTACK 65] any text as recovery code or base64url gives a value or a typed refusal", () => {
  const code = formatRecoveryCode(provider, fill(24, 9));
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.nat(46).map((at) => `${code.slice(0, at)}\u212a${code.slice(at + 1)}`),
  );
  fc.assert(
    fc.property(text, (value) => {
      expectTyped(() => parseRecoveryCode(provider, value));
      expectTyped(() => decodeBase64url(value));
    }),
    { seed: 20_261_121, numRuns: 1000 },
  );
});
