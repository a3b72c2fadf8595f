/** Attachments, safety numbers, HPKE, links and reports once more, from CRYPTO 2.9 to 2.14, RFC 9180 and RFC 5869. */
import { cbor, type Field, padme, read, readAll, unpadded } from "./layouts.ts";
import {
  agree,
  hexOf,
  hkdf,
  hmac,
  labelled,
  open,
  openIetf,
  publicOf,
  refuseUnless,
  sha256,
  sha512,
} from "./primitives.ts";

/** Opens a whole blob, chunk by chunk. */
export function openBlob(
  blob: Buffer,
  fileKey: Buffer,
  address: { conversationId: Buffer; attachmentId: Buffer },
  size: number,
): Buffer {
  const { bytes, rest } = read(blob, [
    ["salt", 24],
    ["commit", 32],
  ]);
  const info = Buffer.concat([labelled("att1"), address.conversationId, address.attachmentId]);
  const okm = hkdf(bytes["salt"]!, fileKey, info, 88);
  refuseUnless(okm.subarray(56).equals(bytes["commit"]!), "commitment");
  const chunks: Buffer[] = [];
  for (let at = 0, index = 0; ; index += 1) {
    const chunk = rest.subarray(at, at + 65_552);
    refuseUnless(chunk.length >= 16, "no last chunk");
    const nonce = Buffer.from(okm.subarray(32, 56));
    const counter = Buffer.alloc(5);
    counter.writeUIntBE(index, 0, 5);
    for (let byte = 0; byte < 5; byte += 1) nonce[19 + byte]! ^= counter[byte]!;
    chunks.push(open(okm.subarray(0, 32), nonce, chunk, Buffer.alloc(0)));
    at += chunk.length;
    if (chunk.length < 65_552) {
      refuseUnless(at === rest.length, "after the last chunk");
      break;
    }
  }
  const padded = Buffer.concat(chunks);
  refuseUnless(padded.length === padme(Math.max(1024, size)), "padded size");
  refuseUnless(
    padded.subarray(size).every((byte) => byte === 0),
    "padding",
  );
  return padded.subarray(0, size);
}

/** Signal's numeric fingerprint: 64 bytes. */
export function fingerprint(key: Buffer, stableId: Buffer, iterations: number): Buffer {
  let hash = sha512(Buffer.from([0, 0]), key, stableId, key);
  for (let round = 1; round < iterations; round += 1) hash = sha512(hash, key);
  return hash;
}

export function digits(hash: Buffer): string {
  let text = "";
  for (let at = 0; at < 30; at += 5) text += String(hash.readUIntBE(at, 5) % 100_000).padStart(5, "0");
  return text;
}

interface Hpke {
  open(sequence: number, ciphertext: Buffer, ad: Buffer): Buffer;
  export(context: Buffer, length: number): Buffer;
}

/** The receiving end of RFC 9180 with suite 0x0020, 0x0001, 0x0003. */
export function hpke(secret: Buffer, enc: Buffer, info: Buffer, psk?: { key: Buffer; id: Buffer }): Hpke {
  const extract = (id: Buffer, salt: Buffer, name: string, ikm: Buffer): Buffer =>
    hmac(salt, Buffer.from("HPKE-v1"), id, Buffer.from(name), ikm);
  const expand = (id: Buffer, prk: Buffer, name: string, context: Buffer, length: number): Buffer => {
    const size = Buffer.alloc(2);
    size.writeUInt16BE(length);
    const full = Buffer.concat([size, Buffer.from("HPKE-v1"), id, Buffer.from(name), context]);
    let [block, out, counter]: [Buffer, Buffer, number] = [Buffer.alloc(0), Buffer.alloc(0), 1];
    for (; out.length < length; counter += 1) {
      block = hmac(prk, block, full, Buffer.from([counter]));
      out = Buffer.concat([out, block]);
    }
    return out.subarray(0, length);
  };
  const none = Buffer.alloc(0);
  const kem = Buffer.from("KEM\x00\x20", "latin1");
  const suite = Buffer.from("HPKE\x00\x20\x00\x01\x00\x03", "latin1");
  const kemContext = Buffer.concat([enc, publicOf("x25519", secret)]);
  const prk = extract(kem, none, "eae_prk", agree(secret, enc));
  const shared = expand(kem, prk, "shared_secret", kemContext, 32);
  const context = Buffer.concat([
    Buffer.from([psk ? 1 : 0]),
    extract(suite, none, "psk_id_hash", psk?.id ?? none),
    extract(suite, none, "info_hash", info),
  ]);
  const master = extract(suite, shared, "secret", psk?.key ?? none);
  const key = expand(suite, master, "key", context, 32);
  const base = expand(suite, master, "base_nonce", context, 12);
  return {
    open(sequence, ciphertext, ad) {
      const nonce = Buffer.from(base);
      nonce.writeUInt8(nonce.readUInt8(11) ^ sequence, 11);
      return openIetf(key, nonce, ciphertext, ad);
    },
    export: (purpose, length) =>
      expand(suite, expand(suite, master, "exp", context, 32), "sec", purpose, length),
  };
}

