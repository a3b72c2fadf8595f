/**
 * libsignal's sender key as another profile of our sender chain: its chain constants, its message key derivation, AES-256-CBC, a version byte
 * and Ed25519 in the place of XEdDSA. There are no published bytes for it; what is shown is that its rules run through our core, and the
 * scenarios of `rust/protocol/tests/groups.rs`.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { type Bytes, concat } from "#schema/envelope/bytes.ts";
import {
  openInChain,
  type ReceivingChain,
  sealInChain,
  type SenderChain,
  type SenderChainProfile,
  type SendingChain,
} from "#core/crypto/group/sender-chain.ts";
import { nobleProvider as provider } from "#core/crypto/noble-provider.ts";
import { code } from "#test/support/crypto/expect-refused.ts";

const own = (bytes: Uint8Array): Bytes => Uint8Array.from(bytes);
const hmacOf = (key: Uint8Array, value: number): Bytes =>
  own(
    createHmac("sha256", key)
      .update(Buffer.from([value]))
      .digest(),
  );
/** `iv 16 ‖ cipher key 32`. */
const keysOf = (messageKey: Uint8Array): Bytes =>
  new Uint8Array(hkdfSync("sha256", messageKey, Buffer.alloc(32), "WhisperGroup", 48));

const libsignal: SenderChainProfile = {
  maxSkip: 25_000,
  maxSkippedTotal: 2_000,
  skippedMaxAgeMs: Number.MAX_SAFE_INTEGER,
  kdfChain: (_, chainKey) => ({ messageKey: hmacOf(chainKey, 1), chainKey: hmacOf(chainKey, 2) }),
  contentKey: (_, messageKey) => keysOf(messageKey),
  seal(_, keys, __, plaintext) {
    const cipher = createCipheriv("aes-256-cbc", keys.subarray(16), keys.subarray(0, 16));
    return concat(cipher.update(plaintext), cipher.final());
  },
  tryOpen(_, keys, __, ciphertext) {
    const cipher = createDecipheriv("aes-256-cbc", keys.subarray(16), keys.subarray(0, 16));
    try {
      return concat(cipher.update(ciphertext), cipher.final());
    } catch {
      return undefined;
    }
  },
  sign: (_, secret, message) => provider.sign(secret, message),
  verify: (_, publicKey, message, signature) => provider.verify(publicKey, message, signature),
};

const core: SenderChain = { provider, profile: libsignal };
const none = new Uint8Array(0);
const secret = new Uint8Array(32).fill(7);
const signingKey = provider.ed25519PublicKey(secret);
const seed = new Uint8Array(32).fill(9);
/** `version 0x33 | iteration u32`. */
const headOf = (iteration: number): Bytes => own(Buffer.from([0x33, 0, 0, iteration >> 8, iteration & 255]));

class Group {
  sending: SendingChain = { chainKey: seed, number: 0 };
  receiving: ReceivingChain = { chainKey: seed, number: 0, skipped: new Map() };

  send(text: string): Bytes {
    const frameOf = (number: number) => ({
      nonce: none,
      head: headOf(number),
      adPrefix: none,
      signaturePrefix: none,
    });
    const sealed = sealInChain(core, this.sending, secret, frameOf, new TextEncoder().encode(text));
    this.sending = sealed.chain;
    return sealed.bytes;
  }

  receive(bytes: Uint8Array): string {
    const frame = {
      nonce: none,
      head: bytes.subarray(0, 5),
      adPrefix: none,
      signaturePrefix: none,
      number: Buffer.from(bytes).readUInt32BE(1),
      ciphertext: bytes.subarray(5, -64),
      signature: bytes.subarray(-64),
    };
    const opened = openInChain(core, this.receiving, signingKey, frame, 0);
    this.receiving = opened.chain;
    return new TextDecoder().decode(opened.plaintext);
  }
}

describe("libsignal's group scenarios", () => {
  test("group_basic_encrypt_decrypt", () => {
    const group = new Group();
    expect(group.receive(group.send("space camp?"))).toBe("space camp?");
  });

  test("group_basic_ratchet: in order, each message once", () => {
    const group = new Group();
    const messages = ["swim camp", "robot camp", "ninja camp"].map((text) => group.send(text));
    expect(group.receive(messages[0]!)).toBe("swim camp");
    expect(() => group.receive(messages[0]!)).toThrow(code("DUPLICATE"));
    expect(group.receive(messages[2]!)).toBe("ninja camp");
    expect(group.receive(messages[1]!)).toBe("robot camp");
  });

  test("group_late_join: a chain handed over later opens nothing from before", () => {
    const group = new Group();
    const early = Array.from({ length: 100 }, (_, index) => group.send(`nefarious plotting ${index}/100`));
    group.receiving = { ...group.sending, skipped: new Map() };
    expect(() => group.receive(early[99]!)).toThrow(code("DUPLICATE"));
    expect(group.receive(group.send("welcome"))).toBe("welcome");
  });

  test("group_out_of_order: 100 messages shuffled", () => {
    const group = new Group();
    const sent = Array.from({ length: 100 }, (_, index) => group.send(`${index}/100`));
    for (let at = 0; at < 100; at += 1) {
      const index = (at * 37) % 100;
      expect(group.receive(sent[index]!)).toBe(`${index}/100`);
    }
  });

  test("group_too_far_in_the_future: more than 25,000 ahead is refused, and nothing changes", () => {
    const group = new Group();
    for (let index = 0; index < 25_001; index += 1) {
      group.sending = { chainKey: hmacOf(group.sending.chainKey, 2), number: group.sending.number + 1 };
    }
    const before = group.receiving;
    expect(() => group.receive(group.send("too far"))).toThrow(code("TOO_FAR"));
    expect(group.receiving).toBe(before);
  });

  test("group_message_key_limit: of 2,010 passed over the newest 2,000 are kept", () => {
    const group = new Group();
    const sent = Array.from({ length: 2_011 }, (_, index) => group.send(`${index}`));
    expect(group.receive(sent[2_010]!)).toBe("2010");
    expect(group.receive(sent[2_009]!)).toBe("2009");
    expect(group.receive(sent[10]!)).toBe("10");
    expect(() => group.receive(sent[0]!)).toThrow(code("DUPLICATE"));
  }, 30_000);

  test("a broken signature and a broken ciphertext", () => {
    const group = new Group();
    const bytes = group.send("text");
    const wrongSignature = bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte));
    expect(() => group.receive(wrongSignature)).toThrow(code("BAD_SIGNATURE"));
    const head = bytes.slice(0, 5);
    const garbage = concat(head, new Uint8Array(16));
    expect(() => group.receive(concat(garbage, provider.sign(secret, garbage)))).toThrow(code("BAD_TAG"));
    expect(group.receive(bytes)).toBe("text");
  });
});
