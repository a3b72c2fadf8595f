/** What reads and writes the backup: one chunk, fetched with the first connection and not before the chat list. */
import type { SessionCall } from "../api/session-api.ts";
import type { Environment } from "../environment.ts";
import type { Records } from "../store/records.ts";
import type { Conversations } from "../sync/conversations.ts";
import type { Directory } from "../sync/directory.ts";
import type { Self } from "../sync/self.ts";
import { BackupReader } from "./backup-reader.ts";
import { BackupWriter } from "./backup-writer.ts";

export interface BackupLinks {
  readonly call: SessionCall;
  readonly directory: Directory;
  readonly conversations: Conversations;
  readonly changed: () => void;
}

export interface BackupParts {
  readonly reader: BackupReader;
  readonly writer: BackupWriter;
}

/** `root`: BRK. */
export function createBackupParts(
  environment: Environment,
  records: Records,
  self: Self,
  root: Uint8Array,
  { call, directory, conversations, changed }: BackupLinks,
): BackupParts {
  const keyring = { provider: self.provider, root, accountId: self.own.cert.accountId };
  const reader = new BackupReader(environment, records, self, keyring, call, directory, changed);
  const links = { heads: () => reader.heads(), changed };
  return {
    reader,
    writer: new BackupWriter(environment, records, self, keyring, call, conversations, links),
  };
}
