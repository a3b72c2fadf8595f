/** What an inbox object (one per account) answers to the Worker and to other objects. */
import type { Bundle, DeviceDirectory } from "../http/devices.ts";
import type { AccountId, ConversationId, DeviceId, Sequence, SessionId } from "../ids.ts";
import type { MessageRecord } from "../protocol/message.ts";
import type { Presence, PresenceAudience } from "../protocol/presence.ts";
import type { RpcResult } from "./result.ts";
import type { DeviceSet, Identity, Member, ReceiptState, Summary } from "./shared.ts";

/** An enrolment whose signatures the Worker has verified; the chain rules are checked by the object. */
export interface EnrolInput {
  readonly account: AccountId;
  readonly username: string;
  readonly device: DeviceId;
  readonly deviceName: string;
  /** base64url, as in the request. */
  readonly deviceList: string;
  readonly certificate: string;
  readonly prekeys: PrekeyInput;
  /** Genesis: the account must not exist yet, or with this very list. */
  readonly genesis: boolean;
  /** The list is a reset, carried out by the request with this claim. */
  readonly claimHash?: string;
}

export interface PrekeyInput {
  readonly signed?: { readonly signedPrekey: string; readonly lastResort: string } | undefined;
  readonly oneTime: readonly string[];
  readonly oneTimePq: readonly string[];
}

export interface PrekeyStockRecord {
  readonly oneTime: number;
  readonly oneTimePq: number;
  readonly signedPrekeyCreatedAtMs: number;
}

export interface OpenSessionInput {
  readonly device: DeviceId;
  /** SHA-256 of the refresh token, base64url: the object never sees a token. */
  readonly tokenHash: string;
  readonly session: SessionId;
  readonly expiresAtMs: number;
}

export interface RotateInput {
  readonly session: SessionId;
  readonly presentedHash: string;
  readonly nextHash: string;
  readonly expiresAtMs: number;
}

export interface SessionRecord {
  readonly sessionId: SessionId;
  readonly deviceId: DeviceId;
  readonly deviceName: string;
  readonly lastActiveDayMs: number;
}

export interface EndSessionsInput {
  readonly identity: Identity;
  readonly scope: "device" | "others" | "everywhere";
  readonly signOut?: string | undefined;
}

export interface PasswordChangeInput {
  readonly identity: Identity;
  readonly signOutOthers: boolean;
}

export interface PasswordChangeRecord {
  readonly changedAtMs: number;
  /** Sessions of other devices. */
  readonly ended: number;
}

export interface OwnDeviceRecord {
  readonly deviceId: DeviceId;
  readonly deviceName: string;
  readonly addedAtMs: number;
  /** Absent for a device without a session. */
  readonly lastActiveDayMs?: number;
}

/** About the reset of an account whose keys are lost. `claimHash` is SHA-256 of the asking browser's secret, base64url. */
export type ResetCommand =
  | { readonly type: "look"; readonly claimHash?: string | undefined }
  | { readonly type: "request"; readonly claimHash: string; readonly delayMs: number }
  | { readonly type: "cancel"; readonly claimHash: string }
  | { readonly type: "stop" };

export type PendingReset = { readonly requestedAtMs: number; readonly effectiveAtMs: number };
export type OwnReset = PendingReset & { readonly expiresAtMs: number };

/** `resetStandingSchema` but for the server's setting. */
export interface ResetStandingRecord {
  readonly conversations: number;
  readonly messages: number;
  readonly devices: number;
  readonly own?: OwnReset;
  readonly lockedUntilMs?: number;
}

export interface ClaimInput {
  readonly requester: AccountId;
  readonly devices: readonly DeviceId[];
}

export type RegisterConversationInput = {
  readonly conversationId: ConversationId;
  readonly createdAtMs: number;
  readonly visible: boolean;
} & ({ readonly kind: "direct"; readonly peer: Member } | { readonly kind: "group" });

/** What a conversation needs of an account that comes in. */
export interface Registration {
  readonly username: string;
  readonly set: DeviceSet;
}

/** The state of a conversation as one member's inbox must know it. Sent again until confirmed; merging is idempotent. */
export interface AdvanceInput extends ReceiptState {
  readonly conversationId: ConversationId;
  readonly lastSeq: Sequence;
  readonly read: Sequence;
  readonly unread: number;
  readonly updatedAtMs: number;
  readonly newest?: MessageRecord | undefined;
  /** This account has written here. */
  readonly hasSent: boolean;
  /** The newest messages in ascending order, with the capsules of this account's devices. */
  readonly messages: readonly {
    readonly record: MessageRecord;
    readonly capsules: Readonly<Record<string, string>>;
  }[];
  /** Devices that got these messages on their conversation socket. */
  readonly liveDevices: readonly DeviceId[];
  /** Direct: the other member's device set, so that its changes reach devices without a conversation socket. */
  readonly peerSet?: { readonly epoch: number; readonly version: number };
  /** Group: where it stands, and the epoch in which this account came in. */
  readonly group?: { readonly epoch: number; readonly members: number; readonly joinedEpoch: number };
}

