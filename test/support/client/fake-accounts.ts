/** The account half of the fake server: an in-memory stand-in that checks nothing a test does not ask it to. */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { parseDeviceList } from "#schema/envelope/device-list.ts";
import { SottoError } from "#schema/errors.ts";
import type { SealedVault, Session } from "#schema/http/auth.ts";
import type { DeviceDirectory, DeviceEnrolment, PrekeyUpload } from "#schema/http/devices.ts";
import type { AccountId, DeviceId, SessionId } from "#schema/ids.ts";

export interface FakeDevice {
  readonly deviceId: DeviceId;
  readonly name: string;
  signed: { signedPrekey: string; lastResort: string };
  signedCreatedAtMs: number;
  readonly oneTime: string[];
  readonly oneTimePq: string[];
  sessionId: SessionId;
  refreshToken: string;
  revoked: boolean;
}

export interface FakeAccount {
  readonly account: AccountId;
  readonly username: string;
  readonly salt: string;
  readonly argon2: { memoryKiB: number; passes: number; lanes: 1 };
  readonly authKey: string;
  readonly vault: SealedVault;
  recoveryKey: string | undefined;
  readonly lists: string[];
  readonly certificates: { deviceId: DeviceId; certificate: string }[];
  readonly signOuts: { deviceId: DeviceId; statement: string }[];
  readonly devices: Map<DeviceId, FakeDevice>;
}

export const randomId = (bytes = 16): string =>
  encodeBase64url(crypto.getRandomValues(new Uint8Array(bytes)));

export class FakeAccounts {
  readonly byId = new Map<AccountId, FakeAccount>();
  readonly tokens = new Map<string, { account: AccountId; deviceId: DeviceId }>();
  accessLifeMs = 900_000;
  readonly nowMs: () => number;

  constructor(nowMs: () => number) {
    this.nowMs = nowMs;
  }

  get(id: string): FakeAccount {
    const account = this.byId.get(id as AccountId);
    if (account === undefined) throw new SottoError("not_found", "No such account.");
    return account;
  }

  byName(username: string): FakeAccount | undefined {
    return [...this.byId.values()].find((account) => account.username === username);
  }

  enrol(account: FakeAccount, enrolment: DeviceEnrolment, name: string): Session {
    const previous = account.lists.at(-1);
    const list = parseDeviceList(decodeBase64url(enrolment.deviceList));
    const version = previous === undefined ? 0 : parseDeviceList(decodeBase64url(previous)).version;
    if (list.version !== version + 1)
      throw new SottoError("device_list_conflict", "Another list came first.");
    account.lists.push(enrolment.deviceList);
    account.certificates.push({ deviceId: enrolment.deviceId, certificate: enrolment.certificate });
    for (const entry of list.devices) {
      const device = account.devices.get(entry.deviceId);
      if (device !== undefined && entry.status === "revoked") device.revoked = true;
    }
    const device: FakeDevice = {
      deviceId: enrolment.deviceId,
      name,
      signed: { signedPrekey: "", lastResort: "" },
      signedCreatedAtMs: 0,
      oneTime: [],
      oneTimePq: [],
      sessionId: randomId() as SessionId,
      refreshToken: randomId(32),
      revoked: false,
    };
    account.devices.set(device.deviceId, device);
    this.addPrekeys(device, enrolment.prekeys);
    return this.session(account, device);
  }

  session(account: FakeAccount, device: FakeDevice): Session {
    const accessToken = randomId(24);
    device.refreshToken = randomId(32);
    this.tokens.set(accessToken, { account: account.account, deviceId: device.deviceId });
    return {
      account: account.account,
      username: account.username,
      deviceId: device.deviceId,
      sessionId: device.sessionId,
      accessToken,
      accessExpiresAtMs: this.nowMs() + this.accessLifeMs,
      serverTimeMs: this.nowMs(),
      refreshToken: device.refreshToken,
    };
  }

  addPrekeys(device: FakeDevice, upload: PrekeyUpload): void {
    if (upload.signed !== undefined) {
      device.signed = upload.signed;
      device.signedCreatedAtMs = this.nowMs();
    }
    device.oneTime.push(...upload.oneTime);
    device.oneTimePq.push(...upload.oneTimePq);
  }

  directory(account: FakeAccount, after = 0): DeviceDirectory {
    return {
      account: account.account,
      username: account.username,
      lists: account.lists.slice(after),
      certificates: account.certificates,
      signOuts: account.signOuts,
    };
  }

  /** Devices that a message must be encrypted for, were it sent by nobody. */
  recipients(account: FakeAccount): DeviceId[] {
    const list = parseDeviceList(decodeBase64url(account.lists.at(-1) ?? ""));
    return list.devices
      .filter(({ status }) => status === "active")
      .map(({ deviceId }) => deviceId)
      .filter((deviceId) => !account.signOuts.some((signOut) => signOut.deviceId === deviceId));
  }
}
