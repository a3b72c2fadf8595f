/** To-device messages: kept until the device acknowledges them, at most so many and so long. */
import type { AccountId, DeviceId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import type { DeviceMessageInput } from "#schema/rpc/inbox.ts";
import type { Sql } from "../support/sql.ts";

export interface QueuedMessage {
  readonly position: number;
  readonly senderAccount: AccountId;
  readonly senderDevice: DeviceId;
  readonly data: string;
  readonly serverTimeMs: number;
}

/** How long a repeated send of an acknowledged message is recognised. */
const rememberMs = 86_400_000;
const readAtOnce = 64;

export class DeviceQueue {
  readonly #sql: Sql;
  readonly #now: () => number;

  constructor(sql: Sql, now: () => number) {
    this.#sql = sql;
    this.#now = now;
  }

  /** Inside a transaction: queues the message. Undefined when it was queued before. */
  enqueue({ device, sender, id, data }: DeviceMessageInput): QueuedMessage | undefined {
    const earlier = this.#sql.first(
      `SELECT position FROM device_messages
       WHERE device = ? AND id = ? AND sender_account = ? AND sender_device = ?`,
      device,
      id,
      sender.account,
      sender.device,
    );
    if (earlier !== undefined) return undefined;
    const position = this.#sql.first<{ position: number }>(
      "UPDATE devices SET last_position = last_position + 1 WHERE device = ? RETURNING last_position AS position",
      device,
    )?.position;
    if (position === undefined) return undefined;
    const serverTimeMs = this.#now();
    this.#sql.all(
      "INSERT INTO device_messages VALUES (?, ?, ?, ?, ?, ?, ?)",
      device,
      position,
      sender.account,
      sender.device,
      id,
      data,
      serverTimeMs,
    );
    this.#makeRoom(device);
    return { position, senderAccount: sender.account, senderDevice: sender.device, data, serverTimeMs };
  }

  /** Everything not acknowledged yet, a few at a time so that a long queue never stands in memory as a whole. */
  *pending(device: DeviceId): Generator<readonly QueuedMessage[]> {
    for (let after = 0; ;) {
      const rows = this.#sql.all<{ [Key in keyof QueuedMessage]: QueuedMessage[Key] }>(
        `SELECT position, sender_account AS senderAccount, sender_device AS senderDevice, data,
           server_time_ms AS serverTimeMs
         FROM device_messages WHERE device = ? AND position > ? AND data IS NOT NULL ORDER BY position LIMIT ?`,
        device,
        after,
        readAtOnce,
      );
      const last = rows.at(-1);
      if (last === undefined) return;
      yield rows;
      after = last.position;
    }
  }

  /** Forgets what the device has. False, and nothing is forgotten, when so much was never sent to it. */
  acknowledge(device: DeviceId, position: number): boolean {
    const newest = this.#sql.first<{ position: number }>(
      "SELECT last_position AS position FROM devices WHERE device = ?",
      device,
    );
    if (newest === undefined || position > newest.position) return false;
    this.#sql.all(
      "UPDATE device_messages SET data = NULL WHERE device = ? AND position <= ? AND data IS NOT NULL",
      device,
      position,
    );
    return true;
  }

  clean(): void {
    const now = this.#now();
    this.#sql.all(
      "DELETE FROM device_messages WHERE server_time_ms < ? OR (data IS NULL AND server_time_ms < ?)",
      now - limits.capsuleAgeMs,
      now - rememberMs,
    );
  }

  /** Keeps the queue at its limit, at the cost of the sender that has the most in it. */
  #makeRoom(device: DeviceId): void {
    const queued = this.#sql.first<{ count: number }>(
      "SELECT COUNT(*) AS count FROM device_messages WHERE device = ?",
      device,
    );
    if ((queued?.count ?? 0) <= limits.deviceMessagesQueued) return;
    this.#sql.all(
      `DELETE FROM device_messages WHERE device = ?1 AND position = (
         SELECT MIN(position) FROM device_messages WHERE device = ?1
         GROUP BY sender_account ORDER BY COUNT(*) DESC LIMIT 1)`,
      device,
    );
  }
}
