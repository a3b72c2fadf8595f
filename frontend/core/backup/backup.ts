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
import { BackupReader } from "./backup-reader.ts";
import { BackupWriter } from "./backup-writer.ts";
import { findKeys } from "./key-archive.ts";

export class Backup {
  readonly #records: Records;
  readonly #self: Self;
  readonly #conversations: Conversations;
  readonly #changed: () => void;
  /** Undefined where the account was entered before its devices kept the backup root. */
  readonly #server: { readonly writer: BackupWriter; readonly reader: BackupReader } | undefined;

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
    this.#changed = () => emit({ type: "backup" });
    const { provider, own, backupRoot: root } = self;
    if (root === undefined) return;
    const keyring = { provider, root, accountId: own.cert.accountId };
    const changed = this.#changed;
    const reader = new BackupReader(environment, records, self, keyring, call, directory, changed);
    const links = { heads: () => reader.heads(), changed };
    this.#server = {
      reader,
      writer: new BackupWriter(environment, records, self, keyring, call, conversations, links),
    };
  }

  /** The server can be reached and has told what is new. */
  online(): void {
    this.#server?.reader.online();
    this.#server?.writer.online();
  }

  stop(): void {
    this.#server?.reader.stop();
    this.#server?.writer.stop();
  }

  /** Throws `ClientError` backup_full, `SottoError` and `StoreError`. */
  async save(): Promise<void> {
    try {
      await this.#server?.writer.save();
    } catch (error) {
      const isFull = error instanceof SottoError && error.kind === "quota_exceeded";
      throw isFull ? new ClientError("backup_full", { cause: error }) : error;
    }
  }

  async status(): Promise<BackupStatus> {
    if (this.#server === undefined) return { state: "off" };
    const { writer, reader } = this.#server;
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
      this.#server?.reader.keys(conversationId, from, to) ?? findKeys(this.#records, conversationId, from, to)
    );
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
