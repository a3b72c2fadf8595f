/** The account's devices: their certificates, the chain of lists, sign-outs. */
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { type DeviceList, parseDeviceList } from "#schema/envelope/device-list.ts";
import type { DeviceDirectory } from "#schema/http/devices.ts";
import type { AccountId, DeviceId } from "#schema/ids.ts";
import type { EnrolInput, OwnDeviceRecord } from "#schema/rpc/inbox.ts";
import type { DeviceSet } from "#schema/rpc/shared.ts";
import { refusal } from "../support/error-events.ts";
import type { Sql } from "../support/sql.ts";
import { type AccountRow, createAccount, loadAccount, nextEpoch } from "./account.ts";
import { assertFreshKeys, assertNextList, conflict, type Predecessor } from "./device-chain.ts";

export interface DeviceRow {
  readonly device: DeviceId;
  readonly name: string;
  readonly certificate: string;
  readonly active: number;
  readonly signOut: string | null;
  readonly barred: number;
}

/** Hashes of an enrolment, computed before the turn that decides about it. */
export interface EnrolmentHashes {
  /** DLH of the new list, base64url. */
  readonly list: string;
  readonly certificate: Uint8Array;
}

const deviceColumns = "device, name, certificate, active, sign_out AS signOut, barred";

export class Devices {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /**
   * Inside a transaction: adds the device when its list follows the newest. Returns whether anything changed: an
   * enrolment that was accepted before is not an error, because its answer may have been lost.
   */
  enrol(input: EnrolInput, hashes: EnrolmentHashes, nowMs: number): "added" | "repeated" {
    const account = loadAccount(this.#sql);
    if (this.#isRepeated(input)) return "repeated";
    if ((account === undefined) !== input.genesis) throw conflict();
    const bytes = decodeBase64url(input.deviceList);
    const list = parseDeviceList(bytes);
    const joining = { device: input.device, certHash: hashes.certificate };
    assertNextList(list, joining, this.#predecessor(), input.claimHash === undefined ? "change" : "reset");
    const others = this.all().map(({ certificate }) => decodeBase64url(certificate));
    assertFreshKeys(decodeBase64url(input.certificate), others);
    if (account === undefined) createAccount(this.#sql, input.account, input.username, nowMs);
    this.#sql.all(
      "INSERT INTO devices VALUES (?, ?, ?, 1, NULL, 0, ?, 0)",
      input.device,
      input.deviceName,
      input.certificate,
      nowMs,
    );
    this.#adopt(list, input.deviceList, hashes.list);
    return "added";
  }

  /** Inside a transaction: takes a list that adds no device. Returns false for the newest one once more. */
  publish(deviceList: string, hash: string): boolean {
    const list = parseDeviceList(decodeBase64url(deviceList));
    const previous = this.#predecessor();
    if (previous === undefined) throw conflict();
    if (previous.hash === hash) return false;
    assertNextList(list, undefined, previous);
    this.#adopt(list, deviceList, hash);
    return true;
  }

  rename(device: DeviceId, name: string): void {
    if (!this.isReachable(device)) throw refusal("not_found");
    this.#sql.all("UPDATE devices SET name = ? WHERE device = ?", name, device);
  }

  /** Those that may be signed in, whether they are or not. */
  own(): OwnDeviceRecord[] {
    return this.#sql
      .all<{ deviceId: number; deviceName: string; addedAtMs: number; lastActiveDayMs: number | null }>(
        `SELECT devices.device AS deviceId, name AS deviceName, enrolled_at_ms AS addedAtMs,
           MAX(last_active_day_ms) AS lastActiveDayMs
         FROM devices LEFT JOIN sessions USING (device) WHERE active = 1 AND sign_out IS NULL
         GROUP BY devices.device ORDER BY devices.device`,
      )
      .map(({ lastActiveDayMs, ...row }) => (lastActiveDayMs === null ? row : { ...row, lastActiveDayMs }));
  }

  all(): DeviceRow[] {
    return this.#sql.all<{ [Key in keyof DeviceRow]: DeviceRow[Key] }>(
      `SELECT ${deviceColumns} FROM devices ORDER BY device`,
    );
  }

  find(device: DeviceId): DeviceRow | undefined {
    return this.#sql.first<{ [Key in keyof DeviceRow]: DeviceRow[Key] }>(
      `SELECT ${deviceColumns} FROM devices WHERE device = ?`,
      device,
    );
  }

  /** Whether messages are to be encrypted for it. */
  isReachable(device: DeviceId): boolean {
    const row = this.find(device);
    return row !== undefined && row.active === 1 && row.signOut === null;
  }

  set(account: AccountRow): DeviceSet {
    const devices = this.all()
      .filter((row) => row.active === 1 && row.signOut === null)
      .map((row) => row.device);
    return { account: account.account, epoch: account.epoch, version: this.version(), devices };
  }

  version(): number {
    return (
      this.#sql.first<{ version: number }>("SELECT MAX(version) AS version FROM device_lists")?.version ?? 0
    );
  }

  directory(account: AccountRow, after: number): DeviceDirectory {
    const from = Math.min(after + 1, this.version());
    const lists = this.#sql
      .all<{ list: string }>("SELECT list FROM device_lists WHERE version >= ? ORDER BY version", from)
      .map((row) => row.list);
    const devices = this.all();
    return {
      account: account.account,
      username: account.username,
      lists,
      certificates: devices.map(({ device, certificate }) => ({ deviceId: device, certificate })),
      signOuts: devices.flatMap(({ device, signOut }) =>
        signOut === null ? [] : [{ deviceId: device, statement: signOut }],
      ),
    };
  }

  certificate(device: DeviceId): string {
    const row = this.find(device);
    if (row === undefined) throw refusal("not_found");
    return row.certificate;
  }

  /** Keeps a device's verified statement and its key from opening sessions. Returns whether it is news. */
  signOut(device: DeviceId, statement: string): boolean {
    const row = this.find(device);
    if (row === undefined) throw refusal("not_found");
    this.bar(device);
    if (row.signOut !== null) return false;
    this.#sql.all("UPDATE devices SET sign_out = ? WHERE device = ?", statement, device);
    return true;
  }

  /** The device's key opens no new session. */
  bar(device: DeviceId): void {
    this.#sql.all("UPDATE devices SET barred = 1 WHERE device = ?", device);
  }

  #adopt(list: DeviceList, text: string, hash: string): void {
    this.#sql.all("INSERT INTO device_lists VALUES (?, ?, ?)", list.version, text, hash);
    const active = new Set(
      list.devices.filter(({ status }) => status === "active").map(({ deviceId }) => deviceId),
    );
    for (const { device } of this.all()) {
      if (!active.has(device)) this.#sql.all("UPDATE devices SET active = 0 WHERE device = ?", device);
    }
    nextEpoch(this.#sql);
  }

  #isRepeated(input: EnrolInput): boolean {
    const row = this.find(input.device);
    if (row === undefined || row.certificate !== input.certificate) return false;
    return this.#sql.first("SELECT version FROM device_lists WHERE list = ?", input.deviceList) !== undefined;
  }

  #predecessor(): Predecessor | undefined {
    const row = this.#sql.first<{ list: string; hash: string }>(
      "SELECT list, hash FROM device_lists ORDER BY version DESC LIMIT 1",
    );
    if (row === undefined) return undefined;
    return { list: parseDeviceList(decodeBase64url(row.list)), hash: row.hash };
  }
}

/** The account of an inbox that has one. */
export function knownAccount(sql: Sql): AccountRow & { readonly account: AccountId } {
  const account = loadAccount(sql);
  if (account === undefined) throw refusal("not_found");
  return account;
}
