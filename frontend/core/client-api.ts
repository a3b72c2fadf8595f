/**
 * The surface of the headless client: what the app, the command line and bots may ask of it.
 *
 * Every method is asynchronous and every value survives structured cloning, because in a browser the client lives
 * in a worker (of this tab, or of the tab that owns the keys) and this interface is spoken over a message channel.
 * Methods reject with `ClientError`; anything else is a bug.
 */
import type { AccountId, ClientMessageId, ConversationId, Sequence } from "#schema/ids.ts";
import type { GroupRole } from "#schema/envelope/group-change.ts";
import type { PresenceAudience } from "#schema/protocol/presence.ts";
import type { DeviceApi, SessionView } from "./account/device-api.ts";
import type { LinkStatus } from "./account/link-status.ts";
import type { TrustApi } from "./trust-api.ts";
import type { LockApi } from "./account/lock-api.ts";
import type { PasskeyQuestion, VaultSecret } from "./account/vault-api.ts";
import type { PasswordApi } from "./account/password-api.ts";
import type { ResetApi } from "./account/reset-api.ts";
import type { InviteApi } from "./invites/invite-api.ts";

import type {
  AccountStatus,
  AttachmentRef,
  BackupStatus,
  ConnectionStatus,
  ConversationView,
  GroupConversationView,
  GroupView,
  HistoryChoice,
  MessageInfoView,
  MessagePage,
  OutgoingFile,
  TransferState,
} from "./client-views.ts";

export type * from "./client-views.ts";
export type { DeviceView, SessionView } from "./account/device-api.ts";
export type {
  InviteApi,
  InvitePreviewView,
  InviteView,
  JoinRequestView,
  PendingJoinView,
} from "./invites/invite-api.ts";

export type { LockQuestion, LockSecret, LockView } from "./account/lock-api.ts";
export type { PasswordChangeView } from "./account/password-api.ts";
export type { AlarmsView, PendingResetView, ResetView } from "./account/reset-api.ts";
export type { PasskeyQuestion, PasskeyView, VaultSecret } from "./account/vault-api.ts";
export type { LinkFailure, LinkStatus, LinkWay } from "./account/link-status.ts";

/** Pushed to every subscriber; a view that shows the named thing reads it again. */
export type ClientEvent =
  | { readonly type: "account"; readonly status: AccountStatus }
  | { readonly type: "connection"; readonly status: ConnectionStatus }
  | { readonly type: "conversations" }
  | { readonly type: "backup" }
  | { readonly type: "messages"; readonly conversationId: ConversationId }
  /** Files of a message go up (`index` of the present one), or one comes down. Bytes are those of the file. */
  | {
      readonly type: "transfer";
      readonly conversationId: ConversationId;
      readonly clientMessageId: ClientMessageId;
      readonly index: number;
      readonly state: TransferState;
      readonly doneBytes: number;
      readonly totalBytes: number;
    }
  /** Who is in the group, what it is called, or what one may do there. */
  | { readonly type: "group"; readonly conversationId: ConversationId }
  | { readonly type: "typing"; readonly conversationId: ConversationId; readonly typing: boolean }
  /** Who waits to be let into a group has changed: this account elsewhere, or others where it is an admin. */
  | { readonly type: "joins" }
  /** See `alarms`. */
  | { readonly type: "alarms" }
  /** The account's own devices changed. */
  | { readonly type: "devices" }
  | { readonly type: "link"; readonly status: LinkStatus };

export type LoginResult =
  /** The password was right; this device joins the account once the vault is unlocked. */
  {
    readonly step: "recovery_code_needed";
    /** Passkeys that unlock it as well. */
    readonly passkeys?: readonly PasskeyQuestion[];
    /** This store holds the claim of a reset that was asked for here; see `resetStanding`. */
    readonly hasClaim?: true;
  };

