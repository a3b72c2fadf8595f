/** One group commit: orders queued messages inside a transaction, then tells every socket in one go. */
import type { AccountId } from "#schema/ids.ts";
import type { MessageSend } from "#schema/protocol/message.ts";
import { deviceAddressKey } from "#schema/ids.ts";
import { errorBody } from "../support/error-events.ts";
import { packFrames } from "#schema/protocol/pack-frames.ts";
import { serialise } from "../support/frames.ts";
import type { DeviceSocket } from "../support/device-socket.ts";
import type { GroupEntry } from "./group-framing.ts";
import type { Arrival, Holds } from "./holds.ts";
import { judge, type JudgeContext } from "./judge.ts";
import { ackEvent, finishMessage, openMessage } from "./log-events.ts";
import type { ConversationState } from "./state.ts";
import type { ConversationStore, MessageWithCapsules, StoredMessage } from "./store.ts";

/** How soon a sender may try again while a newer device set is being fetched, or a message before this one has to come again. */
const retryMs = 250;

/** A send that waits for the next flush. */
export interface QueuedSend {
  readonly socket: DeviceSocket;
  readonly frame: MessageSend;
  /** What a group's body says of itself; undefined in a direct conversation. */
  readonly entry: GroupEntry | undefined;
  readonly arrival: Arrival;
}

/** What one event says: an answer to one socket, a message to all others, or a notice to all. */
type Step =
  | { readonly type: "answer"; readonly socket: DeviceSocket; readonly event: string }
  | {
      readonly type: "message";
      readonly from: DeviceSocket;
      readonly message: MessageWithCapsules;
    }
  | { readonly type: "notice"; readonly event: string; readonly account?: AccountId };

export class Flush {
  readonly #context: JudgeContext;
  readonly #holds: Holds;
  readonly #state: ConversationState;
  readonly #store: ConversationStore;
  readonly #timeMs: number;
  readonly #steps: Step[] = [];
  readonly behind = new Set<AccountId>();
  #lastSeq: number;
  #silentCount: number;
  accepted = 0;

  constructor(context: JudgeContext & { readonly holds: Holds }, timeMs: number) {
    const { state, store, holds } = context;
    this.#holds = holds;
    this.#context = context;
    this.#state = state;
    this.#store = store;
    this.#silentCount = state.silentCount;
    this.#timeMs = timeMs;
    this.#lastSeq = state.lastSeq;
  }

