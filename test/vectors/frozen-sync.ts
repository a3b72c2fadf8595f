/** What own devices tell each other (CRYPTO 2.5, kind SYNC): the sealed items, the capsule with their key, the envelope of both. */
import { encodeSyncEnvelope } from "#schema/envelope/sync-envelope.ts";
import { encodeCapsule } from "#core/crypto/capsule.ts";
import { sealSync } from "#core/crypto/sync.ts";
import type { SyncItem } from "#core/crypto/sync-item.ts";
import { startMs } from "#test/support/crypto/peers.ts";
import { deterministicProviderForTesting } from "#test/support/crypto/seeded-random.ts";
import { toHex } from "./wycheproof-files.ts";

const fill = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

/** The capsule envelope is 300 bytes 0x10 here: `ratchet.json` has real ones. */
export function ownSync(): object {
  const provider = deterministicProviderForTesting("own-sync");
  const from = { accountId: fill(16, 0xa1), deviceId: 3 };
  const items: SyncItem[] = [
    { type: "draft", id: "conversation", changedAtMs: startMs, deviceId: 3, value: "not sent yet" },
    { type: "draft", id: "another", changedAtMs: startMs + 1, deviceId: 2, value: "" },
    { type: "verified", id: "somebody", changedAtMs: startMs + 2, deviceId: 3, value: fill(32, 9) },
    { type: "later", id: "", changedAtMs: 0, deviceId: 0, value: new Map([["k", [1, "two"]]]) },
  ];
  const sealed = sealSync(provider, from, items);
  const { key, hash, nonce, ciphertext } = sealed;
  const gossip = {
    mine: { version: 2, hash8: fill(8, 2) },
    yours: { version: 2, hash8: fill(8, 2) },
    log: { size: 0, root8: fill(8, 0) },
  };
  const capsule = encodeCapsule({ gossip, payload: { kind: "sync", sync: { type: "items", key, hash } } });
  return {
    from: { accountId: toHex(from.accountId), deviceId: from.deviceId },
    drafts: items.slice(0, 2).map(({ id, changedAtMs, deviceId, value }) => {
      return { id, changedAtMs, deviceId, value };
    }),
    verified: toHex(fill(32, 9)),
    capsule: toHex(capsule),
    envelope: toHex(encodeSyncEnvelope({ capsule: fill(300, 0x10), nonce, ciphertext })),
  };
}
