/** Everything that runs while a device is signed in: the inbox, the conversations' sockets, and what joins them. */
import type { ConversationId } from "#schema/ids.ts";
import type { DownEvent } from "#schema/protocol/down.ts";
import type { TypingDown } from "#schema/protocol/typing.ts";
import { Attachments } from "../attachments/attachments.ts";
import { type SessionCall, sessionCall } from "../api/session-api.ts";
import type { Tokens } from "../api/tokens.ts";
import { Backup } from "../backup/backup.ts";
import type { ConnectionStatus } from "../client-api.ts";
import type { Environment } from "../environment.ts";
import type { BlobStore } from "../store/blob-store.ts";
import type { Records } from "../store/records.ts";
import { conversationTable } from "../store/tables.ts";
import { AccountNews } from "./account-news.ts";
import { CaughtUp } from "./caught-up.ts";
import { Connection, type LinkState } from "./connection.ts";
import { ConversationChannels } from "./conversation-channels.ts";
import { Conversations } from "./conversations.ts";
import { DeviceQueue } from "./device-queue.ts";
import { Directory } from "./directory.ts";
import type { EventHub } from "./event-hub.ts";
import { FrameSealer } from "./frame-sealer.ts";
import { GroupChains } from "./groups/group-chain.ts";
import { GroupSealer } from "./groups/group-sealer.ts";
import { MemberNames, watchGroups } from "./groups/member-names.ts";
import { HistoryPager } from "./history.ts";
import { Incoming } from "./incoming.ts";
import { inBackground } from "./lane.ts";
import { ListClaims } from "./list-claims.ts";
import { MessageApplier } from "./message-applier.ts";
import { Outbox } from "./outbox.ts";
import { Presence } from "./presence.ts";
import { Receipts } from "./receipts.ts";
import type { Self } from "./self.ts";
import { StoreProfile } from "./store-profile.ts";
import { sortEvents, sortInboxEvents } from "./sort-events.ts";
import { Timeline } from "./timeline.ts";
import { TrustBook } from "./trust-book.ts";
import { Typing } from "./typing.ts";

export class Engine {
  readonly call: SessionCall;
  readonly self: Self;
  readonly conversations: Conversations;
  readonly timeline: Timeline;
  readonly directory: Directory;
  readonly listClaims: ListClaims;
  readonly history: HistoryPager;
  readonly chains: GroupChains;
  readonly nameGroups: () => Promise<void>;
  readonly #names: MemberNames;
  readonly outbox: Outbox;
  readonly receipts: Receipts;
  readonly typing: Typing;
  readonly presence: Presence;
  readonly news: AccountNews;
  readonly profile: StoreProfile;
  readonly attachments: Attachments;
  readonly backup: Backup;
  readonly #events: EventHub;
  readonly #environment: Environment;
  readonly #channels: ConversationChannels;
  readonly #incoming: Incoming;
  readonly #deviceQueue: DeviceQueue;
  readonly #inbox: Connection;
  readonly #caughtUp = new CaughtUp((conversation) => this.#incoming.applied(conversation));
  #inboxIsComplete = false;
  #status: ConnectionStatus = { state: "idle" };
  #stopListening: () => void = () => undefined;

