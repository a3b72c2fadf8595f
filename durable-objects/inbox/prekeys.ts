/** The prekeys of the account's devices; each one-time prekey is handed out at most once (CRYPTO 2.1). */
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { parseOneTimePrekey, parsePqPrekey, parseSignedPrekey } from "#schema/envelope/prekeys.ts";
import { SottoError } from "#schema/errors.ts";
import type { Bundle } from "#schema/http/devices.ts";
import type { AccountId, DeviceId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import type { ClaimInput, PrekeyInput, PrekeyStockRecord } from "#schema/rpc/inbox.ts";
import type { Sql } from "../support/sql.ts";

const hourMs = 3_600_000;

type Kind = "dh" | "pq";
const kindMax = { dh: limits.oneTimePrekeys, pq: limits.oneTimePqPrekeys } as const;

export class Prekeys {
  readonly #sql: Sql;
  readonly #now: () => number;

  constructor(sql: Sql, now: () => number) {
    this.#sql = sql;
    this.#now = now;
  }

  /** Adds prekeys whose signatures were verified. Older signed prekeys, known key ids and surplus are left out. */
  add(device: DeviceId, { signed, oneTime, oneTimePq }: PrekeyInput): void {
    if (signed !== undefined) {
      const { createdAtMs } = parseSignedPrekey(decodeBase64url(signed.signedPrekey));
      this.#sql.all(
        `INSERT INTO signed_prekeys VALUES (?, ?, ?, ?) ON CONFLICT (device) DO UPDATE SET
           signed_prekey = excluded.signed_prekey, last_resort = excluded.last_resort,
           created_at_ms = excluded.created_at_ms
         WHERE excluded.created_at_ms >= created_at_ms`,
        device,
        signed.signedPrekey,
        signed.lastResort,
        createdAtMs,
      );
    }
    this.#addOneTime(device, "dh", oneTime, (data) => parseOneTimePrekey(data).keyId);
    this.#addOneTime(device, "pq", oneTimePq, (data) => parsePqPrekey(data).keyId);
  }

  stock(device: DeviceId): PrekeyStockRecord {
    const signed = this.#sql.first<{ createdAtMs: number }>(
      "SELECT created_at_ms AS createdAtMs FROM signed_prekeys WHERE device = ?",
      device,
    );
    return {
      oneTime: this.#count(device, "dh"),
      oneTimePq: this.#count(device, "pq"),
      signedPrekeyCreatedAtMs: signed?.createdAtMs ?? 0,
    };
  }

  isLow({ oneTime, oneTimePq }: PrekeyStockRecord): boolean {
    return oneTime < limits.oneTimePrekeyLow || oneTimePq < limits.oneTimePqPrekeyLow;
  }

  /** Claims one bundle for each of `devices`; throws `rate_limited` when the requester drains too fast. */
  claim({ requester, devices }: ClaimInput): Bundle[] {
    this.#countFetches(requester, devices.length);
    return devices.flatMap((device) => {
      const signed = this.#sql.first<{ signedPrekey: string; lastResort: string }>(
        "SELECT signed_prekey AS signedPrekey, last_resort AS lastResort FROM signed_prekeys WHERE device = ?",
        device,
      );
      if (signed === undefined) return [];
      const oneTimePrekey = this.#take(device, "dh");
      const pqPrekey = this.#take(device, "pq") ?? signed.lastResort;
      const bundle = { deviceId: device, signedPrekey: signed.signedPrekey, pqPrekey };
      return [oneTimePrekey === undefined ? bundle : { ...bundle, oneTimePrekey }];
    });
  }

  /** Forgets which keys were handed out long ago, and counters that ran out. */
  clean(): void {
    this.#sql.all(
      "DELETE FROM one_time_prekeys WHERE data IS NULL AND changed_at_ms < ?",
      this.#now() - 4 * limits.signedPrekeyAgeMs,
    );
    this.#sql.all("DELETE FROM bundle_fetches WHERE window_started_at_ms < ?", this.#now() - hourMs);
  }

  #addOneTime(
    device: DeviceId,
    kind: Kind,
    prekeys: readonly string[],
    keyIdOf: (data: Uint8Array) => number,
  ): void {
    const room = kindMax[kind] - this.#count(device, kind);
    for (const data of prekeys.slice(0, Math.max(0, room))) {
      this.#sql.all(
        "INSERT INTO one_time_prekeys VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        device,
        kind,
        keyIdOf(decodeBase64url(data)),
        data,
        this.#now(),
      );
    }
  }

  #take(device: DeviceId, kind: Kind): string | undefined {
    const next = this.#sql.first<{ keyId: number; data: string }>(
      `SELECT key_id AS keyId, data FROM one_time_prekeys
       WHERE device = ? AND kind = ? AND data IS NOT NULL ORDER BY key_id LIMIT 1`,
      device,
      kind,
    );
    if (next === undefined) return undefined;
    this.#sql.all(
      "UPDATE one_time_prekeys SET data = NULL, changed_at_ms = ? WHERE device = ? AND kind = ? AND key_id = ?",
      this.#now(),
      device,
      kind,
      next.keyId,
    );
    return next.data;
  }

  #count(device: DeviceId, kind: Kind): number {
    const row = this.#sql.first<{ count: number }>(
      "SELECT COUNT(*) AS count FROM one_time_prekeys WHERE device = ? AND kind = ? AND data IS NOT NULL",
      device,
      kind,
    );
    return row?.count ?? 0;
  }

  #countFetches(requester: AccountId, bundles: number): void {
    const now = this.#now();
    const row = this.#sql.first<{ startedAtMs: number; count: number }>(
      "SELECT window_started_at_ms AS startedAtMs, count FROM bundle_fetches WHERE requester = ?",
      requester,
    );
    const isRunning = row !== undefined && now < row.startedAtMs + hourMs;
    const startedAtMs = isRunning ? row.startedAtMs : now;
    const count = (isRunning ? row.count : 0) + bundles;
    if (count > limits.bundleFetchesPerHour) {
      const retryAfterMs = startedAtMs + hourMs - now;
      throw new SottoError("rate_limited", "Too many prekey bundles claimed.", { retryAfterMs });
    }
    this.#sql.all("INSERT OR REPLACE INTO bundle_fetches VALUES (?, ?, ?)", requester, startedAtMs, count);
  }
}
