/** Certificates, device lists, bodies, capsules, vault and records once more, from CRYPTO 2.1, 2.5, 2.12 and 2.13. */
import { cbor, type Field, read, readAll, unpadded } from "./layouts.ts";
import { hkdf, hmac, isSigned, labelled, open, refuseUnless, sha256 } from "./primitives.ts";

const certTable: readonly Field[] = [
  ["version", "u8"],
  ["algorithm", "u8"],
  ["accountId", 16],
  ["deviceId", "u32"],
  ["aik", 32],
  ["dsk", 32],
  ["dik", 32],
  ["createdAt", "u64"],
  ["notAfter", "u64"],
  ["caps", "u32"],
  ["sigAik", 64],
  ["sigDsk", 64],
];

export function checkCert(cert: Buffer) {
  const { numbers, bytes } = readAll(cert, certTable);
  refuseUnless(numbers["version"] === 1 && numbers["algorithm"] === 1, "version or algorithm");
  refuseUnless(numbers["deviceId"]! > 0 && numbers["notAfter"] === 0 && numbers["caps"] === 3, "fields");
  const tbs = cert.subarray(0, 138);
  const byAccount = Buffer.concat([labelled("device-cert"), tbs]);
  refuseUnless(isSigned(bytes["aik"]!, byAccount, bytes["sigAik"]!), "account signature");
  const byDevice = Buffer.concat([labelled("device-pop"), tbs, bytes["sigAik"]!]);
  refuseUnless(isSigned(bytes["dsk"]!, byDevice, bytes["sigDsk"]!), "device signature");
  return { numbers, bytes, hash: sha256(labelled("device-cert-hash"), cert) };
}

const listHead: readonly Field[] = [
  ["version", "u8"],
  ["kind", "u8"],
  ["accountId", 16],
  ["aik", 32],
  ["number", "u32"],
  ["prevHash", 32],
  ["issuedAt", "u64"],
  ["count", "u8"],
];

/** Checks a list on top of the one before it; its hash and account key are what the next one needs. */
export function checkList(list: Buffer, before: { hash: Buffer; aik: Buffer; number: number } | undefined) {
  const { numbers, bytes } = read(list, listHead);
  const { version, kind, number, count } = numbers;
  refuseUnless(version === 1 && kind! >= 1 && kind! <= 4 && count! >= 1 && count! <= 16, "head");
  refuseUnless(number === (before?.number ?? 0) + 1, "version");
  refuseUnless(bytes["prevHash"]!.equals(before?.hash ?? Buffer.alloc(32)), "previous list");
  const tbs = list.subarray(0, 95 + 37 * count!);
  const tail: Field[] = [["sigAik", 64]];
  if (kind === 3) tail.push(["sigOld", 64]);
  const signatures = readAll(list.subarray(tbs.length), tail).bytes;
  const message = Buffer.concat([labelled("device-list-sig"), tbs]);
  refuseUnless(isSigned(bytes["aik"]!, message, signatures["sigAik"]!), "signature");
  if (kind === 3) {
    const handOver = Buffer.concat([labelled("device-list-rotate"), tbs, signatures["sigAik"]!]);
    refuseUnless(isSigned(before!.aik, handOver, signatures["sigOld"]!), "hand-over");
  } else refuseUnless(kind !== 2 || bytes["aik"]!.equals(before!.aik), "account key");
  const entries = Array.from({ length: count! }, (_, at) => {
    const entry = readAll(tbs.subarray(95 + 37 * at, 95 + 37 * (at + 1)), [
      ["deviceId", "u32"],
      ["status", "u8"],
      ["certHash", 32],
    ]);
    return { ...entry.numbers, certHash: entry.bytes["certHash"]! };
  });
  return { hash: sha256(labelled("device-list"), list), aik: bytes["aik"]!, number: number!, entries };
}

