/**
 * A group of 1,000 that changes all the time, in simulated time: members come, go and change roles at 20 operations a minute while others
 * write. Half of the writers are late with operations, as devices behind a slow line are. What it shows: nobody is locked out, nobody who
 * left reads on, and work and memory stay bounded. It does not simulate the server's queues.
 */
import { expect, test } from "vitest";
import { type Bytes } from "#schema/envelope/bytes.ts";
import { type GroupChange } from "#schema/envelope/group-change.ts";
import { certifyDevice, createAccountKey, createDeviceKeys } from "#core/crypto/device-identity.ts";
import { isCryptoError } from "#core/crypto/errors.ts";
import { openGroupBody, sealGroupBody } from "#core/crypto/group/group-body.ts";
import { encodeGroupHistory } from "#core/crypto/group/group-codec.ts";
import {
  createGroupOp,
  extendGroupHistory,
  type GroupHistory,
  stateAt,
} from "#core/crypto/group/group-history.ts";
import {
  acceptSenderKey,
  createSenderKey,
  type OwnSenderKey,
  rotationReason,
  type SenderKeys,
  senderKeyMessageOf,
} from "#core/crypto/group/sender-key.ts";
import { startMs } from "#test/support/crypto/peers.ts";
import { deterministicProviderForTesting, seededRandom } from "#test/support/crypto/seeded-random.ts";

const memberCount = 1_000;
const minutes = 6;
const opsPerMinute = 20;
const readersWatched = 12;
const settings = { epoch: 1, key: new Uint8Array(32) };

const provider = deterministicProviderForTesting("churn");
const random = seededRandom(57);

function accountOf(index: number): Bytes {
  const id = new Uint8Array(16);
  new DataView(id.buffer).setUint32(0, index);
  return id;
}

/** The operator and the watched members have devices; the other members are accounts that come and go. */
function deviceOf(index: number) {
  const aik = createAccountKey(provider);
  const keys = createDeviceKeys(provider);
  const address = { accountId: accountOf(index), deviceId: 1 };
  const cert = certifyDevice(provider, aik, keys, { ...address, createdAtMs: startMs });
  return {
    index,
    own: { keys, cert },
    address,
    history: undefined as GroupHistory | undefined,
    key: undefined as OwnSenderKey | undefined,
    senderKeys: new Map<number, SenderKeys>(),
    isIn: true,
  };
}
type Device = ReturnType<typeof deviceOf>;

