/** What the inbox knows of each conversation: enough for a chat list, nothing that grows with its messages. */
import type { AccountId, ConversationId } from "#schema/ids.ts";
import type { MessageRecord } from "#schema/protocol/message.ts";
import type {
  AdvanceInput,
  ConversationList,
  ConversationListInput,
  RegisterConversationInput,
} from "#schema/rpc/inbox.ts";
import type { ConversationKind, Summary } from "#schema/rpc/shared.ts";
import { refusal } from "../support/error-events.ts";
import type { Sql } from "../support/sql.ts";

interface SummaryRow {
  readonly conversationId: ConversationId;
  readonly peerAccount: AccountId;
  readonly peerUsername: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly lastSeq: number;
  readonly readSeq: number;
  readonly unread: number;
  readonly visible: number;
  readonly lastMessage: string | null;
  readonly peerEpoch: number;
  readonly kind: ConversationKind;
  readonly groupEpoch: number;
  readonly memberCount: number;
  readonly joinedEpoch: number;
  readonly leftEpoch: number;
}

const columns = `conversation_id AS conversationId, peer_account AS peerAccount, peer_username AS peerUsername,
  created_at_ms AS createdAtMs, updated_at_ms AS updatedAtMs, last_seq AS lastSeq, read_seq AS readSeq, unread,
  visible, last_message AS lastMessage, peer_epoch AS peerEpoch,
  kind, group_epoch AS groupEpoch, member_count AS memberCount, joined_epoch AS joinedEpoch, left_epoch AS leftEpoch`;

