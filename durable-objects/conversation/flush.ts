/** One group commit: orders queued messages inside a transaction, then tells every socket in one go. */
import type { AccountId } from "#schema/ids.ts";
import type { MessageSend } from "#schema/protocol/message.ts";
import { deviceAddressKey } from "#schema/ids.ts";
import { errorBody } from "../support/error-events.ts";
import { packFrames, serialise } from "../support/frames.ts";
import type { DeviceSocket } from "../support/device-socket.ts";
import type { GroupEntry } from "./group-framing.ts";
import { judge, type JudgeContext } from "./judge.ts";
import { ackEvent, finishMessage, openMessage } from "./log-events.ts";
import type { ConversationState } from "./state.ts";
import type { Capsules, ConversationStore, StoredMessage } from "./store.ts";

/** How soon a sender may try again while a newer device set is being fetched. */
const behindRetryMs = 250;

/** What one event says: an answer to one socket, a message to all others, or a notice to all. */
type Step =
  | { readonly type: "answer"; readonly socket: DeviceSocket; readonly event: string }
  | {
      readonly type: "message";
      readonly from: DeviceSocket;
      readonly message: StoredMessage;
      readonly capsules: Capsules;
    }
  | { readonly type: "notice"; readonly event: string; readonly account?: AccountId };

export class Flush {
  readonly #context: JudgeContext;
  readonly #state: ConversationState;
  readonly #store: ConversationStore;
  readonly #timeMs: number;
  readonly #steps: Step[] = [];
  readonly behind = new Set<AccountId>();
  #lastSeq: number;
  #silentCount: number;
  accepted = 0;

  constructor(context: JudgeContext, timeMs: number) {
    const { state, store } = context;
    this.#context = context;
    this.#state = state;
    this.#store = store;
    this.#silentCount = state.silentCount;
    this.#timeMs = timeMs;
    this.#lastSeq = state.lastSeq;
  }

  /** Inside the transaction: judges one frame and writes it when accepted. Changes nothing in memory yet. */
  order(socket: DeviceSocket, frame: MessageSend, entry: GroupEntry | undefined): void {
    const { conversationId } = this.#state.record;
    const sender = socket.identity;
    const verdict = judge(frame, sender, this.#context, entry);
    if (verdict.type === "repeat") {
      this.#steps.push({ type: "answer", socket, event: ackEvent(conversationId, verdict.message) });
      return;
    }
    if (verdict.type === "refuse") {
      if (verdict.behind !== undefined) this.behind.add(verdict.behind);
      const error = errorBody(
        verdict.kind,
        verdict.kind === "unavailable" ? behindRetryMs : undefined,
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
      return;
    }
    this.#lastSeq += 1;
    if (verdict.content === 0) this.#silentCount += 1;
    const message: StoredMessage = {
      seq: this.#lastSeq,
      senderAccount: sender.account,
      senderDevice: sender.device,
      clientMessageId: frame.clientMessageId,
      serverTimeMs: this.#timeMs,
      body: frame.body,
      content: verdict.content,
      silentCount: this.#silentCount,
      devices: verdict.devices,
    };
    const capsules: Record<string, string> = {};
    for (const { account, device, data } of frame.capsules)
      capsules[deviceAddressKey(account, device)] = data;
    this.#store.append(message, capsules);
    this.accepted += 1;
    this.#steps.push({ type: "answer", socket, event: ackEvent(conversationId, message) });
    this.#steps.push({ type: "message", from: socket, message, capsules });
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

  /** Sends each socket its events in order, in as few frames as possible. */
  deliver(sockets: Iterable<DeviceSocket>): void {
    const outgoing = new Map<DeviceSocket, string[]>();
    const live: { readonly socket: DeviceSocket; readonly key: string; readonly events: string[] }[] = [];
    for (const socket of sockets) {
      if (!socket.isLive) continue;
      const events: string[] = [];
      outgoing.set(socket, events);
      live.push({ socket, key: deviceAddressKey(socket.identity.account, socket.identity.device), events });
    }
    for (const step of this.#steps) {
      if (step.type === "answer") {
        const events = outgoing.get(step.socket);
        if (events === undefined) outgoing.set(step.socket, [step.event]);
        else events.push(step.event);
      } else if (step.type === "notice") {
        for (const { socket, events } of live) {
          if (step.account === undefined || step.account === socket.identity.account) events.push(step.event);
        }
      } else {
        const open = openMessage(this.#state.record.conversationId, step.message);
        for (const { socket, key, events } of live) {
          if (socket !== step.from) events.push(finishMessage(open, step.capsules[key]));
        }
      }
    }
    for (const [socket, events] of outgoing) {
      for (const frame of packFrames(events)) socket.send(frame);
    }
  }
}
