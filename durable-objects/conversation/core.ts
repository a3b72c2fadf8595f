/**
 * The conversation as a state machine over a store and sockets. A frame is checked and queued; one flush per turn
 * orders everything queued, commits it in one transaction, then acknowledges and broadcasts (DESIGN section 3).
 */
import type { AccountId, DeviceId, Sequence } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import { type ConversationUp, conversationUpSchema } from "#schema/protocol/up.ts";
import type { ConversationResume } from "#schema/protocol/conversation.ts";
import type { MessageSend } from "#schema/protocol/message.ts";
import type { TypingUp } from "#schema/protocol/typing.ts";
import type { DeviceSet } from "#schema/rpc/shared.ts";
import { errorBody, errorEvent, type FrameErrorKind, refusal } from "../support/error-events.ts";
import { packFrames } from "#schema/protocol/pack-frames.ts";
import { serialise } from "../support/frames.ts";
import { parseFrame } from "../support/parse-frame.ts";
import type { DeviceSocket, Roster } from "../support/device-socket.ts";
import { TokenBucket } from "../support/token-bucket.ts";
import { hasRepeatedAddress } from "./device-set.ts";
import { parseSends } from "./parse-sends.ts";
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { GroupFraming } from "./group-framing.ts";
import { SenderKeys, type SenderKeyStore } from "./sender-keys.ts";
import { Flush, type QueuedSend } from "./flush.ts";
import { type Arrival, Holds } from "./holds.ts";
import { bodyPrefix, isBodyFor, isCapsule } from "./framing.ts";
import { ReceiptPace } from "./receipt-pace.ts";
import { announceReceipts, isPlausible, PendingReceipts } from "./receipts.ts";
import { answerResume } from "./resume.ts";
import type { MemberState } from "./member-state.ts";
import { Typist } from "./typist.ts";
import type { ConversationState } from "./state.ts";
import { finishMessage, openMessage } from "./log-events.ts";
import type { ConversationStore, StoredMessage } from "./store.ts";

export interface CoreContext {
  readonly state: ConversationState;
  readonly store: ConversationStore;
  readonly groupStore: SenderKeyStore;
  readonly sockets: Pick<Roster, "all">;
  readonly now: () => number;
  /** Sustained messages per second and account. */
  readonly messagesPerSecond: number;
  /** Runs `flush` once, when what has arrived by now is queued: when `waiting` has stopped growing. */
  readonly defer: (flush: () => void, waiting: () => number) => void;
  readonly pause: (delayMs: number) => Promise<void>;
  /** Something was committed that inboxes or the archive must hear of. */
  readonly onCommit: (change: { readonly messages: number; readonly moved: readonly AccountId[] }) => void;
  /** Someone types, or stopped: for devices that have not this conversation on screen. */
  readonly onTyping: (frame: TypingUp, account: AccountId) => void;
  /** A sender knows a newer device set of `account` than this object. */
  readonly onBehind: (account: AccountId) => void;
  /** The transaction failed; everything in it was refused. */
  readonly onFlushFailed: (error: unknown) => void;
}

/** What a resume streams is paid for in pieces of this size, at the rate of messages. */
const resumePieceChars = 32_768;

/** How much of the rate may come at once. */
const burstSeconds = limits.messageBurst / limits.messagesPerSecond;

/** How soon a device may try again that has not caught up. */
const catchUpRetryMs = 1_000;

export class ConversationCore {
  readonly #context: CoreContext;
  readonly #receipts = new PendingReceipts();
  readonly #pace: ReceiptPace;
  readonly #messageBuckets = new Map<AccountId, TokenBucket>();
  readonly #frameBuckets = new Map<AccountId, TokenBucket>();
  readonly #resumeBuckets = new Map<AccountId, TokenBucket>();
  #queue: QueuedSend[] = [];
  #queuedChars = 0;
  #isFlushDue = false;
  readonly #bodyPrefix: string;
  readonly #group: GroupFraming | undefined;
  readonly keys: SenderKeys;
  readonly #holds = new Holds();
  readonly #typist = new Typist();

