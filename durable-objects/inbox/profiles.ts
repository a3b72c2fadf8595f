/**
 * Which copies of a device's store have connected. A store raises its epoch durably before each connection, so an epoch that was seen
 * already comes from an older state of the store (attack 38) or from a copy of it (attack 39).
 */
import type { DeviceId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import type { ProfileEpoch } from "#schema/protocol/inbox.ts";
import type { Sql } from "../support/sql.ts";

/** The name of connections that gave none. */
const nameless = "";

export class Profiles {
  readonly #sql: Sql;
  readonly #now: () => number;

  constructor(sql: Sql, now: () => number) {
    this.#sql = sql;
    this.#now = now;
  }

  /** A store connects. What is wrong with that, if anything. */
  present(device: DeviceId, profile: ProfileEpoch | undefined): "epoch_behind" | "elsewhere" | undefined {
    const { id, epoch } = profile ?? { id: nameless, epoch: 0 };
    const rows = this.#rows(device);
    // A device that has never named its store is an older client.
    if (profile === undefined && rows.length === 0) return undefined;
    return this.#sql.transaction(() => {
      const known = rows.find((row) => row.profile === id);
      const isBehind =
        profile !== undefined && known !== undefined && (known.burnt === 1 || epoch <= known.epoch);
      // Behind once is behind for good: both of those that go by this name have to take another one, however often they try.
      if (isBehind) {
        this.#sql.all("UPDATE profiles SET burnt = 1 WHERE device = ? AND profile = ?", device, id);
        return "epoch_behind";
      }
      const isElsewhere = known !== undefined && known.present === 0;
      this.#sql.all("UPDATE profiles SET present = 0 WHERE device = ?", device);
      this.#sql.all(
        `INSERT INTO profiles VALUES (?1, ?2, ?3, 0, 1, ?4)
         ON CONFLICT (device, profile) DO UPDATE SET epoch = ?3, present = 1, seen_at_ms = ?4`,
        device,
        id,
        epoch,
        this.#now(),
      );
      this.#forgetOldest(device);
      return isElsewhere && profile !== undefined ? "elsewhere" : undefined;
    });
  }

  #rows(device: DeviceId) {
    return this.#sql.all<{ profile: string; epoch: number; burnt: number; present: number }>(
      "SELECT profile, epoch, burnt, present FROM profiles WHERE device = ?",
      device,
    );
  }

  #forgetOldest(device: DeviceId): void {
    this.#sql.all(
      `DELETE FROM profiles WHERE device = ?1 AND profile NOT IN (
         SELECT profile FROM profiles WHERE device = ?1 ORDER BY present DESC, seen_at_ms DESC LIMIT ?2)`,
      device,
      limits.profilesRemembered,
    );
  }
}