test("[ATTACK 57] a group of 1,000 with 20 changes a minute: everybody in it reads everything, nobody who left does", () => {
  const devices = Array.from({ length: readersWatched }, (_, index) => deviceOf(index));
  const [owner] = devices as [Device];
  const operations: Uint8Array[] = [];
  const inside = new Set(Array.from({ length: memberCount }, (_, index) => index));
  let nextAccount = memberCount;
  let nowMs = startMs;
  const counts = { sent: 0, opened: 0, late: 0, rotated: 0, afterLeaving: 0 };

  const learn = (device: Device): void => {
    const missing = operations.slice(device.history?.head.state.epoch ?? 0);
    if (missing.length === 0) return;
    const signerOf = (): Uint8Array => owner.own.cert.dsk;
    device.history = extendGroupHistory(provider, device.history, missing, signerOf);
  };
  const change = (next: GroupChange): void => {
    learn(owner);
    operations.push(createGroupOp(provider, owner.own, owner.history, next, nowMs).bytes);
    learn(owner);
  };
  const send = (from: Device, text: string): boolean => {
    const history = from.history!;
    const { groupId, epoch, rotationEpoch } = history.head.state;
    if (owner.history!.head.state.rotationEpoch > epoch) return false; // the server's answer: stale
    const now = { rotationEpoch, heldByRevoked: false, nowMs };
    const isUsable = from.key !== undefined && rotationReason(from.key, now) === undefined;
    if (!isUsable) counts.rotated += 1;
    const group = { groupId, epoch, stateHash: stateAt(history, epoch).stateHash };
    const key = isUsable ? from.key! : createSenderKey(provider, group, nowMs);
    counts.sent += 1;
    const clientMsgId = accountOf(counts.sent);
    const sealed = sealGroupBody(provider, key, group, {
      conversationId: groupId,
      clientMsgId,
      senderAccountId: from.address.accountId,
      senderDeviceId: 1,
      sentAtMs: nowMs,
      payload: { type: "text", text },
    });
    from.key = sealed.key;
    const handedOver = senderKeyMessageOf(key, group, settings);
    for (const reader of devices.filter((each) => each !== from)) {
      const logEpoch = operations.length;
      try {
        if (reader.isIn) {
          learn(reader);
          const known = reader.senderKeys.get(from.index);
          const keys = acceptSenderKey(provider, reader.history!, from.address, known, handedOver);
          reader.senderKeys.set(from.index, keys);
        }
        const known = reader.senderKeys.get(from.index);
        const place = { sender: from.address, logEpoch, nowMs };
        const opened = openGroupBody(provider, reader.history!, place, known, sealed.body);
        reader.senderKeys.set(from.index, opened.keys);
        expect(opened.content.payload).toEqual({ type: "text", text });
        expect(reader.isIn).toBe(true);
        counts.opened += 1;
      } catch (error) {
        if (!isCryptoError(error) || reader.isIn) throw error;
        counts.afterLeaving += 1;
      }
    }
    return true;
  };

  const startedAt = performance.now();
  change({
    type: "create",
    settings: new Uint8Array(0),
    members: [...inside].map((index) => ({
      accountId: accountOf(index),
      role: index === 0 ? "owner" : "member",
    })),
  });
  for (const device of devices) learn(device);
  for (let minute = 0; minute < minutes; minute += 1) {
    for (let at = 0; at < opsPerMinute; at += 1) {
      nowMs += 60_000 / opsPerMinute;
      const kind = random.below(3);
      if (kind === 0) {
        change({ type: "add", members: [{ accountId: accountOf(nextAccount), role: "member" }] });
        inside.add(nextAccount);
        nextAccount += 1;
      } else if (kind === 1) {
        const candidates = [...inside].filter((index) => index >= readersWatched - 2);
        const gone = candidates[random.below(candidates.length)]!;
        change({ type: "remove", accountIds: [accountOf(gone)] });
        inside.delete(gone);
        for (const device of devices) if (device.index === gone) device.isIn = false;
      } else {
        change({ type: "settings", settings: Uint8Array.of(at, minute, 1) });
      }
      if (minute === 2 && at < 2) {
        const gone = readersWatched - 1 - at;
        if (inside.delete(gone)) change({ type: "remove", accountIds: [accountOf(gone)] });
        devices[gone]!.isIn = false;
      }
      const writers = devices.filter((each) => each.isIn);
      const writer = writers[random.below(writers.length)]!;
      if (random.chance(0.5)) learn(writer);
      if (!send(writer, `message ${counts.sent}`)) {
        counts.late += 1;
        learn(writer);
        expect(send(writer, `message ${counts.sent}`)).toBe(true);
      }
    }
  }
  const perOperationMs = (performance.now() - startedAt) / (minutes * opsPerMinute);

  const readers = devices.filter((each) => each.isIn).length;
  expect(counts.sent).toBe(minutes * opsPerMinute);
  expect(readers).toBe(readersWatched - 2);
  expect(counts.opened).toBeGreaterThanOrEqual(counts.sent * (readers - 1));
  for (const count of [counts.late, counts.rotated, counts.afterLeaving]) expect(count).toBeGreaterThan(10);
  for (const device of devices.filter((each) => each.isIn)) {
    learn(device);
    expect(device.history!.head).toEqual(owner.history!.head);
    // 21 bytes for a member, 36 for an epoch, 24 for one who left.
    expect(encodeGroupHistory(device.history!).length).toBeLessThan(1_100 * 21 + 130 * 36 + 130 * 24);
    for (const { keys } of device.senderKeys.values()) expect(keys.length).toBeLessThanOrEqual(5);
  }
  // Twelve devices' work in one process; a second per operation would already be far from the 3 s that there are.
  expect(perOperationMs).toBeLessThan(1_500);
}, 120_000);
