/** Every limit of the system on one page, each with its reason. Bytes, counts, ages and rates carry their unit. */

const KiB = 1024;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

export const limits = {
  /** One WebSocket frame upwards. A first message to 31 devices is about 160 KB of capsules in base64url. */
  frameBytes: 512 * KiB,
  /** UTF-8 bytes of one text; with its envelope fields it stays below the 64 KiB of content. */
  textBytes: 60_000,
  /** Sealed body of one message. 64 KiB of content plus header, nonce, tag and padding growth of 12 %. */
  bodyBytes: 80 * KiB,
  /** One capsule: a PreKey envelope with a full post-quantum header is 4.6 KB (CRYPTO 2.4). */
  capsuleBytes: 6 * KiB,
  /**
   * Capsules in one frame, and lists that they are for: as many ordinary ones as fit with a text. A direct message has 31 at most, a
   * group hands out a sender key in several entries when it has more devices.
   */
  capsulesPerMessage: 700,
  /** One to-device message (retry, repaired capsule). */
  deviceMessageBytes: 8 * KiB,
  /**
   * To-device messages kept for one device. The oldest of whoever has the most there give way, because a device that
   * far behind re-syncs, and because nobody may push out the messages of others.
   */
  deviceMessagesQueued: 2_000,
  /** Days a capsule or a to-device message waits for its device (CRYPTO, transport section). */
  capsuleAgeMs: 45 * DAY_MS,

  /** JSON body of an ordinary API request. */
  requestBytes: 32 * KiB,
  /** JSON body of requests that carry prekeys: 50 PQ prekeys of 1,646 bytes each are 110 KB in base64url. */
  prekeyRequestBytes: 384 * KiB,
  /** Messages in one page of history: default and ceiling. */
  pageDefault: 50,
  pageMax: 100,
  /** Events packed into one frame, so that a client can show the first ones while the rest arrive. */
  eventsPerFrame: 128,
  /** Characters packed into one frame, for the same reason; a single event may exceed it. */
  packedChars: 256 * KiB,
  /**
   * Characters of messages that wait for a flush, besides the one that passes them. A burst of the largest frames is
   * 600 MB, and every socket of the conversation gets what one flush holds: 32 of them 32 MB.
   */
  flushChars: 1 * KiB * KiB,
  /** Messages streamed for one resume; the client asks again when there is more. */
  resumeMessages: 2_000,
  /**
   * Characters streamed for one resume, besides the message that passes them: an object has 128 MB, and 2,000 messages
   * of full length are 220 MB. The next page goes only when the client asks for it.
   */
  resumeChars: 4 * KiB * KiB,
  /**
   * Newest messages that stay in the conversation object: months of an ordinary chat, so that history and resumes
   * rarely need the archive, at 10 MB for usual message sizes.
   */
  hotMessages: 5_000,
  /** Newest messages among which a repeated send is recognised by its id. */
  repeatMessages: 20_000,
  /** Messages taken out of the object at once: the window is cut back only when it has grown by as many. */
  pruneMessages: 1_000,
  /** Conversations in one inbox frame. */
  conversationsPerFrame: 200,
  /** Messages in one report of a device that gave up on them. */
  undecryptableReport: 1_000,
  /** Up to so many members a watermark is committed at once; above, those of a second together. */
  promptReceiptsMembers: 32,
  /** Unread counts stop here: a badge never shows more, and counting further costs reads. */
  unreadMax: 999,

  /** Largest file (setting MAX_FILE_SIZE): a video of two minutes, and what most mailboxes and messengers refuse. */
  maxFileBytes: 100 * KiB * KiB,
  /** Sealed bytes that one account may keep here (setting MEDIA_QUOTA). */
  mediaQuotaBytes: 10 * KiB * KiB * KiB,
  /**
   * One part of an upload: 128 sealed chunks (CRYPTO 2.11). Object storage wants at least 5 MiB and takes 10,000 parts;
   * an interruption costs at most one of them, and a client holds two.
   */
  attachmentPartBytes: 128 * 65_552,
  /** Unfinished uploads of one account: what nobody finishes waits here for its removal. */
  openUploads: 64,
  /** An upload without a new part for this long is removed: a weekend offline is not yet the end of it. */
  uploadIdleMs: 3 * DAY_MS,
  attachmentsPerMessage: 10,
  /** UTF-8 bytes of what is written about files: beside it ten pointers with previews fit into the content. */
  captionBytes: 16_000,
  /** Pixels of a group's picture, which is square, and its length: it is shown small, and everywhere. */
  groupPictureSidePx: 256,
  groupPictureBytes: 64 * KiB,
  /** Messages in one report: the reported one and 5 before it (CRYPTO 2.14). */
  reportMessages: 6,
  /** One sealed report: six messages of the largest content with 12 % of padding are 430 KiB, 575 KiB in base64url. */
  reportBytes: 448 * KiB,
  reportRequestBytes: 640 * KiB,
  /** Characters of what a person adds to a report. */
  reportNoteChars: 500,
  /** Reports of one account within a day: nobody fills the moderators' table. */
  reportsPerDay: 20,

  /** Devices in one device list (CRYPTO 2.1). */
  devices: 16,
  oneTimePrekeys: 200,
  oneTimePqPrekeys: 100,
  /** Refill marks and batch sizes (CRYPTO 2.1). */
  oneTimePrekeyBatch: 100,
  oneTimePrekeyLow: 25,
  oneTimePqPrekeyBatch: 50,
  oneTimePqPrekeyLow: 15,
  /** Signed prekeys are replaced every 48 h, refused by initiators after 45 days. */
  signedPrekeyRotateMs: 2 * DAY_MS,
  signedPrekeyAgeMs: 45 * DAY_MS,
  /** Bundle fetches by one account for one other account: stops draining of one-time prekeys. */
  bundleFetchesPerHour: 60,

  /** A link lives this long: long enough to pick up the other device, too short for a code that was photographed. */
  linkMs: 2 * MINUTE_MS,
  /** How long an id that was used is refused afterwards: several lives of any code that still names it. */
  linkTombstoneMs: 15 * MINUTE_MS,
  /** How long a read of a message that is not there yet waits for it, well below the patience of a client's request. */
  linkWaitMs: 20_000,
  /** Reads that may wait at one rendezvous: two devices, each with a request whose answer was lost. */
  linkWaiters: 4,
  /** One message of a link. The grant carries up to 16 certificates and one device list: 6 KiB, and 8.5 KB of pins. */
  linkMessageBytes: 16 * KiB,
  /** Contacts whose pins go to a new device, compared ones first; of others it pins what it sees first. */
  linkPins: 100,
  /** One sealed piece of a backup: 2,900 keys. Small enough for one JSON body, large enough that a year is a dozen. */
  backupSegmentBytes: 256 * KiB,
  /** A manifest names its segments with the conversations in them, 24 bytes each. */
  backupManifestBytes: 256 * KiB,
  /** JSON body with either of them in base64url, or with the names of all segments. */
  backupRequestBytes: 384 * KiB,
  /** Segments of one device. Their ids fill a tenth of the body above. */
  backupSegments: 1_000,
  /** Sealed bytes of all backups of one account (setting BACKUP_QUOTA): a million and a half keys. */
  backupQuotaBytes: 128 * KiB * KiB,

  /** Earlier messages that somebody who is added may be given, "the last ones" and all: 28 keys go in one to-device message. */
  recentMessages: 100,
  sharedMessages: 5_000,

  /** People who wait to be let into one group. More than an admin looks through at once. */
  joinRequests: 200,
  /** A request to be let in that nobody answered, and the memory of a refusal, end after this long. */
  joinRequestMs: 30 * DAY_MS,

  usernameMinChars: 3,
  usernameMaxChars: 30,
  deviceNameChars: 60,
  vaultBytes: 16 * KiB,
  vaultWraps: 6,
  vaultWrapBytes: 1536,

  /** Characters of a password; it is checked where it is chosen, because nobody else ever sees it. */
  passwordMinChars: 10,
  /** Wrong passwords in a row within the window before the account name has to wait. */
  loginFailures: 3,
  loginWindowMs: 15 * MINUTE_MS,
  /**
   * A reset of an account whose keys are lost waits this long (setting RESET_DELAY), so that whoever still has a device hears of it: a week
   * is a holiday without the laptop. Outside development no setting makes it shorter than the second number.
   */
  resetDelayMs: 7 * DAY_MS,
  resetDelayMinMs: DAY_MS,
  /** How long it can be carried out from then on. */
  resetWindowMs: 14 * DAY_MS,
  /** After a device has stopped one no other is taken for this long: as long as the next one would wait. */
  resetLockMs: 7 * DAY_MS,
  /** Requests side by side: the browser that asked may be lost as well, and must not block the next one. */
  resetRequests: 3,
  /** Names of copies of its store that are remembered of one device; the oldest give way. */
  profilesRemembered: 8,
  /** Registration and login tickets: long enough to derive keys on a slow phone. */
  ticketMs: 15 * MINUTE_MS,
  /** The previous refresh token works this long if its successor was never used: its answer may have been lost. */
  refreshGraceMs: MINUTE_MS,

  /** Client pings. A socket silent for three of them is taken for dead. */
  pingIntervalMs: 25_000,
  socketSilenceMs: 75_000,
  /** What may wait for a reader that does not keep up, where the platform tells: two resumes' worth. */
  socketBufferedBytes: 4 * KiB * KiB,
  /** Accounts in one question for presence: those on screen. */
  presenceAccounts: 20,
  /** A device counts as online this long after its last ping: with the interval below, a closed lid shows within 60 s. */
  presenceSilenceMs: 35_000,
  /** How often a client asks again while someone looks. */
  presenceIntervalMs: 20_000,
  /** Questions for presence that a device may ask at once, and how long one takes to come back. */
  presenceBurst: 6,
  presenceRefillMs: 5_000,
  /** A started typing mark dies after this without renewal. */
  typingMs: 6_000,
  /** Messages one account may send in one conversation per second, for ever (setting MESSAGES_PER_SECOND). */
  messagesPerSecond: 30,
  /** Messages that may come at once: a long text pasted line by line, the outbox of a week offline. */
  messageBurst: 1_200,
} as const;
