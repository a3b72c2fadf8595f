/** What the app may ask about the account's own devices: a part of `ClientApi`. */
import type { DeviceId, SessionId } from "#schema/ids.ts";
import type { LinkStatus, LinkWay } from "./link-status.ts";
import type { VaultApi, VaultSecret } from "./vault-api.ts";

export interface SessionView {
  readonly sessionId: SessionId;
  readonly deviceId: DeviceId;
  readonly deviceName: string;
  readonly lastActiveDayMs: number;
  readonly current: boolean;
}

export interface DeviceView {
  readonly deviceId: DeviceId;
  readonly deviceName: string;
  readonly addedAtMs: number;
  /** Start of its last active day; undefined for a device without a session. */
  readonly lastActiveDayMs: number | undefined;
  readonly current: boolean;
}

export interface DeviceApi extends VaultApi {
  /** The account's devices, signed in or not. */
  listDevices(): Promise<readonly DeviceView[]>;
  /** Devices that joined in the last day, after this one; known offline. */
  recentDevices(): Promise<readonly DeviceId[]>;
  renameDevice(deviceId: DeviceId, deviceName: string): Promise<void>;
  /** Signs a device out for good; what it holds stays where it is. */
  removeDevice(input: { deviceId: DeviceId } & VaultSecret): Promise<void>;
  /** On a device without an account: begins a link. What happens then is told by `linkStatus`. */
  joinByLink(input: { deviceName: string } & LinkWay): Promise<void>;
  /** On a device of the account: unlocks it and begins a link. */
  linkDevice(input: VaultSecret & LinkWay): Promise<void>;
  /** Yes to what `linkStatus` asks (`confirm`, `compare`). */
  approveLink(): Promise<void>;
  /** Gives up the link, or says no. */
  cancelLink(): Promise<void>;
  linkStatus(): Promise<LinkStatus>;
}
