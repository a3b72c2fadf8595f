/** RFC 9180 A.2 (DHKEM-X25519-HKDF-SHA256, HKDF-SHA256, ChaCha20-Poly1305), and a second implementation beside ours. */
import { Chacha20Poly1305 } from "@hpke/chacha20poly1305";
import { CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import { describe, expect, test } from "vitest";
import { type Bytes } from "#schema/envelope/bytes.ts";
import { hpkeChaCha, type HpkeInputs, hpkeRecipient, hpkeSender } from "#core/crypto/hpke/hpke.ts";
import { nobleProvider } from "#core/crypto/noble-provider.ts";
import { type KeyPair } from "#core/crypto/provider.ts";
import { code } from "#test/support/crypto/expect-refused.ts";
import { seededRandom } from "#test/support/crypto/seeded-random.ts";
import { fromHex, toHex } from "./wycheproof-files.ts";

const info = fromHex("4f6465206f6e2061204772656369616e2055726e");
const plaintext = fromHex("4265617574792069732074727574682c20747275746820626561757479");
const count = (sequence: number): Uint8Array => new TextEncoder().encode(`Count-${sequence}`);
const contexts = [new Uint8Array(0), fromHex("00"), fromHex("54657374436f6e74657874")];

const vectors = [
  {
    name: "A.2.1 base",
    inputs: { info },
    skEm: "f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600",
    pkRm: "4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a",
    skRm: "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb",
    enc: "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a",
    ciphertexts: {
      0: "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28",
      1: "6b53c051e4199c518de79594e1c4ab18b96f081549d45ce015be002090bb119e85285337cc95ba5f59992dc98c",
      2: "71146bd6795ccc9c49ce25dda112a48f202ad220559502cef1f34271e0cb4b02b4f10ecac6f48c32f878fae86b",
      4: "63357a2aa291f5a4e5f27db6baa2af8cf77427c7c1a909e0b37214dd47db122bb153495ff0b02e9e54a50dbe16",
      255: "18ab939d63ddec9f6ac2b60d61d36a7375d2070c9b683861110757062c52b8880a5f6b3936da9cd6c23ef2a95c",
      256: "7a4a13e9ef23978e2c520fd4d2e757514ae160cd0cd05e556ef692370ca53076214c0c40d4c728d6ed9e727a5b",
    },
    exports: [
      "4bbd6243b8bb54cec311fac9df81841b6fd61f56538a775e7c80a9f40160606e",
      "8c1df14732580e5501b00f82b10a1647b40713191b7c1240ac80e2b68808ba69",
      "5acb09211139c43b3090489a9da433e8a30ee7188ba8b0a9a1ccf0c229283e53",
    ],
  },
  {
    name: "A.2.2 psk",
    inputs: {
      info,
      psk: {
        key: fromHex("0247fd33b913760fa1fa51e1892d9f307fbe65eb171e8132c2af18555a738b82"),
        id: fromHex("456e6e796e20447572696e206172616e204d6f726961"),
      },
    },
    skEm: "0c35fdf49df7aa01cd330049332c40411ebba36e0c718ebc3edf5845795f6321",
    pkRm: "13640af826b722fc04feaa4de2f28fbd5ecc03623b317834e7ff4120dbe73062",
    skRm: "77d114e0212be51cb1d76fa99dd41cfd4d0166b08caa09074430a6c59ef17879",
    enc: "2261299c3f40a9afc133b969a97f05e95be2c514e54f3de26cbe5644ac735b04",
    ciphertexts: {
      0: "4a177f9c0d6f15cfdf533fb65bf84aecdc6ab16b8b85b4cf65a370e07fc1d78d28fb073214525276f4a89608ff",
      1: "5c3cabae2f0b3e124d8d864c116fd8f20f3f56fda988c3573b40b09997fd6c769e77c8eda6cda4f947f5b704a8",
    },
    exports: [
      "813c1bfc516c99076ae0f466671f0ba5ff244a41699f7b2417e4c59d46d39f40",
      "2745cf3d5bb65c333658732954ee7af49eb895ce77f8022873a62a13c94cb4e1",
      "ad40e3ae14f21c99bfdebc20ae14ab86f4ca2dc9a4799d200f43a25f99fa78ae",
    ],
  },
] as const;

describe.each(vectors)("RFC 9180 $name", (vector) => {
  const provider = { ...nobleProvider, random: () => fromHex(vector.skEm) };
  const inputs: HpkeInputs = vector.inputs;
  const own: KeyPair = { secret: fromHex(vector.skRm), pub: fromHex(vector.pkRm) };
  const last = Math.max(...Object.keys(vector.ciphertexts).map(Number));

  test("encapsulated key, ciphertexts by sequence number, exported values, on both sides", () => {
    const { enc, context } = hpkeSender(provider, hpkeChaCha, own.pub, inputs);
    expect(toHex(enc)).toBe(vector.enc);
    const recipient = hpkeRecipient(provider, hpkeChaCha, own, enc, inputs);
    const made: Record<number, string> = {};
    for (let sequence = 0; sequence <= last; sequence += 1) {
      const sealed = context.seal(plaintext, count(sequence));
      if (sequence in vector.ciphertexts) made[sequence] = toHex(sealed);
      expect(recipient.open(sealed, count(sequence))).toEqual(plaintext);
    }
    expect(made).toEqual(vector.ciphertexts);
    for (const side of [context, recipient]) {
      expect(contexts.map((each) => toHex(side.export(each, 32)))).toEqual(vector.exports);
    }
  });
});

describe("refusals", () => {
  const own = { secret: fromHex(vectors[0].skRm), pub: fromHex(vectors[0].pkRm) };
  const { enc, context } = hpkeSender(nobleProvider, hpkeChaCha, own.pub, { info });
  const sealed = context.seal(plaintext);
  const open = (from: Uint8Array, ciphertext: Uint8Array, inputs: HpkeInputs = { info }): Bytes =>
    hpkeRecipient(nobleProvider, hpkeChaCha, own, from, inputs).open(ciphertext);

  test("BAD_TAG: another info, another mode, another key, any flipped bit, out of order; then the right one opens", () => {
    const psk = { key: new Uint8Array(32), id: new Uint8Array(1) };
    expect(() => open(enc, sealed, { info: plaintext })).toThrow(code("BAD_TAG"));
    expect(() => open(enc, sealed, { info, psk })).toThrow(code("BAD_TAG"));
    expect(() => open(own.pub, sealed)).toThrow(code("BAD_TAG"));
    for (let at = 0; at < sealed.length; at += 1) {
      const flipped = sealed.map((byte, index) => (index === at ? byte ^ 1 : byte));
      expect(() => open(enc, flipped)).toThrow(code("BAD_TAG"));
    }
    const second = context.seal(plaintext);
    const recipient = hpkeRecipient(nobleProvider, hpkeChaCha, own, enc, { info });
    expect(() => recipient.open(second)).toThrow(code("BAD_TAG"));
    expect(recipient.open(sealed)).toEqual(plaintext);
    expect(recipient.open(second)).toEqual(plaintext);
    expect(() => recipient.open(second)).toThrow(code("BAD_TAG"));
  });

  test("[ATTACK 19] MALFORMED: an encapsulated or recipient key of low order or another length", () => {
    expect(() => open(new Uint8Array(32), sealed)).toThrow(code("MALFORMED"));
    expect(() => open(enc.subarray(1), sealed)).toThrow(code("MALFORMED"));
    expect(() => hpkeSender(nobleProvider, hpkeChaCha, new Uint8Array(32), { info })).toThrow(
      code("MALFORMED"),
    );
  });

  test("a pre-shared key that is too short or has no name is not used; nor an export that is too long", () => {
    for (const psk of [
      { key: new Uint8Array(31), id: new Uint8Array(1) },
      { key: new Uint8Array(32), id: new Uint8Array(0) },
    ]) {
      expect(() => hpkeSender(nobleProvider, hpkeChaCha, own.pub, { info, psk })).toThrow(RangeError);
    }
    expect(() => context.export(info, 255 * 32 + 1)).toThrow(RangeError);
  });
});

test("ours and @hpke/core open what the other sealed and export the same, in both modes", async () => {
  const random = seededRandom(9180);
  const bytes = (length: number): Bytes => Uint8Array.from({ length }, () => random.below(256));
  const theirs = new CipherSuite({
    kem: new DhkemX25519HkdfSha256(),
    kdf: new HkdfSha256(),
    aead: new Chacha20Poly1305(),
  });
  for (let round = 0; round < 20; round += 1) {
    const secret = nobleProvider.random(32);
    const own = { secret, pub: nobleProvider.x25519PublicKey(secret) };
    const inputs = {
      info: bytes(random.below(100)),
      ...(round % 2 === 0 && { psk: { key: bytes(32 + random.below(10)), id: bytes(1 + random.below(20)) } }),
    };
    const recipientKey = await theirs.kem.importKey("raw", secret.buffer, false);
    const publicKey = await theirs.kem.importKey("raw", own.pub.buffer, true);
    const sender = await theirs.createSenderContext({ recipientPublicKey: publicKey, ...inputs });
    const ours = hpkeRecipient(nobleProvider, hpkeChaCha, own, new Uint8Array(sender.enc), inputs);
    const reverse = hpkeSender(nobleProvider, hpkeChaCha, own.pub, inputs);
    const recipient = await theirs.createRecipientContext({ recipientKey, enc: reverse.enc, ...inputs });
    for (let message = 0; message < 3; message += 1) {
      const [text, ad] = [bytes(random.below(200)), bytes(random.below(30))];
      expect(ours.open(new Uint8Array(await sender.seal(text, ad)), ad)).toEqual(text);
      expect(new Uint8Array(await recipient.open(reverse.context.seal(text, ad), ad))).toEqual(text);
    }
    const exported = await sender.export(inputs.info, 50);
    expect(ours.export(inputs.info, 50)).toEqual(new Uint8Array(exported));
  }
});
