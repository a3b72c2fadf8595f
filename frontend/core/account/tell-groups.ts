/** Finds the newest revocation in the account's device lists, and tells it to the groups that have not heard of it. */
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { type DeviceList, parseDeviceList } from "#schema/envelope/device-list.ts";
import { parseGroupOp } from "#schema/envelope/group-op.ts";
import { findGroupMember } from "#schema/envelope/group-state.ts";
import { SottoError } from "#schema/errors.ts";
import { getDevices } from "#schema/http/devices.ts";
import type { ConversationId } from "#schema/ids.ts";
import { ClientError } from "../client-api.ts";
import { verifyListChain } from "../crypto/list-chain.ts";
import { tellRevocation } from "../group-api.ts";
import {
  groupOperationKey,
  groupOperationTable,
  type GroupRecord,
  groupTable,
} from "../store/group-tables.ts";
import type { Records } from "../store/records.ts";
import type { Engine } from "../sync/engine.ts";

/** The two times are of two clocks. One operation too many costs less than one too few. */
const clockSlackMs = 300_000;

/** Returns whether every group has heard of it. Throws `SottoError`, and `CryptoError` for lists that are not the pinned ones. */
export async function tellGroups(engine: Engine, records: Records): Promise<boolean> {
  const revocation = await newestRevocation(engine);
  if (revocation === undefined) return true;
  let areTold = true;
  for (const { conversationId, group } of engine.conversations.all()) {
    if (group === undefined || group.left) continue;
    const record = await records.read(groupTable, conversationId);
    if (record === undefined) areTold = false;
    else if (await isConcerned(engine, records, conversationId, record, revocation))
      areTold = (await tryTell(engine, records, conversationId, revocation.version)) && areTold;
  }
  return areTold;
}

/** The newest list that revokes a device which the one before it did not. */
async function newestRevocation({ call, directory, self }: Engine): Promise<DeviceList | undefined> {
  const { pin } = await directory.load(self.account);
  const answer = await call(getDevices, { params: { account: self.account }, query: {} });
  const bytes = answer.lists.map(decodeBase64url);
  verifyListChain(self.provider, self.own.cert.accountId, bytes, pin);
  const lists = bytes.map(parseDeviceList);
  return lists.findLast((list, index) => {
    const before = new Set(revokedIn(lists[index - 1]));
    return revokedIn(list).some((deviceId) => !before.has(deviceId));
  });
}

function revokedIn(list: DeviceList | undefined): number[] {
  const revoked = list?.devices.filter(({ status }) => status === "revoked") ?? [];
  return revoked.map(({ deviceId }) => deviceId);
}

/** A device that was revoked before the account came into the group never had a key of it. */
async function isConcerned(
  { self }: Engine,
  records: Records,
  conversationId: ConversationId,
  { history, membership, toldListVersion = 0 }: GroupRecord,
  revocation: DeviceList,
): Promise<boolean> {
  if (membership !== "member" || toldListVersion >= revocation.version) return false;
  const epoch = findGroupMember(history.head.state, self.own.cert.accountId)?.joinedEpoch ?? 0;
  const joining = await records.read(groupOperationTable, groupOperationKey(conversationId, epoch));
  if (joining === undefined) return false;
  return parseGroupOp(decodeBase64url(joining.operation)).issuedAtMs <= revocation.issuedAtMs + clockSlackMs;
}

async function tryTell(
  engine: Engine,
  records: Records,
  conversationId: ConversationId,
  version: number,
): Promise<boolean> {
  try {
    await tellRevocation(engine, records, conversationId, version);
    return true;
  } catch (error) {
    if (error instanceof ClientError) return error.code === "not_member";
    if (error instanceof SottoError) return false;
    throw error;
  }
}
