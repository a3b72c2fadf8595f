/**
 * An in-memory client that keeps the contract of ClientApi: optimistic outbox, paging, read watermarks, drafts, events.
 * It is for looking at the app and for tests of the app. It encrypts nothing and talks to nobody.
 */
import {
  type AccountStatus,
  type BackupStatus,
  type ClientApi,
  ClientError,
  type ClientEvent,
  type ConnectionStatus,
  type ConversationView,
  type DeliveryState,
  type LockView,
  type MessageView,
  type Subscribe,
} from "#core/client-api.ts";
import type { PresenceAudience } from "#schema/protocol/presence.ts";
import type { AccountId, ClientMessageId, ConversationId } from "#schema/ids.ts";
import { assertUnlocks, createFakeDevices, type FakeDevices } from "./fake-devices.ts";
import { type FakeConversation, fakeId, self } from "./fake-client-data.ts";
import { fakeTrust, noTrust } from "./fake-client-trust.ts";
import { FakeFiles, viewOf } from "./fake-files.ts";
import { fakeGroupMethods } from "./fake-client-groups.ts";
import { type FakeResetOptions, fakeReset } from "./fake-client-reset.ts";
import { fakeLock } from "./fake-lock.ts";
import { groupView, senderOf, sessions } from "./fake-client-views.ts";

export interface FakeOptions {
  readonly signedIn: boolean;
  readonly conversations?: readonly FakeConversation[];
  readonly files?: FakeFiles;
  readonly account?: AccountStatus;
  readonly connection?: ConnectionStatus;
  readonly backup?: BackupStatus;
  readonly lock?: LockView;
  readonly reset?: FakeResetOptions;
  /** How many passkeys open the vault. */
  readonly passkeys?: number;
  /** Waits as deriving keys or a network would. */
  readonly delay?: (what: "derive" | "network") => Promise<void>;
  readonly now?: () => number;
}

export interface FakeClient {
  readonly api: ClientApi;
  readonly subscribe: Subscribe;
  /** The other person does something. */
  /** A conversation that was not there before. */
  show(conversation: FakeConversation): void;
  tell(event: ClientEvent): void;
  receive(conversationId: ConversationId, text: string): void;
  setPeerTyping(conversationId: ConversationId, typing: boolean): void;
  setConnection(status: ConnectionStatus): void;
  setDelivery(conversationId: ConversationId, id: ClientMessageId, delivery: DeliveryState): void;
  endSession(reason: "logged_out" | "security"): void;
  readonly devices: FakeDevices;
}

const recoveryCode = "7K3QX-M0N4V-2WTBC-9HJ5R-DZ8EP-6GSY1-QFA4K-3X7MN";

