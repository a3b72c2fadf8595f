/** The backup of a signed-in device: written as messages come, read where this device was not there yet. */
import { SottoError } from "#schema/errors.ts";
import type { ConversationId } from "#schema/ids.ts";
import type { SessionCall } from "../api/session-api.ts";
import { type BackupStatus, ClientError, type ClientEvent } from "../client-api.ts";
import { isCryptoError } from "../crypto/errors.ts";
import type { KeyEntry } from "../crypto/backup/key-entries.ts";
import type { Environment } from "../environment.ts";
import type { Records } from "../store/records.ts";
import type { Conversations } from "../sync/conversations.ts";
import type { Directory } from "../sync/directory.ts";
import type { Self } from "../sync/self.ts";
import { inBackground } from "../sync/lane.ts";
import type { BackupParts } from "./backup-parts.ts";
import { findKeys } from "./key-archive.ts";

export class Backup {
  readonly #records: Records;
  readonly #self: Self;
  readonly #conversations: Conversations;
  readonly #changed: () => void;
  readonly #create: () => Promise<BackupParts | undefined>;
  #loading: Promise<BackupParts | undefined> | undefined;
  #parts: BackupParts | undefined;
  #isStopped = false;

  constructor(
    environment: Environment,
    records: Records,
    self: Self,
    call: SessionCall,
    directory: Directory,
    conversations: Conversations,
    emit: (event: ClientEvent) => void,
  ) {
    this.#records = records;
    this.#self = self;
    this.#conversations = conversations;
    const changed = (this.#changed = () => emit({ type: "backup" }));
    const { backupRoot: root } = self;
    this.#create = async () => {
      // None where the account was entered before its devices kept the backup root.
      if (root === undefined) return undefined;
      const { createBackupParts } = await import("./backup-parts.ts");
      const links = { call, directory, conversations, changed };
      return (this.#parts = createBackupParts(environment, records, self, root, links));
    };
  }

  /** The server can be reached and has told what is new. */
  online(): void {
    void inBackground(async () => {
      const parts = await this.#load();
      if (this.#isStopped) return;
      parts?.reader.online();
      parts?.writer.online();
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#parts?.reader.stop();
    this.#parts?.writer.stop();
  }

  /** Throws `ClientError` backup_full, `SottoError` and `StoreError`. */
  async save(): Promise<void> {
    try {
      await (await this.#load())?.writer.save();
    } catch (error) {
      const isFull = error instanceof SottoError && error.kind === "quota_exceeded";
      throw isFull ? new ClientError("backup_full", { cause: error }) : error;
    }
  }

  async status(): Promise<BackupStatus> {
    const parts = await this.#load();
    if (parts === undefined) return { state: "off" };
    const { writer, reader } = parts;
    const { segments, savedAtMs, unsent } = await writer.state();
    const written = segments.reduce((sum, { entryCount }) => sum + entryCount, 0);
    return {
      state: writer.isFull ? "full" : "on",
      savedAtMs,
      savedMessages:
        (savedAtMs === undefined && unsent !== undefined ? 0 : written) + (await reader.broughtBack()),
      waitingMessages: writer.waiting,
      restoring: reader.progress && { messages: reader.progress.keys, ofMessages: reader.progress.ofKeys },
      refused: reader.refused > 0,
    };
  }

  /** Keys of messages from before this device joined, as far as they can be had now. Throws `StoreError`. */
  keys(conversationId: ConversationId, from: number, to: number): Promise<Map<number, KeyEntry>> {
    return (
      this.#parts?.reader.keys(conversationId, from, to) ?? findKeys(this.#records, conversationId, from, to)
    );
  }

  #load(): Promise<BackupParts | undefined> {
    this.#loading ??= this.#create().catch((error: unknown) => {
      this.#loading = undefined; // offline: fetched with the next connection
      throw error;
    });
    return this.#loading;
  }

  async exportArchive(secret: string): Promise<Uint8Array> {
    const { writeArchive } = await import("./archive-file.ts");
    return writeArchive(this.#records, this.#conversations, this.#self, secret);
  }

  /** Throws `ClientError` wrong_passphrase and wrong_archive, and `StoreError`. */
  async importArchive(input: {
    readonly archive: Uint8Array;
    readonly passphrase: string;
  }): Promise<{ added: number }> {
    try {
      const { readArchive } = await import("./archive-file.ts");
      const added = await readArchive(this.#records, this.#self, input.passphrase, input.archive);
      this.#changed();
      return { added };
    } catch (error) {
      if (!isCryptoError(error)) throw error;
      const code = error.code === "BAD_TAG" ? "wrong_passphrase" : "wrong_archive";
      throw new ClientError(code, { cause: error });
    }
  }
}
