import { expect, test } from "vitest";
import { assertSignatures } from "./ed25519.ts";

const message = Uint8Array.from([1, 2, 3]);
const smallOrder = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

test("[DV2] a good signature passes; another message, key or signature does not", async () => {
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  if (!("privateKey" in pair)) throw new Error("no pair");
  const raw = await crypto.subtle.exportKey("raw", pair.publicKey);
  if (!(raw instanceof ArrayBuffer)) throw new Error("no raw key");
  const key = new Uint8Array(raw);
  const signature = new Uint8Array(await crypto.subtle.sign("Ed25519", pair.privateKey, message));
  await assertSignatures([{ key, message, signature }]);
  const bad = [
    { key, message: Uint8Array.from([1, 2]), signature },
    { key: key.map((byte) => byte ^ 1), message, signature },
    { key, message, signature: signature.map((byte, at) => (at === 63 ? byte ^ 1 : byte)) },
    { key: key.slice(1), message, signature },
  ];
  for (const signed of bad) {
    await expect(assertSignatures([{ key, message, signature }, signed])).rejects.toMatchObject({
      kind: "bad_signature",
    });
  }
});

test.each(smallOrder)("[DV2] a key of small order signs nothing, with either sign: %s", async (hex) => {
  // R = identity and S = 0 hold for any message under such a key, where nobody looks at the key.
  const signature = new Uint8Array(64);
  signature[0] = 1;
  const key = Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
  const negative = key.map((byte, at) => (at === 31 ? byte | 0x80 : byte));
  for (const each of [key, negative]) {
    await expect(assertSignatures([{ key: each, message, signature }])).rejects.toMatchObject({
      kind: "bad_signature",
    });
  }
});
