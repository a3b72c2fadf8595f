/** The account's own devices: seen, named, removed. */
import { listOwnDevices, renameDevice } from "#schema/http/devices.ts";
import type { DeviceId } from "#schema/ids.ts";
import type { DeviceView } from "../client-api.ts";
import type { Engine } from "../sync/engine.ts";

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