  constructor(context: CoreContext) {
    this.#context = context;
    const { kind, conversationId } = context.state.record;
    this.#bodyPrefix = bodyPrefix(conversationId);
    if (kind === "group") this.#group = new GroupFraming(decodeBase64url(conversationId));
    this.keys = new SenderKeys(context.groupStore);
    this.#pace = new ReceiptPace({
      members: () => context.state.members.size,
      pause: context.pause,
      flush: () => this.#scheduleFlush(),
    });
  }

  /** One frame of a socket. Never throws for what a client sent. */
  receive(socket: DeviceSocket, data: string | ArrayBuffer): void {
    const { state } = this.#context;
    const member = state.members.get(socket.identity.account);
    if (member === undefined) return socket.close("forbidden");
    if (!member.isActive(socket.identity.device)) return socket.close("session_revoked");
    const parsed = typeof data === "string" ? parseFrame(conversationUpSchema, data) : parseSends(data);
    if (parsed === "too_large") return socket.close("too_large");
    if (Array.isArray(parsed)) this.#receiveSends(socket, parsed);
    else this.#receiveEvent(socket, member, parsed);
  }

  #receiveSends(socket: DeviceSocket, sends: readonly MessageSend[]): void {
    for (const send of sends) this.#queueSend(socket, send);
    if (this.#queue.length > 0) this.#scheduleFlush();
  }

  #receiveEvent(socket: DeviceSocket, member: MemberState, parsed: ConversationUp | "malformed"): void {
    const { state } = this.#context;
    const waitMs = this.#bucket(this.#frameBuckets, member.account).take(this.#context.now());
    if (parsed === "malformed") {
      // Only a client that means harm sends so many.
      if (waitMs > 0) socket.close("rate_limited");
      else this.#refuse(socket, "malformed");
      return;
    }
    if (parsed.conversationId !== state.record.conversationId) return this.#refuse(socket, "malformed");
    if (waitMs > 0) return socket.send(errorEvent("rate_limited", { retryAfterMs: waitMs }));
    switch (parsed.type) {
      case "conversation:resume":
        return this.#resume(socket, parsed);
      case "message:delivered":
        return this.#receipt(socket, member, parsed.seq, 0);
      case "message:read":
        return this.#receipt(socket, member, 0, parsed.seq);
      case "typing:start":
      case "typing:stop":
        return this.#typing(socket, parsed);
    }
  }

  /**
   * Watermarks that came another way; done once they are committed. Refuses a stranger and implausible watermarks, with
   * `unavailable` a device not heard of yet, and fails with the transaction, so that the caller keeps what it has to say.
   */
  receiptsFor(account: AccountId, device: DeviceId, delivered: Sequence, read: Sequence): Promise<void> {
    const { state } = this.#context;
    const member = state.members.get(account);
    if (member === undefined) throw refusal("not_found");
    // The inbox knows its device earlier than this object.
    if (!member.devices.has(device)) throw refusal("unavailable");
    if (!isPlausible(state, Math.max(delivered, read))) throw refusal("malformed");
    return new Promise((kept, lost) => {
      this.#receipts.add(member, device, { delivered, read, kept, lost });
      this.#pace.arrived();
    });
  }

  /** Takes over a newer device set and tells those who are live. Returns whether it was newer. */
  applySet(set: DeviceSet): boolean {
    const { state, store } = this.#context;
    const member = state.members.get(set.account);
    if (member === undefined || set.epoch <= member.setEpoch) return false;
    const isGroup = state.record.kind === "group";
    const slots =
      (isGroup ? state.newSlots([set]).get(set.account) : undefined) ?? new Map<DeviceId, number>();
    const isSomeoneRevoked = [...member.devices].some(
      ([device, { active }]) => active && !set.devices.includes(device),
    );
    const { keyGeneration } = state.record;
    const generation = isGroup && isSomeoneRevoked ? keyGeneration + 1 : keyGeneration;
    store.saveSet(set, slots, generation === keyGeneration ? undefined : generation);
    state.applySet(member, set, slots, generation);
    if (generation !== keyGeneration) this.keys.forget();
    this.#broadcast(serialise({ type: "devices:changed", account: set.account, version: set.version }));
    return true;
  }

  /** An entry came into the log that no socket sent. */
  tell(entry: StoredMessage): void {
    this.#broadcast(finishMessage(openMessage(this.#context.state.record.conversationId, entry), undefined));
  }

  /** Commits and answers what is queued. */
  flush(): void {
    this.#isFlushDue = false;
    const queue = this.#queue;
    this.#queue = [];
    this.#queuedChars = 0;
    const { state, store, now } = this.#context;
    const withReceipts = this.#receipts.size > 0 && this.#pace.take();
    if (queue.length === 0 && !withReceipts) return;
    const { keys } = this;
    const flush = new Flush({ state, store, keys, holds: this.#holds }, Math.max(now(), state.lastTimeMs));
    try {
      store.transaction(() => {
        flush.order(queue);
        if (withReceipts) this.#receipts.save(state, store);
      });
    } catch (error) {
      for (const { arrival } of queue) this.#refuseSend(arrival, "internal");
      keys.undo();
      this.#context.onFlushFailed(error);
      if (withReceipts) this.#receipts.fail(error);
      return;
    }
    keys.settle();
    flush.commit();
    const moved = withReceipts ? this.#receipts.apply(state) : [];
    announceReceipts(flush, state, moved);
    if (flush.accepted > 0 || moved.length > 0) this.#context.onCommit({ messages: flush.accepted, moved });
    flush.deliver(this.#context.sockets.all());
    for (const account of flush.behind) this.#context.onBehind(account);
  }

  #queueSend(socket: DeviceSocket, frame: MessageSend): void {
    const { conversationId } = this.#context.state.record;
    const arrival = this.#holds.arrived(socket, frame);
    const waitMs = this.#bucket(this.#messageBuckets, socket.identity.account).take(this.#context.now());
    if (waitMs > 0) return this.#refuseSend(arrival, "rate_limited", waitMs);
    const isOfGroup = this.#group !== undefined;
    const entry = this.#group?.tryEntry(frame.body, frame.clientMessageId);
    const isWellFormed =
      frame.conversationId === conversationId &&
      (isOfGroup ? entry !== undefined : isBodyFor(frame.body, this.#bodyPrefix, frame.clientMessageId)) &&
      frame.capsules.every((capsule) => isCapsule(capsule.data)) &&
      !hasRepeatedAddress(frame);
    if (!isWellFormed) return this.#refuseSend(arrival, "malformed");
    // A repeated send is known by the newest messages: only a device that has caught up is sure not to repeat an older one.
    const { record, lastSeq } = this.#context.state;
    const isMoreForgotten = record.prunedSeq > 0 || lastSeq > limits.repeatMessages;
    if (!socket.isLive && isMoreForgotten) {
      return this.#refuseSend(arrival, "unavailable", catchUpRetryMs);
    }
    this.#queue.push({ socket, frame, entry, arrival });
    this.#queuedChars += frame.capsules.reduce((chars, { data }) => chars + data.length, frame.body.length);
    if (this.#queuedChars >= limits.flushChars) this.flush();
  }

  #receipt(socket: DeviceSocket, member: MemberState, delivered: Sequence, read: Sequence): void {
    if (!isPlausible(this.#context.state, Math.max(delivered, read)))
      return this.#refuse(socket, "malformed");
    // No frame refuses a receipt: a device whose socket breaks sends what it had to say again.
    const lost = () => socket.close("unavailable");
    this.#receipts.add(member, socket.identity.device, { delivered, read, lost });
    this.#pace.arrived();
  }

  #resume(socket: DeviceSocket, { after }: ConversationResume): void {
    const { state, store } = this.#context;
    const bucket = this.#bucket(this.#resumeBuckets, socket.identity.account);
    // A reader that asks for everything again and again, and reads none of it, would fill the object's memory.
    if (bucket.take(this.#context.now()) > 0) return socket.close("rate_limited");
    const { events, chars, isComplete } = answerResume(state, store, socket.identity, after);
    bucket.spend(chars / resumePieceChars);
    socket.setLive(isComplete);
    this.#holds.end(socket);
    for (const frame of packFrames(events)) socket.send(frame);
  }

  #typing(from: DeviceSocket, frame: TypingUp): void {
    const { type } = frame;
    const { account } = from.identity;
    const { conversationId, kind } = this.#context.state.record;
    if (kind === "group" && !this.#typist.maySay(type, account, this.#context.now())) return;
    const event = serialise({ type, conversationId, account });
    for (const socket of this.#context.sockets.all()) {
      if (socket.isLive && socket.identity.account !== account) socket.send(event);
    }
    this.#context.onTyping(frame, account);
  }

  #broadcast(event: string): void {
    for (const socket of this.#context.sockets.all()) if (socket.isLive) socket.send(event);
  }

  #refuse = (socket: DeviceSocket, kind: FrameErrorKind): void => socket.send(errorEvent(kind));

  #refuseSend(arrival: Arrival, kind: FrameErrorKind, retryAfterMs?: number): void {
    const { conversationId, clientMessageId } = arrival.frame;
    const error = errorBody(kind, retryAfterMs);
    this.#holds.refused(arrival, kind);
    arrival.socket.send(serialise({ type: "message:refused", conversationId, clientMessageId, error }));
  }

  #bucket(buckets: Map<AccountId, TokenBucket>, account: AccountId): TokenBucket {
    let bucket = buckets.get(account);
    if (bucket === undefined) {
      const { messagesPerSecond, now } = this.#context;
      bucket = new TokenBucket(messagesPerSecond, messagesPerSecond * burstSeconds, now());
      buckets.set(account, bucket);
    }
    return bucket;
  }

  #scheduleFlush(): void {
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    const { defer } = this.#context;
    defer(this.flush.bind(this), () => this.#queue.length + this.#receipts.size);
  }
}
