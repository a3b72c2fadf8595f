/** Making a device of an account: its keys, its certificate, the list that names it, its first prekeys (CRYPTO 2.1). */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import type { DeviceList } from "#schema/envelope/device-list.ts";
import type { Session } from "#schema/http/auth.ts";
import type { DeviceEnrolment } from "#schema/http/devices.ts";
import type { AccountId, DeviceId } from "#schema/ids.ts";
import {
  certifyDevice,
  createDeviceKeys,
  encodeOwnDevice,
  type OwnDevice,
} from "../crypto/device-identity.ts";
import { deviceListHash } from "../crypto/device-list.ts";
import type { HandedPin } from "../crypto/link/handed-pin.ts";
import { firstPrekeyRequest, generatePrekeys, type PrekeyBatch } from "../crypto/prekeys.ts";
import type { KeyPair, Provider } from "../crypto/provider.ts";
import type { Records } from "../store/records.ts";
import {
  accountKey,
  type AccountRecord,
  accountTable,
  type DirectoryRecord,
  directoryTable,
  prekeyStateTable,
} from "../store/tables.ts";
import { prekeyStateKey, storePrekeys, toPrekeyUpload } from "../sync/prekey-upkeep.ts";
import { takePins } from "./handed-pins.ts";

/** A device that exists here and is about to be told to the server. */
export interface NewDevice {
  readonly account: AccountId;
  readonly username: string;
  readonly own: OwnDevice;
  readonly prekeys: PrekeyBatch;
  readonly list: DeviceList;
  /** Certificates of the list's active devices, base64url. */
  readonly certificates: readonly string[];
  readonly signOuts: DirectoryRecord["signOuts"];
  /** BRK of the account, base64url. */
  readonly backupRoot: string;
  /** Of contacts, from the device that let this one in. */
  readonly pins?: readonly HandedPin[];
}

/** Makes keys and a certificate for `deviceId`. */
export function createOwnDevice(
  provider: Provider,
  aik: KeyPair,
  account: AccountId,
  deviceId: DeviceId,
  nowMs: number,
): OwnDevice {
  const keys = createDeviceKeys(provider);
  const address = { accountId: decodeBase64url(account), deviceId, createdAtMs: nowMs };
  return { keys, cert: certifyDevice(provider, aik, keys, address) };
}

/** SPK, last-resort key, 100 one-time and 50 one-time PQ prekeys. */
export function createFirstPrekeys(provider: Provider, own: OwnDevice, nowMs: number): PrekeyBatch {
  return generatePrekeys(provider, own, firstPrekeyRequest(nowMs));
}

/** The device as register and enrol requests carry it. */
export function toEnrolment({ own, prekeys, list }: NewDevice): DeviceEnrolment {
  return {
    deviceId: own.cert.deviceId,
    deviceList: encodeBase64url(list.bytes),
    certificate: encodeBase64url(own.cert.bytes),
    prekeys: toPrekeyUpload(prekeys),
  };
}

/** Makes the private keys durable before the public ones are told to anyone. Throws `StoreError`. */
export async function storeNewDevice(records: Records, device: NewDevice): Promise<void> {
  await records.transact(async (transaction) => {
    await transaction.get(accountTable, accountKey);
    transaction.put(accountTable, accountKey, accountRecord(device));
    await transaction.get(prekeyStateTable, prekeyStateKey);
    storePrekeys(transaction, device.prekeys);
  });
}

/** The server took the device: pins its own list and keeps the session. Throws `StoreError`. */
export async function storeEnrolled(
  records: Records,
  provider: Provider,
  device: NewDevice,
  session: Session,
): Promise<AccountRecord> {
  return records.transact(async (transaction) => {
    await transaction.get(accountTable, accountKey);
    await transaction.get(directoryTable, device.account);
    const record: AccountRecord = {
      ...accountRecord(device),
      state: "signed_in",
      username: session.username,
      sessionId: session.sessionId,
      joinedAtMs: session.serverTimeMs,
      ...(session.refreshToken !== undefined && { refreshToken: session.refreshToken }),
    };
    transaction.put(accountTable, accountKey, record);
    await takePins(transaction, device.pins ?? []);
    transaction.put(directoryTable, device.account, {
      username: session.username,
      pin: {
        version: device.list.version,
        hash: encodeBase64url(deviceListHash(provider, device.list)),
        aik: encodeBase64url(device.list.aik),
      },
      list: encodeBase64url(device.list.bytes),
      certificates: device.certificates,
      signOuts: device.signOuts,
    });
    return record;
  });
}

function accountRecord({ account, username, own, backupRoot }: NewDevice): AccountRecord {
  return {
    state: "registering",
    account,
    username,
    deviceId: own.cert.deviceId,
    sessionId: "",
    ownDevice: encodeBase64url(encodeOwnDevice(own)),
    joinedAtMs: 0,
    backupRoot,
  };
}
