/** Reads what the server has archived in D1, from the database's file on disk. */
import { globSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";

export interface ArchivedRow {
  readonly seq: number;
  readonly sender: { readonly account: string; readonly device: number };
  readonly clientMessageId: string;
  readonly serverTimeMs: number;
  readonly body: string;
}

/** Rows of one conversation in order of their sequence numbers, over all archive shards. */
export function archivedRows(state: string, conversationId: string): ArchivedRow[] {
  return globSync("**/*.sqlite", { cwd: state })
    .flatMap((file) => readArchive(path.join(state, file), conversationId))
    .sort((a, b) => a.seq - b.seq);
}

function readArchive(file: string, conversationId: string): ArchivedRow[] {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
  try {
    const isArchive = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'archived_packs'").get();
    if (isArchive === undefined) return [];
    const packs = database
      .prepare("SELECT * FROM archived_packs WHERE conversation_id = ?")
      .all(conversationId);
    return packs.flatMap((pack) => {
      const [ids, heads, bodies] = ["ids", "heads", "bodies"].map((column) =>
        String(pack[column]).split(","),
      );
      return (ids ?? []).map((clientMessageId, index) => {
        const [account, device, timeMs] = (heads?.[index] ?? "").split(".");
        return {
          seq: Number(pack["first_seq"]) + index,
          sender: { account: String(account), device: Number(device) },
          clientMessageId,
          serverTimeMs: Number(timeMs),
          body: bodies?.[index] ?? "",
        };
      });
    });
  } finally {
    database.close();
  }
}
