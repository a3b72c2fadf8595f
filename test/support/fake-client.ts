/**
 * An in-memory client that keeps the contract of ClientApi: optimistic outbox, paging, read watermarks, drafts, events.
 * It is for looking at the app and for tests of the app. It encrypts nothing and talks to nobody.
 */
import {
  type AccountStatus,
  type ClientApi,
  ClientError,
  type ClientEvent,
  type ConnectionStatus,
  type ConversationView,
  type DeliveryState,
  type MessageView,
  type SessionView,
  type Subscribe,
} from "#core/client-api.ts";
import type { PresenceAudience } from "#schema/protocol/presence.ts";
import type { AccountId, ClientMessageId, ConversationId, SessionId } from "#schema/ids.ts";
import { type FakeConversation, fakeId, self } from "./fake-client-data.ts";
import { fakeTrust, noTrust } from "./fake-client-trust.ts";

export interface FakeOptions {
  readonly signedIn: boolean;
  readonly conversations?: readonly FakeConversation[];
  readonly account?: AccountStatus;
  readonly connection?: ConnectionStatus;
  /** Waits as deriving keys or a network would. */
  readonly delay?: (what: "derive" | "network") => Promise<void>;
  readonly now?: () => number;
}

export interface FakeClient {
  readonly api: ClientApi;
  readonly subscribe: Subscribe;
  /** The other person does something. */
  receive(conversationId: ConversationId, text: string): void;
  setPeerTyping(conversationId: ConversationId, typing: boolean): void;
  setConnection(status: ConnectionStatus): void;
  setDelivery(conversationId: ConversationId, id: ClientMessageId, delivery: DeliveryState): void;
  endSession(reason: "logged_out" | "security"): void;
}

const recoveryCode = "7K3QX-M0N4V-2WTBC-9HJ5R-DZ8EP-6GSY1-QFA4K-3X7MN";

export function createFakeClient(options: FakeOptions): FakeClient {
  const now = options.now ?? Date.now;
  const delay = options.delay ?? (() => Promise.resolve());
  const listeners = new Set<(event: ClientEvent) => void>();
  const conversations = new Map((options.conversations ?? []).map((one) => [one.conversationId, one]));
  const signedIn: AccountStatus = { state: "signed_in", ...self, deviceId: 1 };
  let account: AccountStatus = options.account ?? (options.signedIn ? signedIn : { state: "signed_out" });
  let connection: ConnectionStatus = options.connection ?? { state: "online" };
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
    return {
      conversationId: one.conversationId,
      peer: one.peer,
      lastSeq: lastSeq(one),
      unread: unread(one),
      readSeq: one.readSeq,
      preview,
      updatedAtMs: preview?.timeMs ?? now(),
      peerTyping: one.peerTyping,
      peerPresence: one.peerPresence,
      peerTrust: one.peerTrust ?? noTrust,
      draft: one.draft,
    };
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

  const api: ClientApi = {
    ...fakeTrust(
      () => [...conversations.values()],
      () => emit({ type: "conversations" }),
    ),
    accountStatus: () => Promise.resolve(account),
    connectionStatus: () => Promise.resolve(connection),
    async register({ username }) {
      await delay("derive");
      if (username === "anna") throw new ClientError("username_taken");
      setAccount({ state: "signed_in", account: self.account, username, deviceId: 1 });
      return { recoveryCode };
    },
    async login({ username, password }) {
      await delay("derive");
      if (password === "wrong password") throw new ClientError("wrong_credentials");
      pendingUsername = username;
      return { step: "recovery_code_needed" };
    },
    async completeLogin(input) {
      await delay("derive");
      if (input.recoveryCode !== recoveryCode) throw new ClientError("wrong_recovery_code");
      setAccount({ state: "signed_in", account: self.account, username: pendingUsername, deviceId: 2 });
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
      const known = [...conversations.values()].find((one) => one.peer.username === username);
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
    async sendText(conversationId, text) {
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
          timeMs: now(),
          content: { type: "text", text },
          delivery: "pending",
        },
      ];
      changed(conversationId);
      void drain(one);
      return clientMessageId;
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
    reconnectNow: () => Promise.resolve(setConnection({ state: "connecting", attempt: 1 })),
  };

  function setConnection(status: ConnectionStatus): void {
    connection = status;
    emit({ type: "connection", status });
  }

  return {
    api,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    receive(conversationId, text) {
      const one = find(conversationId);
      const seq = lastSeq(one) + 1;
      const message: MessageView = {
        conversationId,
        clientMessageId: fakeId<ClientMessageId>(`received-${seq}-${conversationId}`),
        seq,
        outboxPosition: undefined,
        mine: false,
        sender: one.peer.account,
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

function sessions(nowMs: number): readonly SessionView[] {
  const day = 86_400_000;
  return [
    {
      sessionId: fakeId<SessionId>("session-1"),
      deviceId: 1,
      deviceName: "Chrome on Linux",
      lastActiveDayMs: nowMs,
      current: true,
    },
    {
      sessionId: fakeId<SessionId>("session-2"),
      deviceId: 2,
      deviceName: "Safari on iPhone",
      lastActiveDayMs: nowMs - day,
      current: false,
    },
    {
      sessionId: fakeId<SessionId>("session-3"),
      deviceId: 3,
      deviceName: "Firefox on Windows",
      lastActiveDayMs: nowMs - 9 * day,
      current: false,
    },
  ];
}
