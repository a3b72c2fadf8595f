/** The conversation store without SQLite: the readable reference of the contract suite, and fast for simulations. */
import type { AccountId, ClientMessageId, DeviceId, Sequence } from "#schema/ids.ts";
import { deviceAddressKey } from "#schema/ids.ts";
import type { DeviceSet } from "#schema/rpc/shared.ts";
import type {
  CapsulePack,
  ConversationRecord,
  ConversationStore,
  Losses,
  MessageWithCapsules,
  PageQuery,
  Snapshot,
  StoredCount,
  StoredDevice,
  StoredMember,
  StoredMessage,
  StoredMessageWithCapsule,
  SweepQuery,
  Swept,
} from "#durable-objects/conversation/store.ts";

interface Tables {
  record: ConversationRecord | undefined;
  members: StoredMember[];
  devices: StoredDevice[];
  messages: MessageWithCapsules[];
  packs: CapsulePack[];
  ended: { sessionId: string; atMs: number }[];
  /** The newest message when a device came. */
  since: Map<string, Sequence>;
  losses: Losses;
}

export class MemoryConversationStore implements ConversationStore {
  #tables: Tables = {
    record: undefined,
    members: [],
    devices: [],
    messages: [],
    packs: [],
    ended: [],
    since: new Map(),
    losses: { lost: 0, undecryptable: 0 },
  };

  transaction<Result>(work: () => Result): Result {
    const before = structuredClone(this.#tables);
    try {
      return work();
    } catch (error) {
      this.#tables = before;
      throw error;
    }
  }

  load(): Snapshot | undefined {
    const { record, members, devices, messages } = this.#tables;
    if (record === undefined) return undefined;
    const newest = messages.at(-1);
    const byAddress = (a: StoredDevice, b: StoredDevice): number =>
      a.account === b.account ? a.device - b.device : a.account < b.account ? -1 : 1;
    return {
      record,
      members: [...members],
      devices: [...devices].sort(byAddress),
      newest: newest === undefined ? undefined : bare(newest),
      group: undefined,
      uncounted: messages
        .filter(({ seq, content }) => seq > record.countedSeq && content === 1)
        .map(({ seq, senderAccount: account }) => ({ seq, account })),
    };
  }

  create(record: ConversationRecord, members: readonly StoredMember[], sets: readonly DeviceSet[]): void {
    this.#tables.record = record;
    this.#tables.members = [...members];
    for (const set of sets) this.saveSet(set);
  }

  withIds(ids: readonly ClientMessageId[]): StoredMessage[] {
    return this.#tables.messages.filter(({ clientMessageId }) => ids.includes(clientMessageId)).map(bare);
  }

  append(messages: readonly MessageWithCapsules[]): void {
    const [first, last] = [messages[0], messages.at(-1)];
    if (first === undefined || last === undefined) return;
    this.#tables.messages.push(...messages);
    if (messages.every(({ capsules }) => Object.keys(capsules).length === 0)) return;
    const { seq: firstSeq, serverTimeMs } = first;
    this.#tables.packs.push({ firstSeq, lastSeq: last.seq, serverTimeMs });
  }

  page({ after, before = Infinity, limit, capsulesOf }: PageQuery): StoredMessageWithCapsule[] {
    const { messages } = this.#tables;
    const found =
      after === undefined
        ? messages.filter(({ seq }) => seq < before).slice(-limit)
        : messages.filter(({ seq }) => seq > after).slice(0, limit);
    return found.map((message) => ({
      ...bare(message),
      capsule: message.capsules[capsulesOf ?? ""] ?? null,
    }));
  }

  withCapsules(after: Sequence, limit: number): MessageWithCapsules[] {
    return this.#tables.messages.filter(({ seq }) => seq > after).slice(0, limit);
  }

  silentCountAt(seq: Sequence): number | undefined {
    if (seq === 0) return 0;
    return this.#tables.messages.find((message) => message.seq === seq)?.silentCount;
  }

  ownContent(account: AccountId, after: Sequence, upTo: Sequence): number {
    return this.#tables.messages.filter(
      ({ seq, senderAccount, content }) =>
        seq > after && seq <= upTo && senderAccount === account && content === 1,
    ).length;
  }

  firstForeign(account: AccountId, device: DeviceId, after: Sequence): Sequence | undefined {
    return this.#tables.messages.find(
      ({ seq, senderAccount, senderDevice }) =>
        seq > after && !(senderAccount === account && senderDevice === device),
    )?.seq;
  }

  saveRead(account: AccountId, seq: Sequence, unreadBase: number, baseSeq: Sequence): void {
    this.#updateMember(account, { readSeq: seq, unreadBase, baseSeq });
  }

  saveDelivered(account: AccountId, device: DeviceId, seq: Sequence): void {
    this.#tables.devices = this.#tables.devices.map((row) =>
      row.account === account && row.device === device ? { ...row, deliveredSeq: seq } : row,
    );
  }

  saveSet(set: DeviceSet): void {
    this.#updateMember(set.account, { listVersion: set.version, setEpoch: set.epoch });
    const active = new Set(set.devices.map((device) => deviceAddressKey(set.account, device)));
    const rows = this.#tables.devices.map((row) =>
      row.account === set.account
        ? { ...row, active: active.delete(deviceAddressKey(row.account, row.device)) }
        : row,
    );
    for (const device of set.devices) {
      if (active.has(deviceAddressKey(set.account, device))) {
        const since = this.#tables.messages.at(-1)?.seq ?? 0;
        this.#tables.since.set(deviceAddressKey(set.account, device), since);
        rows.push({ account: set.account, device, active: true, deliveredSeq: 0, slot: null });
      }
    }
    this.#tables.devices = rows;
  }

  saveProgress(progress: { upTo: Sequence; toldSeq: Sequence; senders: readonly StoredCount[] }): void {
    this.#updateRecord({ countedSeq: progress.upTo, toldSeq: progress.toldSeq });
    for (const { account, unreadBase, sentSeq } of progress.senders) {
      this.#updateMember(account, { unreadBase, sentSeq, baseSeq: progress.upTo });
    }
  }

  saveArchived(seq: Sequence): void {
    this.#updateRecord({ archivedSeq: seq });
  }

  sweep({ upTo, olderThanMs, limit }: SweepQuery): Swept {
    const { packs } = this.#tables;
    let messages = 0;
    const kept = packs.findIndex(({ firstSeq, lastSeq, serverTimeMs }, index) => {
      messages += lastSeq - firstSeq + 1;
      return (index > 0 && messages > limit) || (lastSeq > upTo && serverTimeMs >= olderThanMs);
    });
    const swept = packs.splice(0, kept === -1 ? packs.length : kept);
    const last = swept.at(-1)?.lastSeq ?? 0;
    const isSwept = ({ seq, capsules }: MessageWithCapsules): boolean =>
      seq <= last && Object.keys(capsules).length > 0;
    const lost = this.#tables.messages.filter((message) => message.seq > upTo && isSwept(message)).length;
    this.#tables.messages = this.#tables.messages.map((message) =>
      isSwept(message) ? { ...message, capsules: {} } : message,
    );
    return { lost, oldest: packs[0] };
  }

  saveSwept(seq: Sequence): void {
    this.#updateRecord({ sweptSeq: seq });
  }

  acknowledged(message: Pick<StoredMessage, "seq" | "senderAccount" | "senderDevice">): number {
    return this.#tables.devices.filter(
      ({ account, device, deliveredSeq }) =>
        deliveredSeq >= message.seq &&
        (this.#tables.since.get(deviceAddressKey(account, device)) ?? 0) < message.seq &&
        !(account === message.senderAccount && device === message.senderDevice),
    ).length;
  }

  count({ lost, undecryptable }: Losses): Losses {
    const before = this.#tables.losses;
    this.#tables.losses = {
      lost: before.lost + lost,
      undecryptable: before.undecryptable + undecryptable,
    };
    return this.#tables.losses;
  }

  losses(): Losses {
    return this.#tables.losses;
  }

  prune(upTo: Sequence): void {
    this.#tables.messages = this.#tables.messages.filter(({ seq }) => seq > upTo);
    this.#updateRecord({ prunedSeq: upTo });
  }

  endSession(sessionId: string, atMs: number): void {
    this.#tables.ended.push({ sessionId, atMs });
  }

  forgetSessions(endedBeforeMs: number): void {
    this.#tables.ended = this.#tables.ended.filter(({ atMs }) => atMs >= endedBeforeMs);
  }

  isSessionEnded(sessionId: string): boolean {
    return this.#tables.ended.some((row) => row.sessionId === sessionId);
  }

  #updateMember(account: AccountId, change: Partial<StoredMember>): void {
    this.#tables.members = this.#tables.members.map((row) =>
      row.account === account ? { ...row, ...change } : row,
    );
  }

  #updateRecord(change: Partial<ConversationRecord>): void {
    const { record } = this.#tables;
    if (record !== undefined) this.#tables.record = { ...record, ...change };
  }
}

function bare({ capsules: _capsules, ...message }: MessageWithCapsules): StoredMessage {
  return message;
}
