/** What a device list may leave out of the one before (SPEC DV11): one rule for the server and for whoever verifies a chain. */
import { type DeviceListContent, type DeviceListEntry, deviceListMaxEntries } from "./device-list.ts";

/**
 * The devices that the next list leaves out when it has no room, first ones first: those that `before` already has as revoked, so that
 * no revocation goes unseen. Never the one with the highest id, which keeps any id from coming back. A reset revokes whatever it leaves out.
 */
export function dispensableDevices(
  before: Pick<DeviceListContent, "devices">,
  kind: DeviceListContent["kind"],
): readonly DeviceListEntry[] {
  return before.devices.slice(0, -1).filter(({ status }) => status === "revoked" || kind === "reset");
}

/** Whether `list` leaves out no device of `before` but, being full, as many of the dispensable ones as it has to. */
export function leavesOutRightly(
  before: Pick<DeviceListContent, "devices">,
  list: Pick<DeviceListContent, "devices" | "kind">,
): boolean {
  const kept = new Set(list.devices.map(({ deviceId }) => deviceId));
  const missing = before.devices.filter(({ deviceId }) => !kept.has(deviceId));
  if (missing.length === 0) return true;
  const first = dispensableDevices(before, list.kind).slice(0, missing.length);
  if (list.devices.length !== deviceListMaxEntries || first.length !== missing.length) return false;
  return first.every(({ deviceId }) => !kept.has(deviceId));
}