  constructor(
    environment: Environment,
    records: Records,
    blobs: BlobStore,
    tokens: Tokens,
    self: Self,
    events: EventHub,
  ) {
    [this.#environment, this.#events, this.self] = [environment, events, self];
    this.call = sessionCall(environment, tokens);
    const emit = events.emit.bind(events);
    this.news = new AccountNews((type) => emit({ type }));
    this.conversations = new Conversations(records, self, emit);
    this.timeline = new Timeline(records, emit);
    watchGroups(records, emit);
    this.directory = new Directory(records, self, this.call, new TrustBook(records, emit));
    this.listClaims = new ListClaims(records, self, this.directory, emit);
    this.backup = new Backup(environment, records, self, this.call, this.directory, this.conversations, emit);
    this.history = new HistoryPager(records, self, this.call, this.backup);
    this.chains = new GroupChains(records, self, this.directory, this.call);
    this.#names = new MemberNames(records, this.call);
    this.#channels = new ConversationChannels(environment, tokens, {
      cursor: (conversationId) => this.conversations.get(conversationId)?.cursor ?? 0,
      events: (conversationId, received) => this.#conversationEvents(conversationId, received),
      fillBelow: (conversationId, hotFrom) => this.#incoming.fillBelow(conversationId, hotFrom),
      live: (conversationId) =>
        void this.#caughtUp.reach(conversationId, () => this.outbox.live(conversationId)),
      healed: (conversationId) => this.#incoming.check(conversationId),
      lost: (conversationId) => this.receipts.lostOn(conversationId),
      refused: (conversationId) => this.#channels.want(conversationId, "gap", false),
    });
    const groupSealer = new GroupSealer(records, self, this.directory, this.chains, this.call);
    const sealer = new FrameSealer(records, self, this.directory, groupSealer, this.call);
    this.outbox = new Outbox(environment, records, self, this.timeline, sealer, {
      want: (conversationId, wanted) => this.#channels.want(conversationId, "outbox", wanted),
      isLive: (id) => this.profile.isClear && this.#caughtUp.has(id) && this.#channels.isLive(id),
      send: (conversationId, frame) => this.#channels.send(conversationId, frame),
    });
    this.attachments = new Attachments({
      environment,
      records,
      blobs,
      tokens,
      call: this.call,
      self,
      timeline: this.timeline,
      emit,
      handedOver: (conversationId) => this.outbox.kick(conversationId),
    });
    this.receipts = new Receipts(environment, records, this.conversations, (conversationId, frame) => {
      return this.#channels.send(conversationId, frame) || this.#inbox.send(frame);
    });
    const { call, directory, history, listClaims, timeline, chains } = this;
    const applier = new MessageApplier(records, self, directory, timeline, chains, listClaims);
    const placing = async () => {
      const { GroupPlacing } = await import("./groups/group-placing.ts");
      return new GroupPlacing(records, self, history, chains);
    };
    this.nameGroups = async () => (await placing()).nameAll();
    this.#incoming = new Incoming(environment, records, this.conversations, applier, history, placing, {
      gap: (conversationId, isOpen) => {
        this.#channels.want(conversationId, "gap", isOpen);
        this.#updateStatus();
      },
      stored: (conversationId) => this.receipts.raise(conversationId),
      overtaken: async (conversationId) => {
        await records.refresh(conversationTable, conversationId);
        timeline.reset(conversationId);
      },
    });
    this.typing = new Typing(
      environment,
      (conversationId, frame) => this.#channels.send(conversationId, frame),
      (conversationId, typing) => emit({ type: "typing", conversationId, typing }),
    );
    const send = (frame: object): boolean => this.#inbox.send(frame);
    this.presence = new Presence(environment, {
      send,
      peerOf: (conversationId) => this.conversations.get(conversationId)?.peer?.account,
      changed: () => emit({ type: "conversations" }),
    });
    this.#inbox = new Connection(environment, tokens, "/ws/inbox", {
      opened: () => this.#inboxOpened(),
      events: (received) => this.#inboxEvents(received),
      changed: (state) => this.#linkChanged(state),
      refused: () => this.#updateStatus(),
      replaced: (isTaken) => this.profile.doubt(isTaken),
    });
    const parts = { call, directory, listClaims, chains, keys: this.backup, emit };
    this.#deviceQueue = new DeviceQueue(environment, records, self, parts, send);
    const told = { send, clear: () => this.#keysAreClear(), elsewhere: () => emit({ type: "alarms" }) };
    this.profile = new StoreProfile(environment, records, self, { ...told, hold: tokens.hold.bind(tokens) });
  }

  /** Loads what is stored. The engine answers views from here on. Throws `StoreError`. */
  async load(): Promise<void> {
    await Promise.all([
      this.conversations.load(),
      this.timeline.load(),
      this.attachments.load(),
      this.#deviceQueue.load(),
      this.#names.load(),
      this.directory.book.load(),
      this.listClaims.load(),
    ]);
  }

  /** Goes online and stays there. */
  start(): void {
    this.#inbox.start();
    this.outbox.resume();
    this.attachments.start();
    this.#stopListening = this.#environment.onOnline?.(() => this.reconnectNow()) ?? this.#stopListening;
  }

  stop(): void {
    this.#stopListening();
    this.outbox.stop();
    this.attachments.stop();
    this.#incoming.stop();
    this.#channels.stop();
    this.#inbox.stop();
    this.receipts.stop();
    this.typing.stop();
    this.presence.stop();
    this.backup.stop();
    this.#deviceQueue.stop();
    this.profile.stop();
  }

  get status(): ConnectionStatus {
    return this.#status;
  }

  reconnectNow(): void {
    this.#inbox.retryNow();
    this.#channels.retryNow();
    this.attachments.wake();
  }

  /** The conversation is on screen, or no longer. */
  show(conversationId: ConversationId, isShown: boolean): void {
    this.#channels.want(conversationId, "screen", isShown);
    this.presence.show(conversationId, isShown);
  }

  #inboxOpened(): void {
    this.attachments.wake();
    this.#inboxIsComplete = false;
    void this.profile.connect();
    this.receipts.live();
    if (this.profile.isClear) this.#deviceQueue.live();
    this.#names.live();
    this.presence.ask();
  }

  #keysAreClear(): void {
    this.#deviceQueue.live();
    for (const { conversationId } of this.conversations.all()) this.outbox.kick(conversationId);
  }

  #linkChanged(link: LinkState): void {
    if (link.state !== "open") {
      this.#inboxIsComplete = false;
      this.receipts.lost();
    }
    this.#updateStatus();
  }

  #updateStatus(): void {
    const [before, link] = [this.#status, this.profile.shown(this.#inbox.state)];
    const isCaughtUp = this.#inboxIsComplete && this.#channels.healing === 0;
    this.#status = link.state === "open" ? { state: isCaughtUp ? "online" : "updating" } : link;
    if (JSON.stringify(before) === JSON.stringify(this.#status)) return;
    this.#events.emit({ type: "connection", status: this.#status });
  }

  #conversationEvents(conversationId: ConversationId, events: readonly DownEvent[]): void {
    const { messages, acks, refusals, receipts, lows, typing } = sortEvents(events);
    for (const event of typing) this.#typingEvent(event);
    if (messages.length > 0) {
      this.#incoming.offer(conversationId, messages);
      for (const { sender } of messages) this.typing.received(conversationId, sender.account, false);
    }
    void inBackground(async () => {
      if (acks.length > 0) await this.outbox.acknowledged(conversationId, acks);
      if (refusals.length > 0) await this.outbox.refused(conversationId, refusals);
      if (receipts.length > 0) await this.conversations.applyReceipts(receipts);
      if (lows.length > 0) await this.conversations.applyLow(lows);
      if (acks.length > 0) this.#incoming.check(conversationId);
    });
  }

  #inboxEvents(events: readonly DownEvent[]): void {
    this.news.heard(events);
    this.profile.heard(events);
    for (const event of events) {
      if (event.type === "presence:state") this.presence.received(event.presences);
      else if (event.type === "typing:start" || event.type === "typing:stop") this.#typingEvent(event);
      else this.#deviceQueue.heard(event);
    }
    void inBackground(() => this.#mergeInbox(events));
  }

  #typingEvent({ type, conversationId, account }: TypingDown): void {
    if (account === this.self.account) return;
    this.typing.received(conversationId, account, type === "typing:start");
    this.presence.active(account);
  }

  async #mergeInbox(events: readonly DownEvent[]): Promise<void> {
    const { summaries, updates, receipts, lows, isComplete } = sortInboxEvents(events);
    await this.conversations.merge(summaries);
    for (const { summary, messages } of updates) {
      this.#incoming.offer(summary.conversationId, messages ?? []);
    }
    await this.conversations.applyReceipts(receipts);
    if (lows.length > 0) await this.conversations.applyLow(lows);
    for (const { conversationId, lastSeq } of summaries) {
      if ((this.conversations.get(conversationId)?.cursor ?? 0) < lastSeq)
        this.#incoming.check(conversationId);
    }
    if (isComplete) {
      this.#inboxIsComplete = true;
      this.backup.online();
      this.#deviceQueue.shareOwn();
      this.#updateStatus();
    }
  }
}