export function createFakeClient(options: FakeOptions): FakeClient {
  const now = options.now ?? Date.now;
  const delay = options.delay ?? (() => Promise.resolve());
  const files = options.files ?? new FakeFiles();
  const listeners = new Set<(event: ClientEvent) => void>();
  const conversations = new Map((options.conversations ?? []).map((one) => [one.conversationId, one]));
  const signedIn: AccountStatus = { state: "signed_in", ...self, deviceId: 1 };
  let account: AccountStatus = options.account ?? (options.signedIn ? signedIn : { state: "signed_out" });
  let connection: ConnectionStatus = options.connection ?? { state: "online" };
  let backup: BackupStatus = options.backup ?? {
    state: "on",
    savedAtMs: now() - 4 * 60_000,
    savedMessages: 2_918,
    waitingMessages: 3,
    restoring: undefined,
    refused: false,
  };
  let pendingUsername = "";
  let audience: PresenceAudience = "contacts";
  let count = 0;

  const emit = (event: ClientEvent): void => listeners.forEach((listener) => listener(event));
  const changed = (conversationId: ConversationId): void => {
    emit({ type: "messages", conversationId });
    emit({ type: "conversations" });
  };
  function setAccount(status: AccountStatus): void {
    account = status;
    emit({ type: "account", status });
  }
  const enter = (username: string, deviceId: number): void =>
    setAccount({ state: "signed_in", account: self.account, username, deviceId });
  function setBackup(status: BackupStatus): void {
    backup = status;
    emit({ type: "backup" });
  }
  function find(conversationId: ConversationId): FakeConversation {
    const one = conversations.get(conversationId);
    if (one === undefined) throw new ClientError("internal");
    return one;
  }
  const lastSeq = (one: FakeConversation): number =>
    one.messages.findLast((m) => m.seq !== undefined)?.seq ?? 0;
  const unread = (one: FakeConversation): number =>
    one.messages.filter((m) => !m.mine && m.seq !== undefined && m.seq > one.readSeq).length;

  function view(one: FakeConversation): ConversationView {
    const preview = one.messages.at(-1);
    const sender = one.messages.findLast((message) => !message.mine);
    const base = {
      conversationId: one.conversationId,
      lastSeq: lastSeq(one),
      unread: unread(one),
      readSeq: one.readSeq,
      preview,
      updatedAtMs: preview?.timeMs ?? now(),
      draft: one.draft,
      devicesWithheld: one.devicesWithheld ?? [],
    };
    const who = one.group === undefined ? one.peer : undefined;
    const typist = who ?? { account: sender?.sender ?? self.account, username: sender?.senderName ?? "" };
    const typing = one.peerTyping ? typist : undefined;
    if (one.group === undefined) {
      const aboutPeer = { peerPresence: one.peerPresence, peerTrust: one.peerTrust ?? noTrust };
      return { ...base, kind: "direct", peer: one.peer, typing, ...aboutPeer };
    }
    return groupView(one, one.group, { ...base, typing });
  }
  function update(one: FakeConversation, id: ClientMessageId, change: Partial<MessageView>): void {
    one.messages = one.messages.map((m) => (m.clientMessageId === id ? { ...m, ...change } : m));
    changed(one.conversationId);
  }
  /** The outbox drains while online: sequenced in order, delivered at once. */
  async function drain(one: FakeConversation): Promise<void> {
    await delay("network");
    if (connection.state !== "online") return;
    for (const message of one.messages.filter((m) => m.delivery === "pending")) {
      update(one, message.clientMessageId, {
        seq: lastSeq(one) + 1,
        outboxPosition: undefined,
        delivery: "sent",
      });
    }
    one.messages.sort((a, b) => (a.seq ?? Infinity) - (b.seq ?? Infinity));
  }

  const devices = createFakeDevices(recoveryCode, now, emit, options.passkeys);
  function enqueue(conversationId: ConversationId, content: MessageView["content"]): ClientMessageId {
    const one = find(conversationId);
    count += 1;
    const clientMessageId = fakeId<ClientMessageId>(`sent-${count}`);
    one.messages = [
      ...one.messages,
      {
        conversationId,
        clientMessageId,
        seq: undefined,
        outboxPosition: count,
        mine: true,
        sender: self.account,
        senderName: self.username,
        timeMs: now(),
        content,
        delivery: "pending",
      },
    ];
    changed(conversationId);
    void drain(one);
    return clientMessageId;
  }

  const api: ClientApi = {
    ...devices.api,
    ...fakeTrust(
      () => [...conversations.values()],
      () => emit({ type: "conversations" }),
    ),
    ...fakeLock({
      initial: options.lock,
      delay: () => delay("derive"),
      status: () => account,
      setStatus: setAccount,
      signedIn: { state: "signed_in", ...self, deviceId: 1 },
    }),
    ...fakeReset({
      options: options.reset ?? {},
      now,
      delay: () => delay("network"),
      emit,
      begin: () => {
        enter(pendingUsername, 3);
        return { recoveryCode };
      },
      recoveryCode,
      enter: (username) => enter(username, 3),
    }),
    accountStatus: () => Promise.resolve(account),
    connectionStatus: () => Promise.resolve(connection),
    async register({ username }) {
      await delay("derive");
      if (username === "anna") throw new ClientError("username_taken");
      enter(username, 1);
      return { recoveryCode };
    },
    async login({ username, password }) {
      await delay("derive");
      if (password === "wrong password") throw new ClientError("wrong_credentials");
      pendingUsername = username;
      const passkeys = await devices.api.listPasskeys();
      const hasClaim = options.reset?.state !== undefined && { hasClaim: true as const };
      return { step: "recovery_code_needed", ...(passkeys.length > 0 && { passkeys }), ...hasClaim };
    },
    async completeLogin(input) {
      await delay("derive");
      assertUnlocks(input, recoveryCode);
      enter(pendingUsername, 2);
    },
    logout: () => Promise.resolve(setAccount({ state: "signed_out" })),
    forget: () => Promise.resolve(setAccount({ state: "signed_out" })),
    presenceAudience: () => Promise.resolve(audience),
    setPresenceAudience(chosen) {
      audience = chosen;
      return Promise.resolve();
    },
    listSessions: () => Promise.resolve(sessions(now())),
    async listConversations() {
      await delay("network");
      return [...conversations.values()].map(view).sort((a, b) => b.updatedAtMs - a.updatedAtMs);
    },
    async startConversation(username) {
      await delay("network");
      if (username === self.username) throw new ClientError("cannot_write_to_self");
      if (username.startsWith("nobody")) throw new ClientError("user_not_found");
      const known = [...conversations.values()].find(
        (one) => one.group === undefined && one.peer.username === username,
      );
      const one: FakeConversation = known ?? {
        conversationId: fakeId<ConversationId>(`chat-${username}`),
        peer: { account: fakeId<AccountId>(`account-${username}`), username },
        peerPresence: undefined,
        messages: [],
        readSeq: 0,
        draft: "",
        peerTyping: false,
      };
      conversations.set(one.conversationId, one);
      emit({ type: "conversations" });
      return view(one);
    },
    async listMessages(conversationId, { before, limit }) {
      const all = find(conversationId).messages;
      const upTo = before === undefined ? all : all.filter((m) => m.seq !== undefined && m.seq < before);
      return { messages: upTo.slice(-limit), hasOlder: upTo.length > limit };
    },
    ...files.api,
    sendText: async (conversationId, text) => enqueue(conversationId, { type: "text", text }),
    async sendFiles(conversationId, message) {
      const attachments = message.files.map(viewOf);
      const id = enqueue(conversationId, { type: "attachments", text: message.text, attachments });
      for (const [index, { file }] of message.files.entries()) files.put(id, index, file);
      return id;
    },
    async retryMessage(conversationId, id) {
      update(find(conversationId), id, { delivery: "pending" });
      void drain(find(conversationId));
    },
    async discardMessage(conversationId, id) {
      const one = find(conversationId);
      one.messages = one.messages.filter((m) => m.clientMessageId !== id || m.seq !== undefined);
      changed(conversationId);
    },
    async saveDraft(conversationId, text) {
      find(conversationId).draft = text;
      emit({ type: "conversations" });
    },
    openConversation: () => Promise.resolve(),
    closeConversation: () => Promise.resolve(),
    async markRead(conversationId, seq) {
      const one = find(conversationId);
      one.readSeq = Math.max(one.readSeq, seq);
      emit({ type: "conversations" });
    },
    setTyping: () => Promise.resolve(),
    backupStatus: () => Promise.resolve(backup),
    async saveBackup() {
      await delay("network");
      if (backup.state === "off") return;
      const savedMessages = backup.savedMessages + backup.waitingMessages;
      setBackup({ ...backup, savedAtMs: now(), savedMessages, waitingMessages: 0 });
    },
    async exportBackup() {
      await delay("derive");
      return new TextEncoder().encode("sottokey");
    },
    async importBackup({ passphrase }) {
      await delay("derive");
      if (passphrase === "wrong") throw new ClientError("wrong_passphrase");
      return { added: 214 };
    },
    ...fakeGroupMethods({
      delay: () => delay("network"),
      now,
      isOnline: () => connection.state === "online",
      find,
      add: (one) => conversations.set(one.conversationId, one),
      view(one) {
        const shown = view(one);
        if (shown.kind !== "group") throw new ClientError("internal");
        return shown;
      },
      tell: emit,
      changed(conversationId) {
        changed(conversationId);
        emit({ type: "group", conversationId });
      },
    }),
    reconnectNow: () => Promise.resolve(setConnection({ state: "connecting", attempt: 1 })),
  };

  function setConnection(status: ConnectionStatus): void {
    connection = status;
    emit({ type: "connection", status });
  }

  return {
    api,
    devices,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    show(conversation) {
      conversations.set(conversation.conversationId, conversation);
      changed(conversation.conversationId);
    },
    tell: emit,
    receive(conversationId, text) {
      const one = find(conversationId);
      const seq = lastSeq(one) + 1;
      const message: MessageView = {
        conversationId,
        clientMessageId: fakeId<ClientMessageId>(`received-${seq}-${conversationId}`),
        seq,
        outboxPosition: undefined,
        mine: false,
        ...senderOf(one),
        timeMs: now(),
        content: { type: "text", text },
        delivery: undefined,
      };
      const unsent = one.messages.filter((m) => m.seq === undefined);
      one.messages = [...one.messages.filter((m) => m.seq !== undefined), message, ...unsent];
      changed(conversationId);
    },
    setPeerTyping(conversationId, typing) {
      find(conversationId).peerTyping = typing;
      emit({ type: "typing", conversationId, typing });
    },
    setConnection,
    setDelivery: (conversationId, id, delivery) => update(find(conversationId), id, { delivery }),
    endSession: (reason) => setAccount({ state: "ended", username: self.username, reason }),
  };
}
