/**
 * The surface of the headless client: what the app, the command line and bots may ask of it.
 *
 * Every method is asynchronous and every value survives structured cloning, because in a browser the client lives
 * in a worker (of this tab, or of the tab that owns the keys) and this interface is spoken over a message channel.
 * Methods reject with `ClientError`; anything else is a bug.
 */
import type {
  AccountId,
  ClientMessageId,
  ConversationId,
  DeviceId,
  Sequence,
  SessionId,
} from "#schema/ids.ts";
import type { PresenceAudience } from "#schema/protocol/presence.ts";
import type { TrustApi, TrustView } from "./trust-api.ts";

/** Where this browser profile or CLI folder stands. */
export type AccountStatus =
  | { readonly state: "signed_out" }
  | {
      readonly state: "signed_in";
      readonly account: AccountId;
      readonly username: string;
      readonly deviceId: DeviceId;
    }
  /** The server ended the session (logged out elsewhere, refresh reuse). Local data is kept until `forget`. */
  | { readonly state: "ended"; readonly username: string; readonly reason: "logged_out" | "security" };

/** `waiting`: offline or backing off, next try at `retryAtMs`. `updating`: connected, catching up. */
export type ConnectionStatus =
  | { readonly state: "idle" }
  | { readonly state: "connecting"; readonly attempt: number }
  | {
      readonly state: "waiting";
      readonly attempt: number;
      readonly retryAtMs: number;
      readonly sinceMs: number;
    }
  | { readonly state: "updating" }
  | { readonly state: "online" };

/** The honest states of an own message: in the outbox, durable, on a device, seen; or refused for good. */
export type DeliveryState = "pending" | "sent" | "delivered" | "read" | "failed";

export interface MessageView {
  readonly conversationId: ConversationId;
  readonly clientMessageId: ClientMessageId;
  /** Undefined while in the outbox. Messages sort by seq, then the outbox in order of writing. */
  readonly seq: Sequence | undefined;
  /** Order within the outbox; undefined once sequenced. */
  readonly outboxPosition: number | undefined;
  readonly mine: boolean;
  readonly sender: AccountId;
  /** Server time when sequenced, local time of writing before. */
  readonly timeMs: number;
  readonly content:
    | { readonly type: "text"; readonly text: string }
    /** Not readable (yet): waiting for a repaired capsule, or sent before this device joined. */
    | { readonly type: "unreadable"; readonly reason: "waiting" | "before_this_device" | "broken" };
  /** Own messages only. */
  readonly delivery: DeliveryState | undefined;
}

/** `lastSeenMs` is to the minute within a day, to the day before that; undefined when it is not known. */
export type PresenceView =
  | { readonly state: "online" }
  | { readonly state: "offline"; readonly lastSeenMs: number | undefined };

export interface ConversationView {
  readonly conversationId: ConversationId;
  readonly peer: { readonly account: AccountId; readonly username: string };
  readonly lastSeq: Sequence;
  readonly unread: number;
  /** Own read watermark: the first unread message of others comes after it. */
  readonly readSeq: Sequence;
  readonly preview: MessageView | undefined;
  readonly updatedAtMs: number;
  readonly peerTyping: boolean;
  /** Known while the conversation is on screen, as far as both let each other see it. */
  readonly peerPresence: PresenceView | undefined;
  readonly peerTrust: TrustView;
  readonly draft: string;
}

export interface MessagePage {
  /** Ascending: sequenced ones, then (on the newest page) the outbox. */
  readonly messages: readonly MessageView[];
  readonly hasOlder: boolean;
}

export interface SessionView {
  readonly sessionId: SessionId;
  readonly deviceId: DeviceId;
  readonly deviceName: string;
  readonly lastActiveDayMs: number;
  readonly current: boolean;
}

/** Pushed to every subscriber; a view that shows the named thing reads it again. */
export type ClientEvent =
  | { readonly type: "account"; readonly status: AccountStatus }
  | { readonly type: "connection"; readonly status: ConnectionStatus }
  | { readonly type: "conversations" }
  | { readonly type: "messages"; readonly conversationId: ConversationId }
  | { readonly type: "typing"; readonly conversationId: ConversationId; readonly typing: boolean };

export type LoginResult =
  /** The password was right; this device joins the account once the vault is unlocked. */
  { readonly step: "recovery_code_needed" };

export interface ClientApi extends TrustApi {
  accountStatus(): Promise<AccountStatus>;
  connectionStatus(): Promise<ConnectionStatus>;

  /** Creates the account and signs in. The recovery code (8 groups of 5) is shown once and stored nowhere. */
  register(input: {
    username: string;
    password: string;
    deviceName: string;
  }): Promise<{ recoveryCode: string }>;
  /** Checks the password; then `completeLogin` with the recovery code adds this device. */
  login(input: { username: string; password: string }): Promise<LoginResult>;
  completeLogin(input: { recoveryCode: string; deviceName: string }): Promise<void>;
  /** Ends the session(s) on the server and wipes this device's store. Works offline for this device. */
  logout(scope: "device" | "everywhere"): Promise<void>;
  /** After `ended`: wipes the local store. */
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
  | "rate_limited"
  | "offline"
  | "user_not_found"
  | "cannot_write_to_self"
  | "message_too_long"
  | "storage_failed"
  | "not_signed_in"
  | "identity_changed"
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
