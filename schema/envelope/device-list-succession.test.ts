import { expect, test } from "vitest";
import type { DeviceListEntry } from "./device-list.ts";
import { leavesOutRightly } from "./device-list-succession.ts";

const entry = (deviceId: number, status: DeviceListEntry["status"]): DeviceListEntry => ({
  deviceId,
  status,
  certHash: new Uint8Array(32),
});
const active = (ids: readonly number[]) => ids.map((id) => entry(id, "active"));
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

test("[DV11] a full list leaves out as many revoked devices as it has to, and no device that is not revoked", () => {
  const before = { devices: [entry(1, "revoked"), ...active(range(2, 16))] };
  const list = (devices: readonly DeviceListEntry[]) => ({
    kind: "change" as const,
    devices: [...devices],
  });
  expect(leavesOutRightly(before, list(active(range(2, 17))))).toBe(true);
  // Two new ones, for which an active one has gone too.
  expect(leavesOutRightly(before, list(active(range(3, 18))))).toBe(false);
  // The active one alone.
  expect(leavesOutRightly(before, list([entry(1, "revoked"), ...active(range(3, 17))]))).toBe(false);
  // There was room.
  expect(leavesOutRightly(before, list(active(range(2, 16))))).toBe(false);
});
