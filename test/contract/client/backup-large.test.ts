/** A backup of 100,000 keys in 200 conversations comes back. What this does not show: a browser's disk, a real network. */
import { afterEach, expect, test } from "vitest";
import { makeSegment, segmentEntriesMax, toReference } from "#core/backup/segments.ts";
import type { Client } from "#core/client.ts";
import type { ConversationKeys } from "#core/crypto/backup/key-entries.ts";
import { sealManifest } from "#core/crypto/backup/manifest.ts";
import { decodeOwnDevice } from "#core/crypto/device-identity.ts";
import { openRecords } from "#core/store/client-storage.ts";
import { accountKey, accountTable } from "#core/store/tables.ts";
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { limits } from "#schema/limits.ts";
import { FakeServer, quickProvider as provider } from "#test/support/client/fake-server.ts";
import { person, secondDevice, until } from "#test/support/client/people.ts";

const open: Client[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
});

const conversations = 200;
const keysEach = 500;

/** Segments as years of saving leave them: each with a stretch of a few conversations. */
function stretches(accountId: Uint8Array): ConversationKeys[][] {
  const all = Array.from({ length: conversations }, (): ConversationKeys => {
    const entries = Array.from({ length: keysEach }, (_, index) => ({
      seq: index + 1,
      senderAccountId: accountId,
      senderDeviceId: 1,
      sentAtMs: 1_800_000_000_000 + index,
      bodyType: 0x20,
      bodyKey: provider.random(32),
      bodyHash: provider.random(32),
    }));
    return { conversationId: provider.random(16), entries };
  });
  const perSegment = Math.floor(segmentEntriesMax / keysEach);
  return Array.from({ length: Math.ceil(conversations / perSegment) }, (_, index) =>
    all.slice(index * perSegment, (index + 1) * perSegment),
  );
}

test("[BK26] 100,000 keys come back, one segment after the other", async () => {
  const server = new FakeServer();
  const alice = await person(server, "alice");
  await alice.client.close();
  const records = await openRecords(server.environment(), alice.storage);
  const account = await records.read(accountTable, accountKey);
  if (account?.backupRoot === undefined) expect.unreachable();
  const own = decodeOwnDevice(decodeBase64url(account.ownDevice));
  const root = decodeBase64url(account.backupRoot);
  const keyring = { provider, root, accountId: own.cert.accountId };
  const made = stretches(own.cert.accountId).map((keys) => makeSegment(keyring, keys));
  const manifest = sealManifest(provider, root, own, {
    version: 1,
    prevHash: new Uint8Array(32),
    writtenAtMs: 0,
    witnessed: [],
    segments: made.map(({ record }) => toReference(record)),
  });
  const { manifests, segments } = server.backups.of(account.account);
  for (const { record, bytes } of made) segments.set(`1/${record.id}`, encodeBase64url(bytes));
  manifests.set(1, { version: 1, data: encodeBase64url(manifest) });
  const largest = Math.max(...made.map(({ bytes }) => bytes.length), manifest.length);
  expect(largest).toBeLessThan(limits.backupSegmentBytes);

  const startedAtMs = performance.now();
  const tablet = await secondDevice(server, "alice", alice.recoveryCode);
  open.push(tablet.client);
  let heapBytes = 0;
  await until(async () => {
    heapBytes = Math.max(heapBytes, process.memoryUsage().heapUsed);
    const status = await tablet.client.backupStatus();
    return (
      status.state !== "off" &&
      status.savedMessages === conversations * keysEach &&
      status.restoring === undefined
    );
  }, 60_000);
  const tookMs = Math.round(performance.now() - startedAtMs);
  const kib = Math.round(made.reduce((sum, { bytes }) => sum + bytes.length, 0) / 1024);
  console.log(
    `${conversations * keysEach} keys, ${made.length} segments, ${kib} KiB, manifest ${manifest.length} B: back in ${tookMs} ms, heap at most ${Math.round(heapBytes / 2 ** 20)} MiB`,
  );
  expect(server.backups.fetched.length).toBe(made.length);
}, 120_000);