export function linkCode(text: string): { rendezvous: Buffer; ephemeral: Buffer; psk: Buffer } {
  refuseUnless(/^sotto:\/\/link#[A-Za-z0-9_-]{108}$/.test(text), "text");
  const bytes = Buffer.from(text.slice(13), "base64url");
  const fields = readAll(bytes, [
    ["version", "u8"],
    ["rendezvous", 16],
    ["ephemeral", 32],
    ["psk", 32],
  ]);
  refuseUnless(fields.numbers["version"] === 1, "version");
  const { rendezvous, ephemeral, psk } = fields.bytes;
  return { rendezvous: rendezvous!, ephemeral: ephemeral!, psk: psk! };
}

export function openUnderPsk(sealed: Buffer, code: { rendezvous: Buffer; psk: Buffer }): Buffer {
  const key = hkdf(Buffer.alloc(0), code.psk, labelled("link-request"), 32);
  const ad = Buffer.concat([labelled("link-request"), code.rendezvous]);
  return unpadded(open(key, sealed.subarray(0, 24), sealed.subarray(24), ad));
}

const reportedMessage: readonly Field[] = [
  ["conversationId", 16],
  ["sequence", 8],
  ["clientMsgId", 16],
  ["sender", 16],
  ["device", 4],
  ["serverTime", 8],
  ["frankingKey", 32],
  ["commitment", 32],
  ["tag", 32],
  ["length", "u32"],
  ["content", { of: "length" }],
];

/** Opens a report and checks every message in it; the texts. */
export function openReport(sealed: Buffer, secret: Buffer, reporter: Buffer, dayKey: Buffer): string[] {
  const outer = read(sealed, [
    ["version", "u8"],
    ["enc", 32],
  ]);
  refuseUnless(outer.numbers["version"] === 1, "version");
  const context = hpke(secret, outer.bytes["enc"]!, labelled("report"));
  return checkReport(unpadded(context.open(0, outer.rest, reporter)), reporter, dayKey);
}

export function checkReport(report: Buffer, reporter: Buffer, dayKey: Buffer): string[] {
  const head = read(report, [
    ["version", "u8"],
    ["reporter", 16],
    ["reason", "u8"],
    ["length", "u16"],
    ["note", { of: "length" }],
    ["count", "u8"],
  ]);
  const { version, reason, length, count } = head.numbers;
  refuseUnless(version === 1 && reason! >= 1 && reason! <= 4 && length! <= 2000, "head");
  refuseUnless(count! >= 1 && count! <= 6, "number of messages");
  refuseUnless(hexOf(head.bytes["reporter"]!) === hexOf(reporter), "reporter");
  let rest = head.rest;
  const texts: string[] = [];
  for (let index = 0; index < count!; index += 1) {
    const fields = read(rest, reportedMessage);
    const part = (name: string): Buffer => fields.bytes[name]!;
    const delivered = ["commitment", "conversationId", "sequence", "sender", "device", "serverTime"].map(
      part,
    );
    refuseUnless(hmac(dayKey, labelled("frank-tag"), ...delivered).equals(part("tag")), "tag");
    const said = ["conversationId", "clientMsgId", "sender", "content"].map(part);
    const commitment = hmac(part("frankingKey"), labelled("frank"), ...said);
    refuseUnless(commitment.equals(part("commitment")), "commitment");
    texts.push(String((cbor(part("content")) as Record<string, unknown>)["x"]));
    rest = fields.rest;
  }
  refuseUnless(rest.length === 0, "trailing bytes");
  return texts;
}

export const hashOf = (bytes: Buffer): string => hexOf(sha256(bytes));
