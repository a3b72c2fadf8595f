/** Devices and links of the fake client: a link goes through its states as somebody presses the buttons. */
import {
  type ClientApi,
  ClientError,
  type ClientEvent,
  type DeviceView,
  type LinkStatus,
  type PasskeyView,
  type VaultSecret,
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
  | "listPasskeys"
  | "addPasskey"
  | "removePasskey"
>;

export interface FakeDevices {
  readonly api: DeviceApi;
  setLink(status: LinkStatus): void;
  setRecent(deviceIds: readonly number[]): void;
}

/** Any passkey is right. */
export function assertUnlocks(secret: VaultSecret, recoveryCode: string): void {
  if ("recoveryCode" in secret && secret.recoveryCode !== recoveryCode)
    throw new ClientError("wrong_recovery_code");
}

export function createFakeDevices(
  recoveryCode: string,
  now: () => number,
  emit: (event: ClientEvent) => void,
  passkeyCount = 0,
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
  let passkeys: readonly PasskeyView[] = ["Safari on iPhone", "Chrome on Windows"]
    .slice(0, passkeyCount)
    .map((name, index) => ({
      name,
      addedAtMs: now() - (2 + 40 * index) * dayMs,
      credentialId: new Uint8Array(16).fill(index),
      salt: new Uint8Array(32),
    }));
  const api: DeviceApi = {
    listDevices: () => Promise.resolve(devices),
    recentDevices: () => Promise.resolve(recent),
    async renameDevice(deviceId, deviceName) {
      devices = devices.map((device) => (device.deviceId === deviceId ? { ...device, deviceName } : device));
      emit({ type: "devices" });
    },
    listPasskeys: () => Promise.resolve(passkeys),
    async addPasskey({ secret, passkey, name }) {
      assertUnlocks(secret, recoveryCode);
      passkeys = [...passkeys, { ...passkey, name, addedAtMs: now() }];
    },
    async removePasskey({ secret, credentialId }) {
      assertUnlocks(secret, recoveryCode);
      passkeys = passkeys.filter((one) => one.credentialId.join() !== credentialId.join());
    },
    async removeDevice({ deviceId, ...secret }) {
      assertUnlocks(secret, recoveryCode);
      devices = devices.filter((device) => device.deviceId !== deviceId);
      emit({ type: "devices" });
    },
    async joinByLink(input) {
      begin(input);
    },
    async linkDevice(input) {
      assertUnlocks(input, recoveryCode);
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