export class Summaries {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Adds the conversation, or shows it when this account asks for it. Returns its summary when that is news. */
  register(input: RegisterConversationInput, epoch: number): Summary | undefined {
    const before = this.#find(input.conversationId);
    this.#sql.all(
      `INSERT INTO conversations (conversation_id, kind, peer_account, peer_username, created_at_ms, updated_at_ms,
         last_seq, read_seq, unread, visible, receipts, peer_epoch, told_epoch, accepted)
       VALUES (?, ?, ?, ?, ?, ?, 0, 0, 0, ?7, '[]', 0, ?8, ?7)
       ON CONFLICT (conversation_id) DO UPDATE SET visible = max(visible, excluded.visible),
         accepted = max(accepted, excluded.accepted)`,
      input.conversationId,
      input.kind,
      input.kind === "direct" ? input.peer.account : "",
      input.kind === "direct" ? input.peer.username : "",
      input.createdAtMs,
      input.createdAtMs,
      input.visible ? 1 : 0,
      epoch,
    );
    const row = this.#find(input.conversationId);
    return row !== undefined && row.visible > (before?.visible ?? 0) ? summaryOf(row) : undefined;
  }

  /** Merges a notice; an older one than what is known moves nothing back. */
  advance(input: AdvanceInput): {
    readonly summary: Summary;
    readonly peer: AccountId;
    /** Of the other's device list, when its device set is news. */
    readonly newPeerVersion: number | undefined;
  } {
    const before = this.#find(input.conversationId);
    if (before === undefined) throw refusal("not_found");
    const isNewer = input.lastSeq >= before.lastSeq && input.read >= before.readSeq;
    if (isNewer) {
      this.#sql.all(
        `UPDATE conversations SET updated_at_ms = ?, last_seq = ?, read_seq = ?, unread = ?,
           visible = max(visible, ?), accepted = max(accepted, ?), last_message = ?, receipts = ?, low = ?,
           group_epoch = max(group_epoch, ?), member_count = ?, joined_epoch = max(joined_epoch, ?)
         WHERE conversation_id = ?`,
        input.updatedAtMs,
        input.lastSeq,
        input.read,
        input.unread,
        input.lastSeq > 0 ? 1 : 0,
        input.hasSent ? 1 : 0,
        input.newest === undefined ? null : JSON.stringify(input.newest),
        JSON.stringify(input.receipts),
        input.low === undefined ? null : JSON.stringify(input.low),
        input.group?.epoch ?? 0,
        input.group?.members ?? 0,
        input.group?.joinedEpoch ?? 0,
        input.conversationId,
      );
    }
    const { peerSet } = input;
    const hasNewPeerSet = peerSet !== undefined && peerSet.epoch > before.peerEpoch;
    if (hasNewPeerSet) {
      this.#sql.all(
        "UPDATE conversations SET peer_epoch = ? WHERE conversation_id = ?",
        peerSet.epoch,
        input.conversationId,
      );
    }
    return {
      summary: summaryOf(this.#find(input.conversationId) ?? before),
      peer: before.peerAccount,
      newPeerVersion: hasNewPeerSet ? peerSet.version : undefined,
    };
  }

  /** Returns the summary when the account was in, as far as this inbox knew. */
  depart(conversationId: ConversationId, epoch: number): Summary | undefined {
    const before = this.#find(conversationId);
    if (before === undefined || before.leftEpoch >= epoch) return undefined;
    this.#sql.all("UPDATE conversations SET left_epoch = ? WHERE conversation_id = ?", epoch, conversationId);
    return before.joinedEpoch < epoch && before.visible === 1
      ? summaryOf({ ...before, leftEpoch: epoch })
      : undefined;
  }

  has(conversationId: ConversationId): boolean {
    return this.#find(conversationId) !== undefined;
  }

  /** How much is there to be read. */
  count(): { readonly conversations: number; readonly messages: number } {
    const row = this.#sql.first<{ conversations: number; messages: number }>(
      "SELECT count(*) AS conversations, coalesce(sum(last_seq), 0) AS messages FROM conversations WHERE visible = 1",
    );
    return row ?? { conversations: 0, messages: 0 };
  }

  /** Whether this account has a direct conversation with `account`, or is in `group`, which the other one answers for. */
  isShared(account: AccountId, group: ConversationId | undefined): boolean {
    const row = group === undefined ? undefined : this.#find(group);
    if (row !== undefined && row.kind === "group" && row.joinedEpoch > row.leftEpoch) return true;
    return (
      this.#sql.first("SELECT 1 AS found FROM conversations WHERE peer_account = ? LIMIT 1", account) !==
      undefined
    );
  }

  /** `accepted`: this account began a conversation with the other one or wrote to it. */
  contactWith(account: AccountId): "none" | "known" | "accepted" {
    const accepted = this.#sql.first<{ accepted: number | null }>(
      "SELECT max(accepted) AS accepted FROM conversations WHERE peer_account = ?",
      account,
    )?.accepted;
    if (accepted === undefined || accepted === null) return "none";
    return accepted === 1 ? "accepted" : "known";
  }

  /** Newest first, after the cursor of the page before. Throws `malformed` for a cursor that is none. */
  page(input: ConversationListInput): ConversationList {
    const { rows, next } = this.#rows(input);
    const conversations = rows.map((row) =>
      row.lastMessage === null
        ? summaryOf(row)
        : { ...summaryOf(row), lastMessage: parseMessage(row.lastMessage) },
    );
    return { conversations, next };
  }

  /** The same without messages. */
  summaries(input: ConversationListInput): {
    readonly conversations: Summary[];
    readonly next: string | undefined;
  } {
    const { rows, next } = this.#rows(input);
    return { conversations: rows.map(summaryOf), next };
  }

  #rows({ limit, cursor }: ConversationListInput): {
    readonly rows: SummaryRow[];
    readonly next: string | undefined;
  } {
    const [updatedAtMs, conversationId] =
      cursor === undefined ? [Number.MAX_SAFE_INTEGER, ""] : parseCursor(cursor);
    const found = this.#sql.all<{ [Key in keyof SummaryRow]: SummaryRow[Key] }>(
      `SELECT ${columns} FROM conversations
       WHERE visible = 1 AND (updated_at_ms, conversation_id) < (?, ?)
       ORDER BY updated_at_ms DESC, conversation_id DESC LIMIT ?`,
      updatedAtMs,
      conversationId,
      limit + 1,
    );
    const rows = found.slice(0, limit);
    const last = rows.at(-1);
    const next =
      found.length > limit && last !== undefined ? `${last.updatedAtMs}.${last.conversationId}` : undefined;
    return { rows, next };
  }

  #find(conversationId: ConversationId): SummaryRow | undefined {
    return this.#sql.first<{ [Key in keyof SummaryRow]: SummaryRow[Key] }>(
      `SELECT ${columns} FROM conversations WHERE conversation_id = ?`,
      conversationId,
    );
  }
}

function summaryOf(row: SummaryRow): Summary {
  const summary = {
    conversationId: row.conversationId,
    createdAtMs: row.createdAtMs,
    lastSeq: row.lastSeq,
    read: row.readSeq,
    unread: row.kind === "group" && row.leftEpoch > row.joinedEpoch ? 0 : row.unread,
    updatedAtMs: row.updatedAtMs,
  };
  if (row.kind === "direct") {
    return { ...summary, kind: row.kind, peer: { account: row.peerAccount, username: row.peerUsername } };
  }
  const group = { epoch: row.groupEpoch, members: row.memberCount, left: row.leftEpoch > row.joinedEpoch };
  return { ...summary, kind: row.kind, group };
}

function parseCursor(cursor: string): [number, string] {
  const match = /^(\d{1,16})\.([A-Za-z0-9_-]{22})$/.exec(cursor);
  if (match === null) throw refusal("malformed");
  return [Number(match[1]), match[2] ?? ""];
}

/** Written by `advance` alone. */
function parseMessage(json: string): MessageRecord {
  return JSON.parse(json) as MessageRecord;
}
