import { beforeAll, expect, test } from "vitest";
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import type { GroupChange } from "#schema/envelope/group-change.ts";
import type { ConversationId } from "#schema/ids.ts";
import { certifyDevice, createAccountKey, createDeviceKeys } from "../../crypto/device-identity.ts";
import { createGroupOp } from "../../crypto/group/group-history.ts";
import { sealGroupSettings } from "../../crypto/group/group-settings.ts";
import type { GroupSettingsKey } from "../../crypto/group/sender-key-message.ts";
import { nobleProvider as provider } from "../../crypto/noble-provider.ts";
import { openRecords } from "../../store/client-storage.ts";
import { groupOperationTable, type GroupRecord, groupTable } from "../../store/group-tables.ts";
import type { Records } from "../../store/records.ts";
import { FakeServer } from "#test/support/client/fake-server.ts";
import { testStorage } from "#test/support/client/people.ts";
import type { Self } from "../self.ts";
import { extendGroup } from "./group-chain.ts";
import { takeSettingsKey } from "./settings-taking.ts";

const accountId = new Uint8Array(16).fill(1);
const aik = createAccountKey(provider);
const keys = createDeviceKeys(provider);
const cert = certifyDevice(provider, aik, keys, { accountId, deviceId: 1, createdAtMs: 1 });
const own = { cert, keys };
const self = {
  provider,
  own,
  account: encodeBase64url(accountId),
  deviceId: 1,
  nowMs: () => 1,
} as unknown as Self;
const key = (epoch: number): GroupSettingsKey => ({ epoch, key: provider.random(32) });

/** A group that was called "one", "two", "three" under three keys, none of which is known here. */
async function unreadGroup(names: readonly (readonly [string, GroupSettingsKey])[]) {
  const records = await openRecords(new FakeServer().environment(), testStorage());
  let group: GroupRecord | undefined;
  let id = "" as ConversationId;
  for (const [index, [name, settingsKey]] of names.entries()) {
    const settings = sealGroupSettings(provider, settingsKey, { name });
    const members = [{ accountId, role: "owner" as const }];
    const change: GroupChange =
      index === 0 ? { type: "create", settings, members } : { type: "settings", settings };
    const op = createGroupOp(provider, own, group?.history, change, 1);
    id = encodeBase64url(op.groupId) as ConversationId;
    const placed = [{ operation: encodeBase64url(op.bytes), seq: index + 1 }];
    group = await records.transact(async (transaction) => {
      await transaction.get(groupTable, id);
      const after = await extendGroup(transaction, self, id, group, placed, () => cert.dsk);
      transaction.put(groupTable, id, after);
      return after;
    });
  }
  return { records, id };
}

async function take(
  records: Records,
  id: ConversationId,
  settingsKey: GroupSettingsKey,
): Promise<GroupRecord> {
  return records.transact(async (transaction) => {
    const group = await transaction.get(groupTable, id);
    if (group === undefined) throw new Error("there is no group");
    const after = await takeSettingsKey({ transaction, self }, id, group, settingsKey);
    transaction.put(groupTable, id, after);
    return after;
  });
}

const lines = async (records: Records) =>
  (await records.list(groupOperationTable)).map(({ value: { change } }) => change);

let three: readonly [GroupSettingsKey, GroupSettingsKey, GroupSettingsKey];
beforeAll(() => {
  three = [key(1), key(2), key(3)];
});

test("[CL271] a device that comes back after several names reads each line whose key comes, in whatever order", async () => {
  const [first, second, third] = three;
  const { records, id } = await unreadGroup([
    ["one", first],
    ["two", second],
    ["three", third],
  ]);
  expect(await lines(records)).toEqual([
    { type: "created", accounts: [] },
    { type: "renamed" },
    { type: "renamed" },
  ]);
  const after = await take(records, id, second);
  expect(after.title).toBe("");
  expect((await lines(records)).slice(1)).toEqual([{ type: "renamed", title: "two" }, { type: "renamed" }]);
  expect((await take(records, id, third)).title).toBe("three");
  expect((await take(records, id, first)).title).toBe("three");
  expect((await lines(records)).slice(1)).toEqual([
    { type: "renamed", title: "two" },
    { type: "renamed", title: "three" },
  ]);
});

test("[CL271] one key that comes late tells all the lines that it opens", async () => {
  const [shared] = three;
  const { records, id } = await unreadGroup([
    ["one", shared],
    ["two", shared],
    ["three", shared],
  ]);
  expect(await take(records, id, shared)).toMatchObject({ title: "three" });
  expect((await lines(records)).slice(1)).toEqual([
    { type: "renamed", title: "two" },
    { type: "renamed", title: "three" },
  ]);
});

test("[CL271] a key that opens nothing changes nothing, whatever epoch it claims", async () => {
  const [first, second] = three;
  const { records, id } = await unreadGroup([
    ["one", first],
    ["two", second],
  ]);
  await take(records, id, first);
  const before = await take(records, id, second);
  for (const epoch of [1, 2, 3, 4_000]) expect(await take(records, id, key(epoch))).toEqual(before);
  expect(before.settingsKeys.map(({ epoch }) => epoch)).toEqual([2, 1]);
});

test("[CL271] keys of one epoch stay beside each other, and each opens what was sealed under it", async () => {
  const [mine, theirs] = [key(2), key(2)];
  const { records, id } = await unreadGroup([
    ["one", three[0]],
    ["two", mine],
    ["three", theirs],
  ]);
  await take(records, id, mine);
  const after = await take(records, id, theirs);
  expect(after).toMatchObject({ title: "three", settingsKeys: [{ epoch: 2 }, { epoch: 2 }] });
  expect((await lines(records)).slice(1)).toEqual([
    { type: "renamed", title: "two" },
    { type: "renamed", title: "three" },
  ]);
});
