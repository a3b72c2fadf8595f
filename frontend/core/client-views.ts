/** What the client shows of itself: plain values that survive structured cloning. A part of client-api.ts, which exports them. */
import type { GroupRole } from "#schema/envelope/group-change.ts";
import type { AccountId, ClientMessageId, ConversationId, DeviceId, Sequence } from "#schema/ids.ts";
import type { LockQuestion } from "./account/lock-api.ts";

/** Where this browser profile or CLI folder stands. */
export type AccountStatus =
  | { readonly state: "signed_out" }
  | {
      readonly state: "signed_in";
      readonly account: AccountId;
      readonly username: string;
      readonly deviceId: DeviceId;
      /** An app lock is set. */
      readonly isLockable?: true;
    }
  /** Nothing can be read before the lock is opened; the next try is taken from `nextTryAtMs` on. */
  | { readonly state: "locked"; readonly question: LockQuestion; readonly nextTryAtMs: number }
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

/** A file of a message as it may be shown; what opens it stays in the client. Name and type are cleaned. */
export interface AttachmentView {
  readonly name: string;
  /** As its sender says; nothing is shown as what it is not. */
  readonly mime: string;
  readonly sizeBytes: number;
  /** Pixels, for pictures and videos. */
  readonly width?: number;
  readonly height?: number;
  readonly durationMs?: number;
  /** A tiny JPEG or WebP of another person's making: bounded in length, not checked otherwise. */
  readonly preview?: Uint8Array;
  /** The whole file is on this device. */
  readonly isLocal: boolean;
}

/** Names a file of a message. */
export interface AttachmentRef {
  readonly conversationId: ConversationId;
  readonly clientMessageId: ClientMessageId;
  /** Undefined while the message is unsent. */
  readonly seq: Sequence | undefined;
  /** Its place in the message, from 0. */
  readonly index: number;
}

export interface OutgoingFile {
  readonly file: Blob;
  readonly name: string;
  readonly mime: string;
  readonly width?: number;
  readonly height?: number;
  readonly durationMs?: number;
  /** At most 2 KiB. */
  readonly preview?: Uint8Array;
}

/** `waiting`: for the network; it goes on by itself. */
export type TransferState = "running" | "waiting" | "done" | "failed";

export interface PersonView {
  readonly account: AccountId;
  /** Empty while it is not known here. */
  readonly username: string;
}

/** How much of what was said before somebody who is added may read: nothing, the last `limits.recentMessages`, or all there is. */
export type HistoryChoice = "none" | "recent" | "all";

/** What an operation did to a group; who did it is the message's sender. */
export type GroupChangeView =
  | { readonly type: "created"; readonly people: readonly PersonView[] }
  /** `sharedMessages`: so many earlier ones were given to them to read. */
  | { readonly type: "added"; readonly people: readonly PersonView[]; readonly sharedMessages?: number }
  | { readonly type: "removed"; readonly people: readonly PersonView[] }
  /** `heir`: the last owner left, and this member is owner from then on. */
  | { readonly type: "left"; readonly heir: PersonView | undefined }
  | { readonly type: "role"; readonly person: PersonView; readonly role: GroupRole }
  /** Undefined: the new name cannot be read here (yet). */
  | { readonly type: "renamed"; readonly title: string | undefined }
  /** `isSet` false: it was taken away. */
  | { readonly type: "picture"; readonly isSet: boolean }
  | { readonly type: "link"; readonly isOn: boolean }
  | { readonly type: "link_terms"; readonly needsApproval: boolean }
  /** The sender came in by the link. */
  | { readonly type: "joined" }
  | { readonly type: "dissolved" };

export interface MessageView {
  readonly conversationId: ConversationId;
  readonly clientMessageId: ClientMessageId;
  /** Undefined while in the outbox. Messages sort by seq, then the outbox in order of writing. */
  readonly seq: Sequence | undefined;
  /** Order within the outbox; undefined once sequenced. */
  readonly outboxPosition: number | undefined;
  readonly mine: boolean;
  readonly sender: AccountId;
  /** The sender's username; empty while it is not known here. */
  readonly senderName: string;
  /** Server time when sequenced, local time of writing before. */
  readonly timeMs: number;
  readonly content:
    | { readonly type: "text"; readonly text: string }
    /** `text` may be empty. */
    | {
        readonly type: "attachments";
        readonly text: string;
        readonly attachments: readonly AttachmentView[];
      }
    /** A line of the log that is nobody's bubble: the sender did this to the group. */
    | { readonly type: "group_change"; readonly change: GroupChangeView }
    /** Not readable (yet): waiting for a repaired capsule, sent before this device joined, or given to this account without its key so far. */
    | {
        readonly type: "unreadable";
        readonly reason: "waiting" | "before_this_device" | "not_shared" | "broken";
      };
  /** From before this account came in: who added it handed the key over, and vouches for who wrote it. */
  readonly sharedBy?: PersonView;
  /** Own messages only. */
  readonly delivery: DeliveryState | undefined;
}