export interface DeviceMessageInput {
  /** A group that both accounts are in, when they have no direct conversation. */
  readonly group?: ConversationId | undefined;
  readonly device: DeviceId;
  readonly sender: { readonly account: AccountId; readonly device: DeviceId };
  readonly id: string;
  readonly data: string;
}

export interface ConversationListInput {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface ConversationList {
  readonly conversations: readonly (Summary & { readonly lastMessage?: MessageRecord })[];
  readonly next?: string | undefined;
}

export interface TypingInput {
  readonly type: "typing:start" | "typing:stop";
  readonly conversationId: ConversationId;
  /** Who types. */
  readonly account: AccountId;
}

export interface InboxRpc {
  /**
   * Adds a device. Refusals: `device_list_conflict`, `bad_signature`; for a reset `reset_waiting`, `reset_over`. Repeating an accepted one
   * is harmless.
   */
  enrol(input: EnrolInput): Promise<RpcResult<null>>;
  /** Refuses a revoked, signed-out or barred device with `session_revoked`. */
  openSession(input: OpenSessionInput): Promise<RpcResult<Identity>>;
  /** Refusals: `unauthenticated` (no such session), `session_revoked` (a spent token: the session is over). */
  rotateSession(input: RotateInput): Promise<RpcResult<Identity>>;
  /** Whether the session lives and its device is active; otherwise `session_revoked`. */
  authorize(identity: Identity): Promise<RpcResult<null>>;
  endSessions(input: EndSessionsInput): Promise<RpcResult<{ readonly ended: number }>>;
  /** The Worker has checked the old password and is about to put the new one in its place. Repeating it is harmless. */
  changePassword(input: PasswordChangeInput): Promise<RpcResult<PasswordChangeRecord>>;
  /** A verified sign-out statement of a device whose session is gone. */
  signOut(input: { readonly device: DeviceId; readonly statement: string }): Promise<RpcResult<null>>;
  /** Refusals: `not_found` (no account, nothing to stop), `reset_locked`, `reset_over`. */
  reset(command: ResetCommand): Promise<RpcResult<ResetStandingRecord>>;
  sessions(): Promise<RpcResult<readonly SessionRecord[]>>;
  ownDevices(): Promise<RpcResult<readonly OwnDeviceRecord[]>>;
  /** Refuses a device that is not active with `not_found`. */
  renameDevice(input: { readonly device: DeviceId; readonly deviceName: string }): Promise<RpcResult<null>>;
  /** A list whose signature the Worker has verified. Refusal: `device_list_conflict`. Repeating the newest one is harmless. */
  publishList(input: { readonly deviceList: string }): Promise<RpcResult<null>>;
  /** Refuses an unknown account with `not_found`, without creating anything. */
  directory(input: { readonly after: number }): Promise<RpcResult<DeviceDirectory>>;
  /** Certificate of an enrolled device, whatever its status; otherwise `not_found`. */
  certificate(input: { readonly device: DeviceId }): Promise<RpcResult<string>>;
  addPrekeys(input: {
    readonly device: DeviceId;
    readonly prekeys: PrekeyInput;
  }): Promise<RpcResult<PrekeyStockRecord>>;
  claimBundles(input: ClaimInput): Promise<RpcResult<readonly Bundle[]>>;
  deviceSet(): Promise<RpcResult<DeviceSet>>;
  registerConversation(input: RegisterConversationInput): Promise<RpcResult<Registration>>;
  /** This account is out of a group since `epoch`; told until confirmed, in any order with `advance`. */
  departed(input: {
    readonly conversationId: ConversationId;
    readonly epoch: number;
  }): Promise<RpcResult<null>>;
  advance(input: AdvanceInput): Promise<RpcResult<null>>;
  /** Somebody asks to be let into a group of which this account is an admin, or an answer to its own asking is there. Kept nowhere. */
  joinsChanged(input: { readonly conversationId: ConversationId }): Promise<RpcResult<null>>;
  /** Refuses an unknown or inactive device with `not_found`, a sender without a shared conversation with `forbidden`. */
  enqueueDeviceMessage(input: DeviceMessageInput): Promise<RpcResult<null>>;
  /** Whether this account is online, as far as `viewer` may see. */
  presence(input: { readonly viewer: AccountId }): Promise<RpcResult<Presence>>;
  presenceAudience(): Promise<RpcResult<PresenceAudience>>;
  setPresenceAudience(input: { readonly audience: PresenceAudience }): Promise<RpcResult<null>>;
  /** Passes a typing mark to live devices; an unknown conversation is passed over. */
  typing(input: TypingInput): Promise<RpcResult<null>>;
  listConversations(input: ConversationListInput): Promise<RpcResult<ConversationList>>;
}