export interface ClientApi extends DeviceApi, InviteApi, LockApi, PasswordApi, ResetApi, TrustApi {
  accountStatus(): Promise<AccountStatus>;
  connectionStatus(): Promise<ConnectionStatus>;

  /** Creates the account and signs in. The recovery code (8 groups of 5) is shown once and stored nowhere. */
  register(input: {
    username: string;
    password: string;
    deviceName: string;
  }): Promise<{ recoveryCode: string }>;
  /** Checks the password; then `completeLogin` with the recovery code or a passkey adds this device. */
  login(input: { username: string; password: string }): Promise<LoginResult>;
  completeLogin(input: { deviceName: string } & VaultSecret): Promise<void>;
  /** Ends the session(s) on the server and wipes this device's store. Works offline for this device. */
  logout(scope: "device" | "everywhere"): Promise<void>;
  /** After `ended`, or while locked: wipes the local store. */
  forget(): Promise<void>;
  listSessions(): Promise<readonly SessionView[]>;

  /** Newest activity first, from the local store. Conversations without messages are shown only to who made them. */
  listConversations(): Promise<readonly ConversationView[]>;
  startConversation(username: string): Promise<ConversationView>;
  /** Newest page, or the page before `before`. Local first; missing history is fetched. */
  listMessages(
    conversationId: ConversationId,
    options: { before?: Sequence; limit: number },
  ): Promise<MessagePage>;
  /** Durable in the outbox when it resolves. */
  sendText(conversationId: ConversationId, text: string): Promise<ClientMessageId>;
  /** What the server takes, as far as it is known: the largest file, in bytes. */
  maxFileBytes(): Promise<number>;
  /**
   * Seals the files; durable in the outbox when it resolves. They go up in the background, also after a restart, and
   * the message follows them. Rejects with `file_too_large`, `file_unreadable`; then nothing is kept.
   */
  sendFiles(
    conversationId: ConversationId,
    message: { readonly text: string; readonly files: readonly OutgoingFile[] },
  ): Promise<ClientMessageId>;
  /** Resolves when the whole file is on this device. Rejects with `offline`, `file_gone`, `file_damaged`, `cancelled`. */
  downloadAttachment(ref: AttachmentRef): Promise<void>;
  cancelDownload(ref: AttachmentRef): Promise<void>;
  /** Bytes `from … from+length-1` of a file, fewer at its end; fetched when they are not here. */
  readAttachment(ref: AttachmentRef, from: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  retryMessage(conversationId: ConversationId, clientMessageId: ClientMessageId): Promise<void>;
  /** Removes an unsent (pending or failed) own message. */
  discardMessage(conversationId: ConversationId, clientMessageId: ClientMessageId): Promise<void>;
  saveDraft(conversationId: ConversationId, text: string): Promise<void>;
  /** The conversation is on screen: keeps its socket open, receives typing marks. */
  openConversation(conversationId: ConversationId): Promise<void>;
  closeConversation(conversationId: ConversationId): Promise<void>;
  /** The person has seen everything up to `seq`. */
  markRead(conversationId: ConversationId, seq: Sequence): Promise<void>;
  /** Who may see when this account is online. It binds both ways. */
  presenceAudience(): Promise<PresenceAudience>;
  setPresenceAudience(audience: PresenceAudience): Promise<void>;
  setTyping(conversationId: ConversationId, typing: boolean): Promise<void>;

  backupStatus(): Promise<BackupStatus>;
  /** Saves what is not in the backup yet. */
  saveBackup(): Promise<void>;
  /** The keys of every message as one file, sealed under a passphrase or the recovery code. */
  exportBackup(input: { passphrase: string }): Promise<Uint8Array>;
  /** Takes in such a file; a second time changes nothing. */
  importBackup(input: { archive: Uint8Array; passphrase: string }): Promise<{ added: number }>;

  /** Makes a group with these people and this account as its owner. Throws `user_not_found` when one of the names is nobody's. */
  createGroup(input: { name: string; usernames: readonly string[] }): Promise<GroupConversationView>;
  group(conversationId: ConversationId): Promise<GroupView>;
  /** The operations of a group reject with `not_allowed` when the role does not permit them, `group_changed` when others were faster. */
  renameGroup(conversationId: ConversationId, name: string): Promise<void>;
  /**
   * A square JPEG of at most 256 pixels a side and 64 KiB, which the name is kept beside; undefined takes the picture away. Rejects with
   * `not_a_picture` and `file_too_large`; then nothing has changed.
   */
  setGroupPicture(conversationId: ConversationId, picture: Blob | undefined): Promise<void>;
  /** Such a JPEG, fetched when it is not here; undefined when the group has none. Rejects as `readAttachment`, and with `not_a_picture`. */
  groupPicture(conversationId: ConversationId): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /** `history`: what they may read of what was said before; nothing unless said. */
  addMembers(
    conversationId: ConversationId,
    usernames: readonly string[],
    history?: HistoryChoice,
  ): Promise<void>;
  removeMember(conversationId: ConversationId, account: AccountId): Promise<void>;
  setMemberRole(conversationId: ConversationId, account: AccountId, role: GroupRole): Promise<void>;
  /** Out at once; what was read so far stays. The last owner's place goes to the longest-standing admin, else member. */
  leaveGroup(conversationId: ConversationId): Promise<void>;
  /** Nobody can write any more. */
  dissolveGroup(conversationId: ConversationId): Promise<void>;
  /** Of an own sequenced message. Throws `offline` when the server cannot be asked, `too_old` when it no longer knows. */
  messageInfo(conversationId: ConversationId, seq: Sequence): Promise<MessageInfoView>;
  /** Ends the present back-off. */
  reconnectNow(): Promise<void>;
}

/** How events reach a subscriber; returns the unsubscribe function. */
export type Subscribe = (listener: (event: ClientEvent) => void) => () => void;

/** Reasons a person can act on. `detail` never holds content. */
export type ClientErrorCode =
  | "username_taken"
  | "username_invalid"
  | "wrong_credentials"
  | "wrong_recovery_code"
  | "wrong_passkey"
  | "too_many_passkeys"
  /** Sixteen are active: one has to be removed first. */
  | "too_many_devices"
  | "wrong_link_code"
  | "rate_limited"
  | "offline"
  | "user_not_found"
  | "cannot_write_to_self"
  | "message_too_long"
  | "file_too_large"
  | "file_unreadable"
  | "file_gone"
  | "file_damaged"
  | "not_a_picture"
  | "too_many_files"
  | "quota_exceeded"
  | "cancelled"
  | "storage_failed"
  | "backup_full"
  | "wrong_passphrase"
  | "wrong_archive"
  | "not_signed_in"
  /** No reset can be asked for before `retryAfterMs` have passed. */
  | "reset_locked"
  | "reset_waiting"
  /** Stopped, withdrawn, too late, or never asked for from here. */
  | "reset_over"
  /** The app lock is closed. */
  | "locked"
  | "identity_changed"
  /** The group's rules do not permit it: the role, someone who is in already or is not in. */
  | "not_allowed"
  | "group_full"
  /** An invite link that leads nowhere: wrong, reset, turned off, or ended by a removal. */
  | "invite_invalid"
  | "invite_expired"
  | "join_refused"
  | "group_name_invalid"
  /** Others changed the group at the same time, again and again. */
  | "group_changed"
  /** Removed, left or dissolved. */
  | "not_member"
  /** See `isContradicted`. */
  | "group_contradicted"
  | "too_old"
  | "cannot_report"
  | "internal";

export class ClientError extends Error {
  override readonly name = "ClientError";
  readonly code: ClientErrorCode;
  readonly retryAfterMs: number | undefined;

  constructor(code: ClientErrorCode, options: { retryAfterMs?: number; cause?: unknown } = {}) {
    super(code, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }
}
