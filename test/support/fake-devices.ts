/** Devices and links of the fake client: a link goes through its states as somebody presses the buttons. */
import {
  type ClientApi,
  ClientError,
  type ClientEvent,
  type DeviceView,
  type LinkStatus,
} from "#core/client-api.ts";

const dayMs = 86_400_000;
const minuteMs = 60_000;
const scanned = `sotto://link#${"AbCdEfGhIjKlMnOpQrStUvWxYz0123456789".repeat(3)}`;
const typed = "7K3QX-M0N4V-2WTBC-9HJ5R";
const emoji = [
  { emoji: "🐢", name: "turtle" },
  { emoji: "🎺", name: "trumpet" },
  { emoji: "🍓", name: "strawberry" },
  { emoji: "⚓", name: "anchor" },
];

type DeviceApi = Pick<
  ClientApi,
  | "listDevices"
  | "recentDevices"
  | "renameDevice"
  | "removeDevice"
  | "joinByLink"
  | "linkDevice"
  | "approveLink"
  | "cancelLink"
  | "linkStatus"
>;

export interface FakeDevices {
  readonly api: DeviceApi;
  setLink(status: LinkStatus): void;
  setRecent(deviceIds: readonly number[]): void;
}

export function createFakeDevices(
  recoveryCode: string,
  now: () => number,
  emit: (event: ClientEvent) => void,
): FakeDevices {
  let status: LinkStatus = { state: "idle" };
  let recent: readonly number[] = [];
  let devices: readonly DeviceView[] = [
    {
      deviceId: 1,
      deviceName: "Firefox on Linux",
      addedAtMs: now() - 90 * dayMs,
      lastActiveDayMs: now(),
      current: true,
    },
    {
      deviceId: 2,
      deviceName: "Safari on iPhone",
      addedAtMs: now() - 21 * dayMs,
      lastActiveDayMs: now() - dayMs,
      current: false,
    },
    {
      deviceId: 4,
      deviceName: "Old laptop",
      addedAtMs: now() - 400 * dayMs,
      lastActiveDayMs: undefined,
      current: false,
    },
  ];
  function setLink(next: LinkStatus): void {
    status = next;
    emit({ type: "link", status });
  }
  function begin(way: { readonly show: "scan" | "type" } | { readonly code: string }): void {
    const expiresAtMs = now() + 2 * minuteMs;
    if ("show" in way) {
      const code = way.show === "scan" ? scanned : typed;
      setLink({ state: "showing", code, form: way.show, expiresAtMs });
      return;
    }
    if (way.code.length < 20) throw new ClientError("wrong_link_code");
    setLink({ state: "confirm", deviceName: "Chrome on Android", expiresAtMs });
  }
  const checkCode = (code: string): void => {
    if (code !== recoveryCode) throw new ClientError("wrong_recovery_code");
  };
  const api: DeviceApi = {
    listDevices: () => Promise.resolve(devices),
    recentDevices: () => Promise.resolve(recent),
    async renameDevice(deviceId, deviceName) {
      devices = devices.map((device) => (device.deviceId === deviceId ? { ...device, deviceName } : device));
      emit({ type: "devices" });
    },
    async removeDevice({ deviceId, recoveryCode: code }) {
      checkCode(code);
      devices = devices.filter((device) => device.deviceId !== deviceId);
      emit({ type: "devices" });
    },
    async joinByLink(input) {
      begin(input);
    },
    async linkDevice(input) {
      checkCode(input.recoveryCode);
      begin(input);
    },
    async approveLink() {
      const expiresAtMs = now() + minuteMs;
      if (status.state === "confirm") {
        setLink({ state: "compare", deviceName: status.deviceName, emoji, expiresAtMs });
      } else if (status.state === "compare") setLink({ state: "done" });
    },
    cancelLink: () => Promise.resolve(setLink({ state: "idle" })),
    linkStatus: () => Promise.resolve(status),
  };
  return {
    api,
    setLink,
    setRecent(deviceIds) {
      recent = deviceIds;
      emit({ type: "devices" });
    },
  };
}
