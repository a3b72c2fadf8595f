/** The vectors of the RFCs behind every primitive, through the provider's own wrappers. */
import { argon2id } from "@noble/hashes/argon2.js";
import { describe, expect, test } from "vitest";
import { nobleProvider } from "#core/crypto/noble-provider.ts";
import { suite1 } from "#core/crypto/session/suite1.ts";
import { nodeProvider } from "#test/support/crypto/node-provider.ts";
import { fromHex, toHex } from "./wycheproof-files.ts";

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
const repeat = (byte: string, count: number): string => byte.repeat(count);

describe.each([
  ["noble", nobleProvider],
  ["node", nodeProvider],
])("%s", (_, provider) => {
  test.each([
    [
      "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
      "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
      "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
    ],
    [
      "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
      "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
      "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957",
    ],
  ])("RFC 7748 5.2: %s", (scalar, point, result) => {
    expect(toHex(provider.x25519(fromHex(scalar), fromHex(point)))).toBe(result);
  });

  test("RFC 7748 6.1: Diffie-Hellman", () => {
    const alice = fromHex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    const bob = fromHex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
    expect(toHex(provider.x25519PublicKey(alice))).toBe(
      "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
    );
    expect(toHex(provider.x25519PublicKey(bob))).toBe(
      "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
    );
    expect(toHex(provider.x25519(alice, provider.x25519PublicKey(bob)))).toBe(
      "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742",
    );
  });

  test.each([
    [repeat("0b", 20), ascii("Hi There"), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"],
    [
      toHex(ascii("Jefe")),
      ascii("what do ya want for nothing?"),
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ],
    [
      repeat("aa", 20),
      fromHex(repeat("dd", 50)),
      "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
    ],
    [
      repeat("aa", 131),
      ascii("Test Using Larger Than Block-Size Key - Hash Key First"),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    ],
  ])("RFC 4231: HMAC-SHA256 with key %s", (key, data, tag) => {
    expect(toHex(provider.hmac(fromHex(key), data))).toBe(tag);
  });

  test.each([
    [
      repeat("0b", 22),
      "000102030405060708090a0b0c",
      "f0f1f2f3f4f5f6f7f8f9",
      "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    ],
    [
      repeat("0b", 22),
      "",
      "",
      "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    ],
  ])("RFC 5869 A: HKDF-SHA256 of %s", (ikm, salt, info, okm) => {
    expect(toHex(provider.hkdf(fromHex(salt), fromHex(ikm), fromHex(info), 42))).toBe(okm);
  });

  test("the chain step is Signal's (libsignal, test_chain_key_derivation)", () => {
    const seed = fromHex("8ab72d6f4cc5ac0d387eaf463378ddb28edd07385b1cb01250c715982e7ad48f");
    const { messageKey, chainKey } = suite1.kdfChain(provider, seed);
    const keys = provider.hkdf(new Uint8Array(32), messageKey, ascii("WhisperMessageKeys"), 80);
    expect(toHex(keys.subarray(0, 32))).toBe(
      "bf51e9d75e0e31031051f82a2491ffc084fa298b7793bd9db620056febf45217",
    );
    expect(toHex(keys.subarray(32, 64))).toBe(
      "c6c77d6a73a354337a56435e34607dfe48e3ace14e77314dc6abc172e7a7030b",
    );
    expect(toHex(chainKey)).toBe("28e8f8fee54b801eef7c5cfb2f17f32c7b334485bbb70fac6ec10342a246d15d");
  });
});

test.each([
  [
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  ],
  [
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  ],
  [
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  ],
])("RFC 8032 7.1: Ed25519 of seed %s", (seed, publicKey, message, signature) => {
  expect(toHex(nobleProvider.ed25519PublicKey(fromHex(seed)))).toBe(publicKey);
  expect(toHex(nobleProvider.sign(fromHex(seed), fromHex(message)))).toBe(signature);
  expect(nobleProvider.verify(fromHex(publicKey), fromHex(message), fromHex(signature))).toBe(true);
});

test("draft-irtf-cfrg-xchacha A.3: XChaCha20-Poly1305", () => {
  const plaintext = ascii(
    "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
  );
  const key = Uint8Array.from({ length: 32 }, (_, index) => 0x80 + index);
  const nonce = Uint8Array.from({ length: 24 }, (_, index) => 0x40 + index);
  const ad = fromHex("50515253c0c1c2c3c4c5c6c7");
  const sealed = nobleProvider.seal(key, nonce, plaintext, ad);
  expect(toHex(sealed)).toBe(
    "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452" +
      "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49",
  );
  expect(nobleProvider.tryOpen(key, nonce, sealed, ad)).toEqual(plaintext);
});

test("RFC 9106 5.3: Argon2id with secret and associated data, in the library", () => {
  const tag = argon2id(fromHex(repeat("01", 32)), fromHex(repeat("02", 16)), {
    t: 3,
    m: 32,
    p: 4,
    key: fromHex(repeat("03", 8)),
    personalization: fromHex(repeat("04", 12)),
    dkLen: 32,
  });
  expect(toHex(tag)).toBe("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659");
});

test("Argon2id through the provider (reference implementation, t=2, m=64 MiB, p=1)", async () => {
  const params = { memoryKib: 65_536, passes: 2, lanes: 1 };
  const tag = await nobleProvider.argon2id(ascii("password"), ascii("somesalt"), params, 32);
  expect(toHex(tag)).toBe("09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7");
});