/** Opens a direct body with what its capsule says; the content's map. */
export function openDirectBody(
  body: Buffer,
  capsule: Buffer,
  senderAccount: Buffer,
): Record<string, unknown> {
  const { numbers, bytes: key } = read(capsule, [
    ["kind", "u8"],
    ["gossip", 40],
    ["conversationId", 16],
    ["clientMsgId", 16],
    ["bodyKey", 32],
    ["bodyHash", 32],
    ["sentAt", 8],
    ["expireAfter", 4],
  ]);
  refuseUnless(numbers["kind"] === 1 && capsule.length === 256, "capsule");
  refuseUnless(sha256(body).equals(key["bodyHash"]!), "body hash");
  const head = read(body, [
    ["version", "u8"],
    ["type", "u8"],
    ["conversationId", 16],
    ["clientMsgId", 16],
    ["commitment", 32],
    ["nonce", 24],
  ]);
  refuseUnless(head.numbers["version"] === 1 && head.numbers["type"] === 0x20, "version or type");
  refuseUnless(head.bytes["conversationId"]!.equals(key["conversationId"]!), "conversation");
  refuseUnless(head.bytes["clientMsgId"]!.equals(key["clientMsgId"]!), "message");
  const ad = Buffer.concat([labelled("body"), body.subarray(0, 90)]);
  const plaintext = unpadded(open(key["bodyKey"]!, head.bytes["nonce"]!, head.rest, ad));
  const [encoded, frankingKey] = [plaintext.subarray(0, -32), plaintext.subarray(-32)];
  const names = [key["conversationId"]!, key["clientMsgId"]!, senderAccount];
  const commitment = hmac(frankingKey, labelled("frank"), ...names, encoded);
  refuseUnless(commitment.equals(head.bytes["commitment"]!), "commitment");
  return cbor(encoded) as Record<string, unknown>;
}

export function openVault(vault: Buffer, key: Buffer, accountId: Buffer): Record<string, unknown> {
  const { bytes, rest } = read(vault, [
    ["version", "u8"],
    ["keyVersion", 4],
    ["nonce", 24],
  ]);
  const ad = Buffer.concat([labelled("vault"), accountId, bytes["keyVersion"]!]);
  return cbor(open(key, bytes["nonce"]!, rest, ad)) as Record<string, unknown>;
}

export function unwrap(
  wrap: Buffer,
  kek: Buffer,
  kind: number,
  accountId: Buffer,
  keyVersion: number,
): Buffer {
  const version = Buffer.alloc(4);
  version.writeUInt32BE(keyVersion);
  const ad = Buffer.concat([Buffer.from([kind]), accountId, version]);
  return open(kek, wrap.subarray(0, 24), wrap.subarray(24), ad);
}

/** The 24 bytes behind a recovery code. */
export function recoverySecret(code: string): Buffer {
  let value = 0n;
  for (const char of code.replaceAll("-", "").split("")) {
    value = value * 32n + BigInt("0123456789ABCDEFGHJKMNPQRSTVWXYZ".indexOf(char));
  }
  const bytes = Buffer.from(value.toString(16).padStart(50, "0"), "hex");
  refuseUnless(sha256(bytes.subarray(0, 24))[0] === bytes[24], "checksum");
  return bytes.subarray(0, 24);
}

export function openStoredRecord(record: Buffer, dmk: Buffer, store: string, key: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(Buffer.byteLength(key));
  const address = Buffer.concat([
    Buffer.from([Buffer.byteLength(store)]),
    Buffer.from(store),
    length,
    Buffer.from(key),
  ]);
  const { bytes, rest } = read(record, [
    ["generation", 8],
    ["nonce", 24],
  ]);
  const recordKey = hkdf(Buffer.alloc(0), dmk, Buffer.concat([labelled("rec"), address]), 32);
  return open(recordKey, bytes["nonce"]!, rest, Buffer.concat([address, bytes["generation"]!]));
}
