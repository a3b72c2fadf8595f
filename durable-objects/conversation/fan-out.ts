/**
 * Tells each member's inbox where the conversation stands: off the path of an acknowledgement, one call at a time per
 * member, everything since the last call in one. What is not confirmed is repeated from an alarm.
 */
import type { DeviceId, Sequence } from "#schema/ids.ts";
import type { AdvanceInput, InboxRpc } from "#schema/rpc/inbox.ts";
import { unwrap } from "#schema/rpc/result.ts";
import type { Roster } from "../support/device-socket.ts";
import { recordOf } from "./log-events.ts";
import type { ConversationState, MemberState } from "./state.ts";
import type { ConversationStore } from "./store.ts";

/** Messages that travel with a notice; a device further behind fetches them. */
const messagesMax = 20;
const messagesMaxChars = 65_536;
/** Least time between two notices to one inbox: the first of a burst goes at once, the rest together. */
const intervalMs = 50;

export interface FanOutContext {
  readonly state: ConversationState;
  readonly store: ConversationStore;
  readonly sockets: Pick<Roster, "all">;
  readonly inboxOf: (member: MemberState) => Pick<InboxRpc, "advance">;
  readonly now: () => number;
  readonly pause: (delayMs: number) => Promise<void>;
  readonly onFailure: (error: unknown) => void;
}

interface Progress {
  readonly member: MemberState;
  calledAtMs: number;
  confirmedRevision: number;
  running: Promise<void> | undefined;
}

export class FanOut {
  readonly #context: FanOutContext;
  readonly #progress: readonly Progress[];
  /** Counts the changes since the object woke. */
  #revision = 0;

  /** `isPending`: the object slept before every inbox had confirmed. */
  constructor(context: FanOutContext, isPending: boolean) {
    this.#context = context;
    this.#progress = [...context.state.members.values()].map((member) => {
      if (!isPending) member.notified = context.state.lastSeq;
      return { member, calledAtMs: -Infinity, confirmedRevision: isPending ? -1 : 0, running: undefined };
    });
  }

  /** Something changed: starts telling whoever is not being told already. */
  kick(): void {
    this.#revision += 1;
    void this.#runAll();
  }

  /** Tells everyone who has not confirmed, and keeps how far they did. Throws while someone has not. */
  async finish(): Promise<void> {
    await this.#runAll();
    for (const { member } of this.#progress)
      this.#context.store.saveNotified(member.account, member.notified);
    if (this.#progress.some(({ confirmedRevision }) => confirmedRevision < this.#revision)) {
      throw new Error("an inbox has not confirmed");
    }
  }

  async #runAll(): Promise<void> {
    await Promise.all(
      this.#progress.map((progress) => {
        progress.running ??= this.#run(progress).finally(() => (progress.running = undefined));
        return progress.running;
      }),
    );
  }

  async #run(progress: Progress): Promise<void> {
    const { member } = progress;
    const { now, pause } = this.#context;
    while (progress.confirmedRevision < this.#revision) {
      const waitMs = progress.calledAtMs + intervalMs - now();
      if (waitMs > 0) await pause(Math.min(waitMs, intervalMs));
      progress.calledAtMs = now();
      const revision = this.#revision;
      const input = this.#inputFor(member);
      try {
        unwrap(await this.#context.inboxOf(member).advance(input));
      } catch (error) {
        this.#context.onFailure(error);
        return;
      }
      progress.confirmedRevision = revision;
      member.notified = Math.max(member.notified, input.lastSeq);
    }
  }

  #inputFor(member: MemberState): AdvanceInput {
    const { state, store, sockets } = this.#context;
    const liveDevices: DeviceId[] = [];
    for (const { identity, isLive } of sockets.all()) {
      if (isLive && identity.account === member.account) liveDevices.push(identity.device);
    }
    const peer = [...state.members.values()].find((other) => other !== member);
    const isEveryoneLive = [...member.devices].every(
      ([device, { active }]) => !active || liveDevices.includes(device),
    );
    const [newest] = store.page({ limit: 1 });
    return {
      conversationId: state.record.conversationId,
      lastSeq: state.lastSeq,
      read: member.read,
      unread: state.unread(member),
      updatedAtMs: state.lastTimeMs,
      receipts: [...state.members.values()].map((each) => each.watermarks),
      newest: newest === undefined ? undefined : recordOf(state.record.conversationId, newest),
      messages: isEveryoneLive ? [] : this.#messagesFor(member, member.notified),
      liveDevices,
      hasSent: state.hasSent(member),
      peerSet: { epoch: peer?.setEpoch ?? 0, version: peer?.listVersion ?? 0 },
    };
  }

  /** The newest messages after `after` that fit, without a hole, with this member's capsules. */
  #messagesFor(member: MemberState, after: Sequence): AdvanceInput["messages"] {
    const { state, store } = this.#context;
    const from = Math.max(after, state.lastSeq - messagesMax);
    const fitting: AdvanceInput["messages"][number][] = [];
    let chars = 0;
    for (const message of store.withCapsules(from, messagesMax).reverse()) {
      const capsules: Record<string, string> = {};
      for (const device of member.devices.keys()) {
        const capsule = message.capsules[`${member.account}.${device}`];
        if (capsule !== undefined) capsules[device] = capsule;
        chars += capsule?.length ?? 0;
      }
      chars += message.body.length;
      if (chars > messagesMaxChars) break;
      fitting.unshift({ record: recordOf(state.record.conversationId, message), capsules });
    }
    return fitting;
  }
}