  /** Inside the transaction: judges the frames and writes the accepted ones. Changes nothing in memory yet. */
  order(queue: readonly QueuedSend[]): void {
    const known = new Map<string, StoredMessage>();
    const ids = queue.map(({ frame }) => frame.clientMessageId);
    for (const message of this.#store.withIds(ids)) known.set(sendKey(message), message);
    const accepted: MessageWithCapsules[] = [];
    for (const send of queue) {
      const { account: senderAccount, device: senderDevice } = send.socket.identity;
      const key = sendKey({ senderAccount, senderDevice, clientMessageId: send.frame.clientMessageId });
      const message = this.#orderOne(send, known.get(key));
      if (message === undefined) continue;
      accepted.push(message);
      known.set(key, message);
    }
    this.#store.append(accepted);
    this.accepted = accepted.length;
  }

  #orderOne(send: QueuedSend, earlier: StoredMessage | undefined): MessageWithCapsules | undefined {
    const { socket, frame, arrival } = send;
    const { conversationId } = this.#state.record;
    const sender = socket.identity;
    const verdict = judge(send, this.#context, earlier, this.#holds.isHeld(arrival));
    if (verdict.type === "repeat") {
      this.#steps.push({ type: "answer", socket, event: ackEvent(conversationId, verdict.message) });
      return undefined;
    }
    if (verdict.type === "refuse") {
      this.#holds.refused(arrival, verdict.kind);
      if (verdict.behind !== undefined) this.behind.add(verdict.behind);
      const error = errorBody(
        verdict.kind,
        verdict.kind === "unavailable" ? retryMs : undefined,
        verdict.epoch,
      );
      const refused = {
        type: "message:refused",
        conversationId,
        clientMessageId: frame.clientMessageId,
        error,
      } as const;
      const { difference } = verdict;
      const event = serialise(difference === undefined ? refused : { ...refused, difference });
      this.#steps.push({ type: "answer", socket, event });
      return undefined;
    }
    this.#lastSeq += 1;
    if (verdict.content === 0) this.#silentCount += 1;
    const capsules: Record<string, string> = {};
    for (const { account, device, data } of frame.capsules)
      capsules[deviceAddressKey(account, device)] = data;
    const message = {
      seq: this.#lastSeq,
      senderAccount: sender.account,
      senderDevice: sender.device,
      clientMessageId: frame.clientMessageId,
      serverTimeMs: this.#timeMs,
      body: frame.body,
      content: verdict.content,
      silentCount: this.#silentCount,
      devices: verdict.devices,
      capsules,
    };
    this.#steps.push({ type: "answer", socket, event: ackEvent(conversationId, message) });
    this.#steps.push({ type: "message", from: socket, message });
    return message;
  }

  /** After the transaction: the new sequence is true. */
  commit(): void {
    this.#state.lastSeq = this.#lastSeq;
    for (const step of this.#steps) {
      if (step.type !== "message" || step.message.content === 0) continue;
      this.#state.sent(step.message.senderAccount, step.message.seq);
    }
    this.#state.silentCount = this.#silentCount;
    if (this.accepted > 0) this.#state.lastTimeMs = this.#timeMs;
  }

  /** Adds an event for every live socket, or for those of one account. */
  announce(event: string, account?: AccountId): void {
    this.#steps.push(account === undefined ? { type: "notice", event } : { type: "notice", event, account });
  }

  /**
   * Sends each socket its events in order, in as few frames as possible; those that wait for an answer are first. Sockets that get the
   * very same events, as those of a message without capsules do, share one text.
   */
  deliver(sockets: Iterable<DeviceSocket>): void {
    const live: SocketEvents[] = [];
    const outgoing = new Map<DeviceSocket, SocketEvents>();
    const answered = new Set<DeviceSocket>();
    for (const socket of sockets) {
      if (!socket.isLive) continue;
      const key = deviceAddressKey(socket.identity.account, socket.identity.device);
      const each: SocketEvents = { socket, key, own: undefined };
      live.push(each);
      outgoing.set(socket, each);
    }
    const shared: string[] = [];
    const own = (each: SocketEvents): string[] => (each.own ??= [...shared]);
    for (const step of this.#steps) {
      if (step.type === "answer") {
        let each = outgoing.get(step.socket);
        if (each === undefined) outgoing.set(step.socket, (each = { socket: step.socket, key: "", own: [] }));
        own(each).push(step.event);
        answered.add(step.socket);
      } else if (step.type === "notice") {
        for (const each of live) {
          if (step.account === undefined) each.own?.push(step.event);
          else if (step.account === each.socket.identity.account) own(each).push(step.event);
        }
        if (step.account === undefined) shared.push(step.event);
      } else {
        const open = openMessage(this.#state.record.conversationId, step.message);
        const bare = finishMessage(open, undefined);
        const { capsules } = step.message;
        for (const each of live) {
          const capsule = capsules[each.key];
          if (each.socket === step.from) own(each);
          else if (capsule !== undefined) own(each).push(finishMessage(open, capsule));
          else each.own?.push(bare);
        }
        shared.push(bare);
      }
    }
    const sharedFrames = packFrames(shared);
    for (const socket of new Set([...answered, ...outgoing.keys()])) {
      const events = outgoing.get(socket)?.own;
      for (const frame of events === undefined ? sharedFrames : packFrames(events)) socket.send(frame);
    }
  }
}

/** What one socket gets: its own events once they differ from those that all others get. */
interface SocketEvents {
  readonly socket: DeviceSocket;
  readonly key: string;
  own: string[] | undefined;
}

/** What makes a repeated send the same send. */
function sendKey(send: Pick<StoredMessage, "senderAccount" | "senderDevice" | "clientMessageId">): string {
  return `${deviceAddressKey(send.senderAccount, send.senderDevice)}.${send.clientMessageId}`;
}
