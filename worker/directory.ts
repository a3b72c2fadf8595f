/** The directory database: accounts by name, conversations by pair. A failing database is `unavailable`, never more. */
import { SottoError } from "#schema/errors.ts";
import type { Argon2Cost, SealedVault } from "#schema/http/auth.ts";
import type { AccountId, ConversationId } from "#schema/ids.ts";
import type { Member } from "#schema/rpc/shared.ts";
import type { StoredAuthKey } from "./auth-key.ts";

export interface AccountRecord extends StoredAuthKey {
  readonly account: AccountId;
  readonly username: string;
  readonly clientSalt: string;
  readonly argon2: Argon2Cost;
  readonly vault: SealedVault;
  /** Undefined where the server does not know the recovery code yet. */
  readonly recovery: StoredAuthKey | undefined;
}

interface AccountRow {
  readonly account_id: AccountId;
  readonly username: string;
  readonly server_salt: string;
  readonly auth_hash: string;
  readonly client_salt: string;
  readonly argon2_memory_kib: number;
  readonly argon2_passes: number;
  readonly vault_version: number;
  readonly vault_data: string;
  readonly vault_wraps: string;
  readonly recovery_salt: string | null;
  readonly recovery_hash: string | null;
}

export interface ConversationRow {
  readonly conversationId: ConversationId;
  readonly archiveShard: number;
  readonly createdAtMs: number;
}

export class Directory {
  readonly #database: D1Database;

  constructor(database: D1Database) {
    this.#database = database;
  }

  async accountByName(username: string): Promise<AccountRecord | undefined> {
    const row = await query(() =>
      this.#database.prepare("SELECT * FROM accounts WHERE username = ?").bind(username).first<AccountRow>(),
    );
    return row === null ? undefined : recordOf(row);
  }

  async accountById(account: AccountId): Promise<AccountRecord | undefined> {
    const row = await query(() =>
      this.#database.prepare("SELECT * FROM accounts WHERE account_id = ?").bind(account).first<AccountRow>(),
    );
    return row === null ? undefined : recordOf(row);
  }

  /** Adds the account unless its name or id is taken; the caller looks who has it now. */
  async addAccount(record: AccountRecord, nowMs: number): Promise<void> {
    await query(() =>
      this.#database
        .prepare("INSERT INTO accounts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING")
        .bind(
          record.account,
          record.username,
          record.serverSalt,
          record.authHash,
          record.clientSalt,
          record.argon2.memoryKiB,
          record.argon2.passes,
          record.vault.version,
          record.vault.data,
          JSON.stringify(record.vault.wraps),
          nowMs,
          record.recovery?.serverSalt ?? null,
          record.recovery?.authHash ?? null,
        )
        .run(),
    );
  }

  /** Puts another password in the place of the one with the salt `before`; false when that is no longer the newest. */
  async replaceAuthKey(
    account: AccountId,
    before: string,
    next: Pick<AccountRecord, "serverSalt" | "authHash" | "argon2">,
  ): Promise<boolean> {
    const { serverSalt, authHash, argon2 } = next;
    const { meta } = await query(() =>
      this.#database
        .prepare(
          `UPDATE accounts SET server_salt = ?, auth_hash = ?, argon2_memory_kib = ?, argon2_passes = ?
           WHERE account_id = ? AND server_salt = ?`,
        )
        .bind(serverSalt, authHash, argon2.memoryKiB, argon2.passes, account, before)
        .run(),
    );
    return meta.changes === 1;
  }

  /** Puts `wraps` in the place of those of `version`; false when that is no longer the newest. */
  async replaceWraps(account: AccountId, version: number, wraps: SealedVault["wraps"]): Promise<boolean> {
    const { meta } = await query(() =>
      this.#database
        .prepare(
          `UPDATE accounts SET vault_wraps = ?, vault_version = vault_version + 1
           WHERE account_id = ? AND vault_version = ?`,
        )
        .bind(JSON.stringify(wraps), account, version)
        .run(),
    );
    return meta.changes === 1;
  }

  /** Puts `vault` after the version before its own, with its recovery code; again is harmless. False when another one is there by now. */
  async replaceVault(
    account: AccountId,
    { version, data, wraps }: SealedVault,
    recovery: StoredAuthKey,
  ): Promise<boolean> {
    const { meta } = await query(() =>
      this.#database
        .prepare(
          `UPDATE accounts SET vault_version = ?1, vault_data = ?2, vault_wraps = ?3, recovery_salt = ?5, recovery_hash = ?6
           WHERE account_id = ?4 AND (vault_version = ?1 - 1 OR (vault_version = ?1 AND vault_data = ?2))`,
        )
        .bind(version, data, JSON.stringify(wraps), account, recovery.serverSalt, recovery.authHash)
        .run(),
    );
    return meta.changes === 1;
  }

  /** Makes the recovery code of the vault of `version` known; false when that is no longer the newest. */
  async setRecoveryKey(account: AccountId, version: number, recovery: StoredAuthKey): Promise<boolean> {
    const { meta } = await query(() =>
      this.#database
        .prepare(
          "UPDATE accounts SET recovery_salt = ?, recovery_hash = ? WHERE account_id = ? AND vault_version = ?",
        )
        .bind(recovery.serverSalt, recovery.authHash, account, version)
        .run(),
    );
    return meta.changes === 1;
  }

  /** The conversation of a pair, made with `proposed` when the pair has none yet. */
  async directConversation(members: readonly Member[], proposed: ConversationRow): Promise<ConversationRow> {
    const pairKey = members.map(({ account }) => account).join(".");
    const results = await query(() =>
      this.#database.batch<{ conversation_id: ConversationId; archive_shard: number; created_at_ms: number }>(
        [
          this.#database
            .prepare("INSERT INTO conversations VALUES (?, 'direct', ?, ?, ?) ON CONFLICT DO NOTHING")
            .bind(proposed.conversationId, pairKey, proposed.archiveShard, proposed.createdAtMs),
          ...members.map(({ account }) =>
            this.#database
              .prepare(
                `INSERT INTO conversation_members SELECT ?, conversation_id FROM conversations WHERE pair_key = ?
               ON CONFLICT DO NOTHING`,
              )
              .bind(account, pairKey),
          ),
          this.#database.prepare("SELECT * FROM conversations WHERE pair_key = ?").bind(pairKey),
        ],
      ),
    );
    const row = results.at(-1)?.results[0];
    if (row === undefined) throw new Error("a conversation just written is not there");
    return {
      conversationId: row.conversation_id,
      archiveShard: row.archive_shard,
      createdAtMs: row.created_at_ms,
    };
  }
}

/** Runs one database call; a failure of the database becomes `unavailable`. */
export async function query<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    return await call();
  } catch (cause) {
    throw new SottoError("unavailable", "Not possible right now; try again.", { retryAfterMs: 2_000, cause });
  }
}

function recordOf(row: AccountRow): AccountRecord {
  const { recovery_salt: recoverySalt, recovery_hash: recoveryHash } = row;
  const isKnown = recoverySalt !== null && recoveryHash !== null;
  return {
    account: row.account_id,
    username: row.username,
    serverSalt: row.server_salt,
    authHash: row.auth_hash,
    clientSalt: row.client_salt,
    argon2: { memoryKiB: row.argon2_memory_kib, passes: row.argon2_passes, lanes: 1 },
    // Written by `addAccount` alone.
    vault: {
      version: row.vault_version,
      data: row.vault_data,
      wraps: JSON.parse(row.vault_wraps) as SealedVault["wraps"],
    },
    recovery: isKnown ? { serverSalt: recoverySalt, authHash: recoveryHash } : undefined,
  };
}
