/** What a group keeps besides its log: its operations, who holds which sender key, whom to tell that they are out. */
import type { AccountId, DeviceId, Sequence } from "#schema/ids.ts";
import type { DeviceSet } from "#schema/rpc/shared.ts";
import type { SenderKeyStore, StoredSenderKey } from "./sender-keys.ts";
import type { StoredGroup, StoredMember } from "./store.ts";
import type { Sql } from "../support/sql.ts";

export interface StoredOperation {
  readonly epoch: number;
  readonly seq: Sequence;
  /** base64url. */
  readonly operation: string;
}

export interface Departure {
  readonly account: AccountId;
  readonly epoch: number;
}

/** A member that comes in, with the places of its devices in the bit sets. */
export interface Arrival {
  readonly member: StoredMember;
  readonly set: DeviceSet;
  readonly slots: ReadonlyMap<DeviceId, number>;
  /** Its devices have nothing to acknowledge up to here. */
  readonly floor: Sequence;
}

/** What an operation changes among the members. */
export interface Membership {
  readonly arrivals: readonly Arrival[];
  readonly gone: readonly AccountId[];
  readonly roles: readonly { readonly account: AccountId; readonly role: number }[];
}

/** Synchronous, like the store of the log; commits with the caller's transaction. */
export interface GroupStore extends SenderKeyStore {
  saveHead(head: StoredGroup): void;
  addOperation(operation: StoredOperation): void;
  operation(epoch: number): StoredOperation | undefined;
  /** Ascending, just after `after`. */
  operations(after: number, limit: number): StoredOperation[];
  admit(arrival: Arrival): void;
  saveRole(account: AccountId, role: number): void;
  /** Forgets the member, but not its sender keys, which stay dead when it comes back; owes its inbox the news. */
  dismiss(departure: Departure): void;
  departures(limit: number): Departure[];
  departureTold(departure: Departure): void;
  /** Kills every sender key in use. */
  saveKeyGeneration(generation: number): void;
}

/** Keys of one device that are remembered, the dead ones among them. */
const keysPerDevice = 8;

export class SqliteGroupStore implements GroupStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  saveHead(head: StoredGroup): void {
    this.#sql.all("DELETE FROM group_head");
    this.#sql.all(
      `INSERT INTO group_head (epoch, op_hash, rotation_epoch, settings_epoch, settings, invite, invite_ended,
         dissolved) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      head.epoch,
      head.opHash,
      head.rotationEpoch,
      head.settingsEpoch,
      head.settings,
      head.invite,
      head.inviteEnded,
      head.dissolved,
    );
  }

  addOperation({ epoch, seq, operation }: StoredOperation): void {
    this.#sql.all("INSERT INTO operations (epoch, seq, operation) VALUES (?, ?, ?)", epoch, seq, operation);
  }

  operation(epoch: number): StoredOperation | undefined {
    return this.#sql.first<{ [Key in keyof StoredOperation]: StoredOperation[Key] }>(
      "SELECT epoch, seq, operation FROM operations WHERE epoch = ?",
      epoch,
    );
  }

  operations(after: number, limit: number): StoredOperation[] {
    return this.#sql.all<{ [Key in keyof StoredOperation]: StoredOperation[Key] }>(
      "SELECT epoch, seq, operation FROM operations WHERE epoch > ? ORDER BY epoch LIMIT ?",
      after,
      limit,
    );
  }

  admit({ member, set, slots, floor }: Arrival): void {
    this.#sql.all(
      `INSERT INTO members (account, username, list_version, set_epoch, read_seq, unread_base, base_seq, sent_seq,
         role, joined_epoch, joined_seq, history_from) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      member.account,
      member.username,
      member.listVersion,
      member.setEpoch,
      member.readSeq,
      member.unreadBase,
      member.baseSeq,
      member.sentSeq,
      member.role,
      member.joinedEpoch,
      member.joinedSeq,
      member.historyFrom,
    );
    for (const device of set.devices) {
      this.#sql.all(
        `INSERT INTO devices (account, device, active, delivered_seq, since_seq, slot) VALUES (?, ?, 1, ?, ?, ?)`,
        set.account,
        device,
        floor,
        floor,
        slots.get(device) ?? null,
      );
    }
    this.#sql.all("DELETE FROM departures WHERE account = ?", member.account);
  }

  saveRole(account: AccountId, role: number): void {
    this.#sql.all("UPDATE members SET role = ? WHERE account = ?", role, account);
  }

  dismiss({ account, epoch }: Departure): void {
    this.#sql.all("DELETE FROM members WHERE account = ?", account);
    this.#sql.all("DELETE FROM devices WHERE account = ?", account);
    this.#sql.all("INSERT OR REPLACE INTO departures (account, epoch) VALUES (?, ?)", account, epoch);
  }

  departures(limit: number): Departure[] {
    return this.#sql.all<{ account: AccountId; epoch: number }>(
      "SELECT account, epoch FROM departures LIMIT ?",
      limit,
    );
  }

  departureTold({ account, epoch }: Departure): void {
    this.#sql.all("DELETE FROM departures WHERE account = ? AND epoch = ?", account, epoch);
  }

  saveKeyGeneration(generation: number): void {
    this.#sql.all("UPDATE conversation SET key_generation = ?", generation);
  }

  senderKey(account: AccountId, device: DeviceId, keyId: string): StoredSenderKey | undefined {
    return this.#sql.first<{ generation: number; holders: string }>(
      "SELECT generation, holders FROM sender_keys WHERE account = ? AND device = ? AND key_id = ?",
      account,
      device,
      keyId,
    );
  }

  saveSenderKey(account: AccountId, device: DeviceId, keyId: string, key: StoredSenderKey): void {
    this.#sql.all(
      `INSERT INTO sender_keys (account, device, key_id, generation, holders) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (account, device, key_id) DO UPDATE SET holders = excluded.holders`,
      account,
      device,
      keyId,
      key.generation,
      key.holders,
    );
    this.#sql.all(
      `DELETE FROM sender_keys WHERE account = ?1 AND device = ?2 AND rowid NOT IN (
         SELECT rowid FROM sender_keys WHERE account = ?1 AND device = ?2 ORDER BY rowid DESC LIMIT ?3)`,
      account,
      device,
      keysPerDevice,
    );
  }
}
