/** The account's sessions and the rotation of their refresh tokens, of which only hashes are known here. */
import { SottoError } from "#schema/errors.ts";
import type { DeviceId, SessionId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import type { OpenSessionInput, RotateInput, SessionRecord } from "#schema/rpc/inbox.ts";
import type { Identity } from "#schema/rpc/shared.ts";
import { refusal } from "../support/error-events.ts";
import type { Sql } from "../support/sql.ts";
import { nextEpoch } from "./account.ts";
import type { Devices } from "./devices.ts";

const dayMs = 86_400_000;
/** Successors of one token that may be in flight at once, each with a lost or racing answer. */
const successorsMax = 4;

interface SessionRow {
  readonly session: SessionId;
  readonly device: DeviceId;
  readonly expiresAtMs: number;
  readonly currentHashes: string;
  readonly previousHash: string | null;
  readonly rotatedAtMs: number;
}

export type Rotation =
  | { readonly type: "rotated"; readonly device: DeviceId }
  | { readonly type: "unknown" }
  /** A spent token: someone else may hold the session, so it is over. */
  | { readonly type: "reused" };

export class Sessions {
  readonly #sql: Sql;
  readonly #devices: Devices;
  readonly #now: () => number;

  constructor(sql: Sql, devices: Devices, now: () => number) {
    this.#sql = sql;
    this.#devices = devices;
    this.#now = now;
  }

  /**
   * Opens a session; an older one of the same device is over. Opening it twice is opening it once; one that ended
   * stays ended. Returns what ended.
   */
  open(input: OpenSessionInput): SessionId[] {
    const device = this.#devices.find(input.device);
    if (device === undefined || device.barred === 1 || !this.#devices.isReachable(input.device)) {
      throw sessionRevoked();
    }
    if (this.#find(input.session) !== undefined) return [];
    // A late repetition of the call that opened a session which is over by now.
    if (this.#isOver(input.session)) throw refusal("unavailable");
    const ended = this.end((session) => session.device === input.device);
    this.#sql.all(
      "INSERT INTO sessions VALUES (?, ?, ?, ?, NULL, ?, ?)",
      input.session,
      input.device,
      input.expiresAtMs,
      JSON.stringify([input.tokenHash]),
      this.#now(),
      this.#today(),
    );
    return ended;
  }

  rotate(input: RotateInput): Rotation {
    const row = this.#find(input.session);
    if (row === undefined || row.expiresAtMs <= this.#now()) return { type: "unknown" };
    const current = parseHashes(row.currentHashes);
    if (current.includes(input.nextHash)) return { type: "rotated", device: row.device };
    if (current.includes(input.presentedHash)) {
      this.#save(row.session, [input.nextHash], input.presentedHash, this.#now(), input.expiresAtMs);
      return { type: "rotated", device: row.device };
    }
    const isAnswerLost =
      row.previousHash === input.presentedHash &&
      this.#now() < row.rotatedAtMs + limits.refreshGraceMs &&
      current.length < successorsMax;
    if (!isAnswerLost) return { type: "reused" };
    const successors = [...current, input.nextHash];
    this.#save(row.session, successors, input.presentedHash, row.rotatedAtMs, input.expiresAtMs);
    return { type: "rotated", device: row.device };
  }

  /** Whether the session lives on an active device; notes the day it was seen. */
  isAlive(identity: Identity): boolean {
    const row = this.#find(identity.session);
    const isAlive =
      row !== undefined &&
      row.device === identity.device &&
      row.expiresAtMs > this.#now() &&
      this.#devices.isReachable(row.device);
    if (isAlive) {
      this.#sql.all(
        "UPDATE sessions SET last_active_day_ms = ? WHERE session_id = ? AND last_active_day_ms <> ?",
        this.#today(),
        row.session,
        this.#today(),
      );
    }
    return isAlive;
  }

  /** Ends sessions for good. Conversation objects hear of it through the epoch. */
  end(
    matches: (session: { readonly session: SessionId; readonly device: DeviceId }) => boolean,
  ): SessionId[] {
    const ended = this.#sql
      .all<{ session: SessionId; device: number }>("SELECT session_id AS session, device FROM sessions")
      .filter(matches)
      .map((row) => row.session);
    if (ended.length === 0) return ended;
    const epoch = nextEpoch(this.#sql);
    for (const session of ended) {
      this.#sql.all("DELETE FROM sessions WHERE session_id = ?", session);
      this.#sql.all("INSERT INTO ended_sessions VALUES (?, ?, ?)", session, epoch, this.#now());
    }
    return ended;
  }

  list(): SessionRecord[] {
    return this.#sql.all<{
      sessionId: SessionId;
      deviceId: number;
      deviceName: string;
      lastActiveDayMs: number;
    }>(
      `SELECT session_id AS sessionId, sessions.device AS deviceId, name AS deviceName,
         last_active_day_ms AS lastActiveDayMs
       FROM sessions JOIN devices USING (device) WHERE expires_at_ms > ? ORDER BY sessions.device`,
      this.#now(),
    );
  }

  #isOver(session: SessionId): boolean {
    return (
      this.#sql.first("SELECT 1 AS found FROM ended_sessions WHERE session_id = ?", session) !== undefined
    );
  }

  #find(session: SessionId): SessionRow | undefined {
    return this.#sql.first<{ [Key in keyof SessionRow]: SessionRow[Key] }>(
      `SELECT session_id AS session, device, expires_at_ms AS expiresAtMs, current_hashes AS currentHashes,
         previous_hash AS previousHash, rotated_at_ms AS rotatedAtMs FROM sessions WHERE session_id = ?`,
      session,
    );
  }

  #save(
    session: SessionId,
    current: readonly string[],
    previous: string,
    rotatedAtMs: number,
    expiresAtMs: number,
  ): void {
    this.#sql.all(
      `UPDATE sessions SET current_hashes = ?, previous_hash = ?, rotated_at_ms = ?, expires_at_ms = ?
       WHERE session_id = ?`,
      JSON.stringify(current),
      previous,
      rotatedAtMs,
      expiresAtMs,
      session,
    );
  }

  #today(): number {
    return Math.floor(this.#now() / dayMs) * dayMs;
  }
}

export function sessionRevoked(): SottoError {
  return new SottoError("session_revoked", "This session is over.");
}

/** Written by this file alone. */
function parseHashes(json: string): readonly string[] {
  return JSON.parse(json) as string[];
}
