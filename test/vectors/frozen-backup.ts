/** The layouts of backups: keys of conversations, a segment, a manifest (CRYPTO 2.13). */
import { encodeConversationKeys } from "#core/crypto/backup/key-entries.ts";
import { manifestHash, sealManifest } from "#core/crypto/backup/manifest.ts";
import { sealSegment } from "#core/crypto/backup/segment.ts";
import { certifyDevice, createAccountKey, createDeviceKeys } from "#core/crypto/device-identity.ts";
import { startMs } from "#test/support/crypto/peers.ts";
import { deterministicProviderForTesting } from "#test/support/crypto/seeded-random.ts";
import { toHex } from "./wycheproof-files.ts";

const fill = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
const accountId = fill(16, 0xa1);

export function backup(): object {
  const provider = deterministicProviderForTesting("backup");
  const aik = createAccountKey(provider);
  const keys = createDeviceKeys(provider);
  const device = { accountId, deviceId: 3, createdAtMs: startMs };
  const own = { keys, cert: certifyDevice(provider, aik, keys, device) };
  const root = fill(32, 0x77);
  const segmentId = fill(16, 9);
  const entry = (seq: number, sender: number) => ({
    seq,
    senderAccountId: fill(16, sender),
    senderDeviceId: sender,
    sentAtMs: startMs + seq,
    bodyType: 0x20,
    bodyKey: fill(32, seq),
    bodyHash: fill(32, 0x80 + seq),
  });
  const conversations = [
    { conversationId: fill(16, 0x31), entries: [entry(1, 0xa1), entry(2, 0xb2), entry(5, 0xa1)] },
    { conversationId: fill(16, 0x32), entries: [entry(7, 0xb2)] },
  ];
  const segment = sealSegment(provider, root, { accountId, segmentId }, conversations);
  const manifest = sealManifest(provider, root, own, {
    version: 2,
    prevHash: fill(32, 0x0c),
    writtenAtMs: startMs,
    witnessed: [{ deviceId: 1, version: 4, hash: fill(32, 0x0d) }],
    segments: [
      {
        segmentId,
        hash: provider.sha256(segment),
        entryCount: 4,
        ranges: conversations.map(({ conversationId, entries }) => ({
          conversationTag: conversationId.slice(0, 8),
          from: entries[0]!.seq,
          to: entries.at(-1)!.seq,
        })),
      },
    ],
  });
  return {
    aikSeed: toHex(aik.secret),
    dskSeed: toHex(keys.dsk.secret),
    cert: toHex(own.cert.bytes),
    backupRoot: toHex(root),
    conversationKeys: conversations.map((conversation) => toHex(encodeConversationKeys(conversation))),
    segmentId: toHex(segmentId),
    segment: toHex(segment),
    manifest: toHex(manifest),
    manifestHash: toHex(manifestHash(provider, manifest)),
  };
}