/** `lastSeenMs` is to the minute within a day, to the day before that; undefined when it is not known. */
export type PresenceView =
  | { readonly state: "online" }
  | { readonly state: "offline"; readonly lastSeenMs: number | undefined };

interface ConversationViewBase {
  readonly conversationId: ConversationId;
  readonly lastSeq: Sequence;
  readonly unread: number;
  /** Own read watermark: the first unread message of others comes after it. */
  readonly readSeq: Sequence;
  readonly preview: MessageView | undefined;
  readonly updatedAtMs: number;
  /** Who types right now; in a group the one who began last. */
  readonly typing: PersonView | undefined;
  readonly draft: string;
  /** People here whose devices vouch for a device list that the server denies (attack 45). */
  readonly devicesWithheld: readonly (PersonView & { readonly isMe: boolean })[];
}

/** How far this person has come with another account. */
export interface TrustView {
  /** The account key of now was compared by the person. */
  readonly verified: boolean;
  /** It was, and the key has changed since: messages wait until `confirmIdentity`. */
  readonly held: boolean;
  /** Server times at which the key changed, as seen here, ascending: a line each in the chat. */
  readonly keyChangesMs: readonly number[];
  /** The server hides a device list that a device vouches for, or gave one that contradicts the pinned one. */
  readonly contradicted: boolean;
}

export interface DirectConversationView extends ConversationViewBase {
  readonly kind: "direct";
  readonly peer: PersonView;
  /** Known while the conversation is on screen, as far as both let each other see it. */
  readonly peerPresence: PresenceView | undefined;
  readonly peerTrust: TrustView;
}

/** Anything but `member`: the conversation is read-only. */
export type Membership = "member" | "removed" | "left" | "dissolved";

export interface GroupConversationView extends ConversationViewBase {
  readonly kind: "group";
  /** Empty while the name cannot be read here (yet). */
  readonly title: string;
  /** For a picture that is drawn from it; never changes. */
  readonly avatarSeed: string;
  /** Another one for every other picture (`ClientApi.groupPicture`); undefined: none. */
  readonly picture: string | undefined;
  readonly memberCount: number;
  /** Undefined once this account is out. */
  readonly myRole: GroupRole | undefined;
  readonly membership: Membership;
  /** This account may let people in who ask to be by the group's link. */
  readonly takesRequests: boolean;
  /** What the server or a member says of the group contradicts its signed operations: nothing is sent until that is over. */
  readonly isContradicted: boolean;
  /** Only members of whom there is something to say. */
  readonly memberTrust: readonly (PersonView & TrustView)[];
}

export type ConversationView = DirectConversationView | GroupConversationView;

export interface GroupMemberView extends PersonView {
  readonly role: GroupRole;
  readonly isMe: boolean;
  /** The person has compared this member's account key. */
  readonly verified: boolean;
}

/** A group as its signed operations made it. */
export interface GroupView {
  readonly conversationId: ConversationId;
  readonly title: string;
  readonly avatarSeed: string;
  /** As in `GroupConversationView`. */
  readonly picture: string | undefined;
  /** The number of operations so far. */
  readonly epoch: number;
  readonly myRole: GroupRole | undefined;
  readonly membership: Membership;
  readonly isContradicted: boolean;
  /** An invite link leads in, and ends when somebody is removed. */
  readonly hasInvite: boolean;
  /** Keys of earlier messages are still on their way from this device to who came in. */
  readonly isHandingOver: boolean;
  /** Owners first, then admins, then members; by name among equals. Of a group one is out of: as it was then. */
  readonly members: readonly GroupMemberView[];
}

/** Where an own message is: by member, and on how many of the devices that it was made for it can be read. */
export interface MessageInfoView {
  readonly devices: number;
  readonly readableOn: number;
  readonly members: readonly (PersonView & { readonly delivered: boolean; readonly read: boolean })[];
}

export interface MessagePage {
  /** Ascending: sequenced ones, then (on the newest page) the outbox. */
  readonly messages: readonly MessageView[];
  readonly hasOlder: boolean;
}

/** The keys of messages in the encrypted backup, never the messages. */
export type BackupStatus =
  /** This device entered the account before it kept backups; logging in anew turns them on. */
  | { readonly state: "off" }
  | {
      /** `full`: the server takes no more of this account. */
      readonly state: "on" | "full";
      /** Undefined: nothing was saved yet. */
      readonly savedAtMs: number | undefined;
      /** By this device, and brought back to it from others. */
      readonly savedMessages: number;
      /** Stored since then, as far as this run knows. */
      readonly waitingMessages: number;
      /** Earlier messages of the account are being made readable here. */
      readonly restoring: { readonly messages: number; readonly ofMessages: number } | undefined;
      /** The server offered a backup that was refused: older than one seen before, or not this account's. */
      readonly refused: boolean;
    };
