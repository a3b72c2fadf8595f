/** The holder of an account's key: makes the lists by which devices join and are revoked. Nobody checks signatures here. */
import { createHash } from "node:crypto";
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { concat } from "#schema/envelope/bytes.ts";
import { deviceCertHashInput, encodeDeviceCertTbs } from "#schema/envelope/device-cert.ts";
import {
  deviceListHashInput,
  type DeviceListEntry,
  encodeDeviceList,
  encodeDeviceListTbs,
} from "#schema/envelope/device-list.ts";
import type { AccountId } from "#schema/ids.ts";
import type { EnrolInput } from "#schema/rpc/inbox.ts";

const createdAtMs = 1_800_000_000_000;
const certificates = new Map<string, Uint8Array>();

export class AccountKey {
  readonly account: AccountId;
  #version = 0;
  #hash: Uint8Array = new Uint8Array(32);
  #entries: readonly DeviceListEntry[] = [];

  constructor(account: AccountId) {
    this.account = account;
  }

  /** Adds the next device and revokes others. */
  enrolment(revoke: readonly number[]): EnrolInput {
    const device = (this.#entries.at(-1)?.deviceId ?? 0) + 1;
    const certificate = certificateOf(this.account, device);
    const kept = this.#entries.map((entry) =>
      revoke.includes(entry.deviceId) ? { ...entry, status: "revoked" as const } : entry,
    );
    const added = {
      deviceId: device,
      status: "active" as const,
      certHash: sha256(deviceCertHashInput(certificate)),
    };
    this.#entries = [...kept, added];
    this.#version += 1;
    const genesis = this.#version === 1;
    const content = {
      kind: genesis ? ("genesis" as const) : ("change" as const),
      accountId: decodeBase64url(this.account),
      aik: new Uint8Array(32).fill(7),
      version: this.#version,
      prevHash: this.#hash,
      issuedAtMs: createdAtMs,
      devices: this.#entries,
    };
    const list = encodeDeviceList(encodeDeviceListTbs(content), new Uint8Array(64));
    this.#hash = sha256(deviceListHashInput(list));
    return {
      account: this.account,
      username: `user${this.account.charAt(0).toLowerCase()}`,
      device,
      deviceName: "simulated",
      deviceList: encodeBase64url(list),
      certificate: encodeBase64url(certificate),
      prekeys: { oneTime: [], oneTimePq: [] },
      genesis,
    };
  }
}

function certificateOf(account: AccountId, deviceId: number): Uint8Array {
  const name = `${account}.${deviceId}`;
  let certificate = certificates.get(name);
  if (certificate === undefined) {
    const tbs = encodeDeviceCertTbs({
      accountId: decodeBase64url(account),
      deviceId,
      aik: new Uint8Array(32).fill(7),
      dsk: sha256(Buffer.from(`dsk ${name}`)),
      dik: sha256(Buffer.from(`dik ${name}`)),
      createdAtMs,
    });
    certificate = concat(tbs, new Uint8Array(128));
    certificates.set(name, certificate);
  }
  return certificate;
}

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha256").update(bytes).digest());
}
