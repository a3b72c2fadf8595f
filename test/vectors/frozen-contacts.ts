/** Pins and marks of contacts in a segment of the backup (CRYPTO 2.13, decision 141). */
import { encodeContacts } from "#core/crypto/backup/contacts-block.ts";
import { sealSegment } from "#core/crypto/backup/segment.ts";
import { startMs } from "#test/support/crypto/peers.ts";
import { deterministicProviderForTesting } from "#test/support/crypto/seeded-random.ts";
import { toHex } from "./wycheproof-files.ts";

const fill = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

export function backupContacts(): object {
  const provider = deterministicProviderForTesting("backup-contacts");
  const [accountId, segmentId, root] = [fill(16, 0xa1), fill(16, 9), fill(32, 0x77)];
  const pins = (["none", "verified", "held"] as const).map((mark, index) => ({
    accountId: fill(16, 0xb0 + index),
    aik: fill(32, index + 1),
    version: index + 7,
    hash: fill(32, 0x80 + index),
    mark,
  }));
  const marks = [
    { type: "verified", id: "somebody", changedAtMs: startMs, deviceId: 3, value: fill(32, 2) },
    { type: "verified", id: "another", changedAtMs: startMs + 1, deviceId: 2, value: fill(0, 0) },
  ];
  const contacts = { pins, marks };
  return {
    accountId: toHex(accountId),
    backupRoot: toHex(root),
    pins: pins.map(({ mark, version, ...bytes }) => ({
      account: toHex(bytes.accountId),
      aik: toHex(bytes.aik),
      version,
      hash: toHex(bytes.hash),
      mark,
    })),
    marks: marks.map(({ value, ...mark }) => ({ ...mark, value: toHex(value) })),
    block: toHex(encodeContacts(contacts)),
    segmentId: toHex(segmentId),
    segment: toHex(sealSegment(provider, root, { accountId, segmentId }, [], contacts)),
  };
}
