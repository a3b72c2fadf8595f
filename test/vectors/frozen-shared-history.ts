/** What who adds to a group hands to who comes in (CRYPTO 2.7, decision 140): the operation, the sealed keys, the capsule with their key. */
import { encodeGroupChange } from "#schema/envelope/group-change.ts";
import { encodeSyncEnvelope, historyEnvelopeType } from "#schema/envelope/sync-envelope.ts";
import { encodeCapsule } from "#core/crypto/capsule.ts";
import { sealHistoryKeys } from "#core/crypto/history-keys.ts";
import { startMs } from "#test/support/crypto/peers.ts";
import { deterministicProviderForTesting } from "#test/support/crypto/seeded-random.ts";
import { toHex } from "./wycheproof-files.ts";

const fill = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

/** The capsule envelope is 300 bytes 0x10 here: `ratchet.json` has real ones. */
export function sharedHistory(): object {
  const provider = deterministicProviderForTesting("shared-history");
  const from = { accountId: fill(16, 0xa1), deviceId: 3 };
  const history = { fromSeq: 2 ** 33 + 5, messages: 100 };
  const members = [{ accountId: fill(16, 0xc3), role: "member" as const }];
  const entry = (seq: number, sender: number) => ({
    seq: history.fromSeq + seq,
    senderAccountId: fill(16, sender),
    senderDeviceId: sender,
    sentAtMs: startMs + seq,
    bodyType: 0x30,
    bodyKey: fill(32, seq),
    bodyHash: fill(32, 0x80 + seq),
  });
  const keys = { conversationId: fill(16, 0x31), entries: [entry(0, 0xa1), entry(1, 0xb2), entry(4, 0xa1)] };
  const { key, hash, nonce, ciphertext } = sealHistoryKeys(provider, from, keys);
  const gossip = {
    mine: { version: 2, hash8: fill(8, 2) },
    yours: { version: 1, hash8: fill(8, 3) },
    log: { size: 0, root8: fill(8, 0) },
  };
  const envelope = { capsule: fill(300, 0x10), nonce, ciphertext };
  return {
    from: { accountId: toHex(from.accountId), deviceId: from.deviceId },
    history,
    change: toHex(encodeGroupChange({ type: "add", members, history })),
    keys: keys.entries.map(({ seq, senderAccountId, senderDeviceId, sentAtMs, bodyKey, bodyHash }) => ({
      seq,
      sender: `${toHex(senderAccountId)}.${senderDeviceId}`,
      sentAtMs,
      bodyKey: toHex(bodyKey),
      bodyHash: toHex(bodyHash),
    })),
    capsule: toHex(encodeCapsule({ gossip, payload: { kind: "history", history: { key, hash } } })),
    envelope: toHex(encodeSyncEnvelope(envelope, historyEnvelopeType)),
  };
}
