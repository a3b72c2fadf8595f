/** Writes what one member's inbox is told. Rows of the log are read once for all members. */
import type { AccountId, DeviceId, Sequence } from "#schema/ids.ts";
import type { AdvanceInput } from "#schema/rpc/inbox.ts";
import type { DeviceSocket } from "../support/device-socket.ts";
import { recordOf } from "./log-events.ts";
import type { MemberState } from "./member-state.ts";
import type { ConversationState } from "./state.ts";
import type { Capsules, ConversationStore, StoredMessage } from "./store.ts";

/** Messages that travel with a notice; a device further behind fetches them. */
const messagesMax = 20;
const messagesMaxChars = 65_536;

export type LiveDevices = ReadonlyMap<AccountId, ReadonlySet<DeviceId>>;

/** The devices that have the conversation's socket and all of its messages. */
export function liveDevicesByAccount(sockets: Iterable<DeviceSocket>): LiveDevices {
  const live = new Map<AccountId, Set<DeviceId>>();
  for (const { identity, isLive } of sockets) {
    if (!isLive) continue;
    const devices = live.get(identity.account);
    if (devices === undefined) live.set(identity.account, new Set([identity.device]));
    else devices.add(identity.device);
  }
  return live;
}

type Row = StoredMessage & { readonly capsules: Capsules };

export class NoticeWriter {
  readonly #state: ConversationState;
  readonly #store: ConversationStore;
  /** The newest rows in descending order, as long as they are the newest. */
  #recent: { readonly lastSeq: Sequence; readonly rows: readonly Row[] } = { lastSeq: 0, rows: [] };

  constructor(state: ConversationState, store: ConversationStore) {
    this.#state = state;
    this.#store = store;
  }

  write(member: MemberState, live: ReadonlySet<DeviceId> = new Set()): AdvanceInput {
    const state = this.#state;
    const { conversationId, kind } = state.record;
    const [newest] = this.#rows();
    const input = {
      conversationId,
      lastSeq: state.lastSeq,
      read: member.read,
      unread: state.unread(member),
      updatedAtMs: state.lastTimeMs,
      ...state.receiptsFor(member),
      newest: newest === undefined ? undefined : recordOf(conversationId, newest),
      messages: member.isEveryDeviceIn(live) ? [] : this.#messagesFor(member),
      liveDevices: [...live],
      hasSent: state.hasSent(member),
    };
    if (kind === "group") {
      const { joinedEpoch } = member;
      return { ...input, group: { epoch: state.epoch, members: state.members.size, joinedEpoch } };
    }
    const peer = state.peerOf(member.account);
    return { ...input, peerSet: { epoch: peer?.setEpoch ?? 0, version: peer?.listVersion ?? 0 } };
  }

  /** Lets go of the rows. */
  forget(): void {
    this.#recent = { lastSeq: 0, rows: [] };
  }

  /** The newest messages that the inbox does not know and that fit, without a hole, with this member's capsules. */
  #messagesFor(member: MemberState): AdvanceInput["messages"] {
    const fitting: AdvanceInput["messages"][number][] = [];
    let chars = 0;
    for (const message of this.#rows()) {
      if (message.seq <= member.notified) break;
      const capsules: Record<string, string> = {};
      for (const device of member.devices.keys()) {
        const capsule = message.capsules[`${member.account}.${device}`];
        if (capsule !== undefined) capsules[device] = capsule;
        chars += capsule?.length ?? 0;
      }
      chars += message.body.length;
      if (chars > messagesMaxChars) break;
      fitting.unshift({ record: recordOf(this.#state.record.conversationId, message), capsules });
    }
    return fitting;
  }

  #rows(): readonly Row[] {
    const { lastSeq } = this.#state;
    if (this.#recent.lastSeq !== lastSeq) {
      const rows = this.#store.withCapsules(Math.max(0, lastSeq - messagesMax), messagesMax).reverse();
      this.#recent = { lastSeq, rows };
    }
    return this.#recent.rows;
  }
}
