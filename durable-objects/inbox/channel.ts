/** The inbox's sockets: answers the frames of devices, and tells live devices what happens to the account. */
import type { AccountId, ConversationId, DeviceId, SessionId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import type { DeviceSend, ProfileEpoch } from "#schema/protocol/inbox.ts";
import type { PresenceGet } from "#schema/protocol/presence.ts";
import { inboxUpSchema } from "#schema/protocol/up.ts";
import type { AdvanceInput, DeviceMessageInput, PrekeyStockRecord, TypingInput } from "#schema/rpc/inbox.ts";
import type { Identity, Summary } from "#schema/rpc/shared.ts";
import { SottoError } from "#schema/errors.ts";
import { errorEvent } from "../support/error-events.ts";
import { packFrames } from "#schema/protocol/pack-frames.ts";
import { serialise } from "../support/frames.ts";
import { parseFrame } from "../support/parse-frame.ts";
import type { DeviceSocket, Roster } from "../support/device-socket.ts";
import { TokenBucket } from "../support/token-bucket.ts";
import type { QueuedMessage } from "./device-queue.ts";
import type { InboxParts } from "./parts.ts";

export interface ChannelContext {
  readonly parts: InboxParts;
  readonly sockets: Roster;
  readonly now: () => number;
  /** Makes a to-device message durable where it goes, here or in another inbox. Throws refusals. */
  readonly deliver: (account: AccountId, message: DeviceMessageInput) => Promise<void>;
  /** Receipts wait to be passed on. */
  readonly onReceipt: () => void;
  /** A question for others' presence; answers on the socket. */
  readonly onPresenceGet: (socket: DeviceSocket, frame: PresenceGet) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
}

export class InboxChannel {
  readonly #context: ChannelContext;
  readonly #buckets = new Map<DeviceId, TokenBucket>();

  constructor(context: ChannelContext) {
    this.#context = context;
  }

  /** One frame of a device. Never throws for what a client sent. */
  receive(socket: DeviceSocket, data: string | ArrayBuffer): void {
    const { parts } = this.#context;
    const { device } = socket.identity;
    const frame = parseFrame(inboxUpSchema, data);
    if (frame === "too_large") return socket.close("too_large");
    const waitMs = this.#bucket(device).take(this.#context.now());
    if (frame === "malformed") {
      // Only a client that means harm sends so many.
      if (waitMs > 0) socket.close("rate_limited");
      else socket.send(errorEvent("malformed"));
      return;
    }
    if (waitMs > 0) return socket.send(errorEvent("rate_limited", { retryAfterMs: waitMs }));
    switch (frame.type) {
      case "inbox:resume":
        return this.#resume(socket, frame.profile);
      case "device:ack":
        if (!parts.queue.acknowledge(device, frame.position)) socket.send(errorEvent("malformed"));
        return;
      case "presence:get":
        return void this.#context.onPresenceGet(socket, frame);
      case "device:send":
        return void this.#send(socket, frame);
      case "message:delivered":
      case "message:read": {
        if (!parts.summaries.has(frame.conversationId)) return socket.send(errorEvent("not_found"));
        const delivered = frame.type === "message:delivered" ? frame.seq : 0;
        const read = frame.type === "message:read" ? frame.seq : 0;
        parts.notices.addReceipt(frame.conversationId, device, delivered, read);
        return this.#context.onReceipt();
      }
    }
  }

  conversationChanged(summary: Summary): void {
    this.#tell(() => serialise({ type: "conversation:update", summary }));
  }

  /** Tells each device with the capsules made for it; those that have the messages already get the summary. */
  conversationAdvanced(summary: Summary, input: AdvanceInput): void {
    const receipts = input.receipts.map((receipt) => ({
      type: "receipt" as const,
      conversationId: input.conversationId,
      ...receipt,
    }));
    const { conversationId } = input;
    const low = input.low && { low: { type: "receipt:low" as const, conversationId, ...input.low } };
    this.#tell(({ device }) => {
      const update = { type: "conversation:update" as const, summary, receipts, ...low };
      if (input.messages.length === 0 || input.liveDevices.includes(device)) return serialise(update);
      const messages = input.messages.map(({ record, capsules }) => ({
        type: "message:new" as const,
        ...record,
        ...(capsules[device] === undefined ? {} : { capsule: capsules[device] }),
      }));
      return serialise({ ...update, messages });
    });
  }

  typing(input: TypingInput): void {
    if (this.#context.parts.summaries.has(input.conversationId)) this.#tell(() => serialise({ ...input }));
  }

  devicesChanged(account: AccountId, version: number): void {
    this.#tell(() => serialise({ type: "devices:changed", account, version }));
  }

  /** Somebody asks for a reset of the account, or no longer does. */
  resetChanged(): void {
    const reset = this.#context.parts.resets.pending();
    this.#tell(() => serialise({ type: "account:reset", ...(reset && { reset }) }));
  }

  joinsChanged(conversationId: ConversationId): void {
    this.#tell(() => serialise({ type: "group:joins", conversationId }));
  }

  passwordChanged(): void {
    this.#tell(() => this.#passwordChange());
  }

  prekeysLow(device: DeviceId, stock: PrekeyStockRecord): void {
    this.#tell((identity) =>
      identity.device === device ? serialise({ type: "prekey:stock", ...stock }) : undefined,
    );
  }

  deviceMessage(device: DeviceId, message: QueuedMessage): void {
    this.#tell((identity) => (identity.device === device ? messageEvent(message) : undefined));
  }

  sessionsEnded(
    sessions: readonly SessionId[],
    reason: "session_revoked" | "replaced" = "session_revoked",
  ): void {
    if (sessions.length === 0) return;
    this.#context.sockets.closeWhere(({ session }) => sessions.includes(session), reason);
  }

  #resume(socket: DeviceSocket, profile: ProfileEpoch | undefined): void {
    const { parts } = this.#context;
    const { device } = socket.identity;
    let reason: ReturnType<typeof parts.profiles.present>;
    try {
      reason = parts.profiles.present(device, profile);
      parts.resets.arrived();
    } catch (error) {
      this.#context.onFailure(error);
      return socket.close("unavailable"); // it comes again
    }
    if (reason !== undefined) socket.send(serialise({ type: "profile:copied", reason }));
    const pending = parts.resets.pending();
    const reset = pending && { reset: pending };
    let cursor: string | undefined;
    do {
      const page = parts.summaries.summaries({ limit: limits.conversationsPerFrame, cursor });
      cursor = page.next;
      const { conversations } = page;
      const more = cursor !== undefined;
      socket.send(serialise({ type: "inbox:state", conversations, more, ...reset }));
    } while (cursor !== undefined);
    const passwordChange = this.#passwordChange();
    if (passwordChange !== undefined) socket.send(passwordChange);
    for (const messages of parts.queue.pending(device)) {
      for (const frame of packFrames(messages.map(messageEvent))) socket.send(frame);
    }
    socket.send(serialise({ type: "prekey:stock", ...parts.prekeys.stock(device) }));
    socket.setLive(true);
  }

  async #send(socket: DeviceSocket, { id, account, device, data, group }: DeviceSend): Promise<void> {
    const { account: own, device: from } = socket.identity;
    try {
      await this.#context.deliver(account, {
        device,
        sender: { account: own, device: from },
        id,
        data,
        group,
      });
      socket.send(serialise({ type: "device:sent", id }));
    } catch (error) {
      if (error instanceof SottoError && (error.kind === "forbidden" || error.kind === "not_found")) {
        socket.send(errorEvent(error.kind, { id }));
        return;
      }
      this.#context.onFailure(error);
      socket.send(errorEvent("unavailable", { id, retryAfterMs: 1000 }));
    }
  }

  #passwordChange(): string | undefined {
    const change = this.#context.parts.password.lastChange();
    return change && serialise({ type: "account:password", ...change });
  }

  #tell(eventFor: (identity: Identity) => string | undefined): void {
    for (const socket of this.#context.sockets.all()) {
      const event = socket.isLive ? eventFor(socket.identity) : undefined;
      if (event !== undefined) socket.send(event);
    }
  }

  #bucket(device: DeviceId): TokenBucket {
    let bucket = this.#buckets.get(device);
    if (bucket === undefined) {
      bucket = new TokenBucket(limits.messagesPerSecond, limits.messageBurst, this.#context.now());
      this.#buckets.set(device, bucket);
    }
    return bucket;
  }
}

function messageEvent(message: QueuedMessage): string {
  return serialise({
    type: "device:message",
    position: message.position,
    sender: { account: message.senderAccount, device: message.senderDevice },
    data: message.data,
    serverTimeMs: message.serverTimeMs,
  });
}
