/** The conversation half of the fake server: orders messages, keeps capsules, counts what it refused. */
import type { ErrorKind } from "#schema/errors.ts";
import type { AccountId, ClientMessageId, ConversationId, DeviceAddress, DeviceId } from "#schema/ids.ts";
import type { DirectSummary } from "#schema/protocol/conversation.ts";
import type { MessageSend } from "#schema/protocol/message.ts";
import { type FakeAccounts, randomId } from "./fake-accounts.ts";

export interface FakeMessage {
  readonly seq: number;
  readonly sender: DeviceAddress;
  readonly clientMessageId: ClientMessageId;
  readonly serverTimeMs: number;
  body: string;
  readonly capsules: MessageSend["capsules"];
}

export class FakeConversation {
  readonly id = randomId() as ConversationId;
  readonly members: readonly [AccountId, AccountId];
  readonly log: FakeMessage[] = [];
  /** Messages up to here come in history pages only. */
  prunedSeq = 0;
  readonly delivered = new Map<AccountId, number>();
  readonly read = new Map<AccountId, number>();
  readonly createdAtMs: number;
  readonly #accounts: FakeAccounts;

  constructor(accounts: FakeAccounts, members: readonly [AccountId, AccountId]) {
    this.#accounts = accounts;
    this.members = members;
    this.createdAtMs = accounts.nowMs();
  }

  accept(
    sender: DeviceAddress,
    frame: MessageSend,
  ): FakeMessage | { refused: ErrorKind; stale: AccountId[] } {
    const known = this.log.find(
      (message) =>
        message.clientMessageId === frame.clientMessageId &&
        message.sender.account === sender.account &&
        message.sender.device === sender.device,
    );
    if (known !== undefined) {
      return known.body === frame.body ? known : { refused: "client_message_reused", stale: [] };
    }
    const wanted = this.members.flatMap((member) =>
      this.#accounts
        .recipients(this.#accounts.get(member))
        .filter((device) => member !== sender.account || device !== sender.device)
        .map((device) => `${member}.${device}`),
    );
    const got = frame.capsules.map(({ account, device }) => `${account}.${device}`);
    if (wanted.toSorted().join() !== got.toSorted().join()) {
      return { refused: "device_set_mismatch", stale: [...this.members] };
    }
    const message: FakeMessage = {
      seq: this.log.length + 1,
      sender,
      clientMessageId: frame.clientMessageId,
      serverTimeMs: this.#accounts.nowMs(),
      body: frame.body,
      capsules: frame.capsules,
    };
    this.log.push(message);
    return message;
  }

  /** A message as one device receives it. */
  event(message: FakeMessage, to: { account: AccountId; deviceId: DeviceId }) {
    const { capsules, ...rest } = message;
    const own = capsules.find(({ account, device }) => account === to.account && device === to.deviceId);
    return {
      type: "message:new" as const,
      conversationId: this.id,
      ...rest,
      ...(own !== undefined && { capsule: own.data }),
    };
  }

  summary(account: AccountId): DirectSummary {
    const peer = this.members.find((member) => member !== account) ?? account;
    const read = this.read.get(account) ?? 0;
    return {
      conversationId: this.id,
      kind: "direct",
      peer: { account: peer, username: this.#accounts.get(peer).username },
      createdAtMs: this.createdAtMs,
      lastSeq: this.log.length,
      read,
      unread: this.log.filter((message) => message.seq > read && message.sender.account !== account).length,
      updatedAtMs: this.log.at(-1)?.serverTimeMs ?? this.createdAtMs,
    };
  }

  receipts() {
    return this.members.map((account) => ({
      type: "receipt" as const,
      conversationId: this.id,
      account,
      delivered: this.delivered.get(account) ?? 0,
      read: this.read.get(account) ?? 0,
    }));
  }
}
