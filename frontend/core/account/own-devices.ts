/** The account's own devices: seen, named, removed. */
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { listOwnDevices, publishDeviceList, renameDevice } from "#schema/http/devices.ts";
import type { DeviceId } from "#schema/ids.ts";
import type { DeviceView } from "../client-api.ts";
import { createNextList } from "../crypto/device-list.ts";
import type { Environment } from "../environment.ts";
import type { Records } from "../store/records.ts";
import type { Engine } from "../sync/engine.ts";
import { lock, unlockAccount } from "./unlock.ts";

/** Throws `SottoError`. */
export async function viewOwnDevices(engine: Engine): Promise<readonly DeviceView[]> {
  const { devices } = await engine.call(listOwnDevices, {});
  return devices.map(({ deviceId, deviceName, addedAtMs, lastActiveDayMs }) => ({
    deviceId,
    deviceName,
    addedAtMs,
    lastActiveDayMs,
    current: deviceId === engine.self.deviceId,
  }));
}

/** Throws `SottoError`. */
export async function nameOwnDevice(engine: Engine, deviceId: DeviceId, deviceName: string): Promise<void> {
  await engine.call(renameDevice, { params: { device: String(deviceId) }, body: { deviceName } });
}

/**
 * Takes a device out of the list: its session ends, and nobody encrypts to it any more. Throws `ClientError` wrong_recovery_code,
 * `SottoError`, `CryptoError`.
 */
export async function removeOwnDevice(
  environment: Environment,
  records: Records,
  engine: Engine,
  input: { readonly deviceId: DeviceId; readonly recoveryCode: string },
): Promise<void> {
  const unlocked = await unlockAccount(environment, records, engine, input.recoveryCode);
  try {
    const { aik, list, signedOut } = unlocked;
    const isActive = list.devices.some(
      ({ deviceId, status }) => deviceId === input.deviceId && status === "active",
    );
    if (isActive) {
      const revoke = [...new Set([...signedOut, input.deviceId])];
      const next = createNextList(environment.provider, aik, list, {
        issuedAtMs: environment.nowMs(),
        revoke,
      });
      await engine.call(publishDeviceList, { body: { deviceList: encodeBase64url(next.bytes) } });
    }
  } finally {
    lock(unlocked);
  }
  await engine.directory.refresh(engine.self.account);
}

/** Devices that joined the account after this one and less than a day ago, by the certificates that the account key signed. */
export async function recentlyAdded(engine: Engine): Promise<readonly DeviceId[]> {
  const { account, deviceId: self } = engine.self;
  const devices = await engine.directory.tryLoad(account);
  const sinceMs = engine.self.nowMs() - noticeMs;
  return [...(devices?.known.values() ?? [])]
    .filter(({ active, device }) => active && device.deviceId > self && device.cert.createdAtMs > sinceMs)
    .map(({ device }) => device.deviceId);
}

const noticeMs = 86_400_000;
