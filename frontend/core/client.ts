/**
 * The headless client: one account on one device, over one store.
 *
 * Opened on a store that was used before it continues where that use ended: keys, sessions, messages, outbox. Only one
 * client may own a store at a time; a second one is noticed by compare-and-swap and wins nothing.
 */
import { SottoError } from "#schema/errors.ts";
import { logout as logoutRoute, me } from "#schema/http/auth.ts";
import { createConversation } from "#schema/http/conversations.ts";
import { getPrivacy, setPrivacy } from "#schema/http/privacy.ts";
import { getUser } from "#schema/http/users.ts";
import type { AccountId, ClientMessageId, ConversationId, Sequence } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import type { PresenceAudience } from "#schema/protocol/presence.ts";
import { foldUsername, usernameProblem } from "#schema/username.ts";
import { AccountSession } from "./account/account-session.ts";
import { beginLogin, finishLogin, type PendingLogin } from "./account/login.ts";
import { prepareFarewell, sendFarewell } from "./account/logout.ts";
import type { SignedIn } from "./account/signed-in.ts";
import { registerAccount } from "./account/registration.ts";
import {
  type AccountStatus,
  type ClientApi,
  ClientError,
  type ConnectionStatus,
  type ConversationView,
  type LoginResult,
  type MessagePage,
  type SessionView,
} from "./client-api.ts";
import { toClientError } from "./client-error.ts";
import { assertProviderWorks } from "./crypto/self-test.ts";
import type { Environment } from "./environment.ts";
import type { ClientStorage } from "./store/client-storage.ts";
import { draftTable } from "./store/tables.ts";
import type { ReportInput, SafetyComparison, SafetyNumberView } from "./trust-api.ts";
import type { Engine } from "./sync/engine.ts";
import { EventHub } from "./sync/event-hub.ts";
import { viewConversation, viewConversations, viewMessages } from "./views.ts";

export class Client implements ClientApi {
  readonly #environment: Environment;
  readonly #events: EventHub;
  readonly #account: AccountSession;
  #pendingLogin: PendingLogin | undefined;

  private constructor(environment: Environment, events: EventHub, account: AccountSession) {
    this.#environment = environment;
    this.#events = events;
    this.#account = account;
  }

  /** Throws `ClientError` `storage_failed`. */
  static open(environment: Environment, storage: ClientStorage): Promise<Client> {
    return guard(async () => {
      assertProviderWorks(environment.provider);
      const events = new EventHub(environment);
      return new Client(environment, events, await AccountSession.open(environment, storage, events));
    });
  }

  subscribe: EventHub["subscribe"] = (listener) => this.#events.subscribe(listener);

  /** Stops the network and releases the store; for the process that ends, or the tab that hands over. */
  close(): Promise<void> {
    return this.#account.close();
  }

  async accountStatus(): Promise<AccountStatus> {
    return this.#account.status;
  }

  async connectionStatus(): Promise<ConnectionStatus> {
    return this.#account.signedIn?.engine.status ?? { state: "idle" };
  }

  register(input: Parameters<ClientApi["register"]>[0]): Promise<{ recoveryCode: string }> {
    return guard(async () => {
      this.#assertSignedOut();
      const { record, session, recoveryCode } = await this.#account.orWiped(() =>
        registerAccount(this.#environment, this.#account.records, input),
      );
      await this.#account.enter(record, session);
      return { recoveryCode };
    });
  }

  login(input: Parameters<ClientApi["login"]>[0]): Promise<LoginResult> {
    return guard(async () => {
      this.#assertSignedOut();
      this.#pendingLogin = await beginLogin(this.#environment, input);
      return { step: "recovery_code_needed" };
    });
  }

  completeLogin(input: Parameters<ClientApi["completeLogin"]>[0]): Promise<void> {
    return guard(async () => {
      this.#assertSignedOut();
      const pending = this.#pendingLogin;
      if (pending === undefined) throw new ClientError("not_signed_in");
      const { record, session } = await this.#account.orWiped(() =>
        finishLogin(this.#environment, this.#account.records, pending, input),
      );
      this.#pendingLogin = undefined;
      await this.#account.enter(record, session);
    });
  }

  logout(scope: "device" | "everywhere"): Promise<void> {
    return guard(async () => {
      const { engine, tokens } = this.#session();
      const farewell = prepareFarewell(engine.self, tokens);
      if (scope === "everywhere") {
        await engine.call(logoutRoute, { body: { scope, signOut: farewell.statement } });
      }
      await this.#account.wipe();
      if (scope === "device") await sendFarewell(this.#environment, farewell);
    });
  }

  forget(): Promise<void> {
    return guard(() => this.#account.wipe());
  }

  listSessions(): Promise<readonly SessionView[]> {
    return guard(async () => {
      const { sessionId: current, sessions } = await this.#online().call(me, {});
      return sessions.map(({ sessionId, deviceId, deviceName, lastActiveDayMs }) => {
        return { sessionId, deviceId, deviceName, lastActiveDayMs, current: sessionId === current };
      });
    });
  }

  presenceAudience(): Promise<PresenceAudience> {
    return guard(async () => (await this.#online().call(getPrivacy, {})).presence);
  }

  setPresenceAudience(presence: PresenceAudience): Promise<void> {
    return guard(async () => {
      await this.#online().call(setPrivacy, { body: { presence } });
      this.#engine().presence.ask();
    });
  }

  listConversations(): Promise<readonly ConversationView[]> {
    return guard(() => viewConversations(this.#engine(), this.#account.records));
  }

  startConversation(name: string): Promise<ConversationView> {
    return guard(async () => {
      const engine = this.#online();
      const username = foldUsername(name);
      const problem = usernameProblem(username);
      if (problem !== undefined && problem !== "reserved") throw new ClientError("user_not_found");
      const user = await asNotFound(() => engine.call(getUser, { params: { username } }));
      if (user.account === engine.self.account) throw new ClientError("cannot_write_to_self");
      const body = { kind: "direct", account: user.account } as const;
      const summary = await asNotFound(() => engine.call(createConversation, { body }));
      await engine.conversations.merge([summary], true);
      return viewConversation(engine, this.#account.records, this.#conversation(summary.conversationId));
    });
  }

  listMessages(
    conversationId: ConversationId,
    options: { before?: Sequence; limit: number },
  ): Promise<MessagePage> {
    return guard(() => viewMessages(this.#engine(), this.#conversation(conversationId), options));
  }

  sendText(conversationId: ConversationId, text: string): Promise<ClientMessageId> {
    return guard(async () => {
      const { outbox, timeline } = this.#online();
      this.#conversation(conversationId);
      if (new TextEncoder().encode(text).length > limits.textBytes) throw new ClientError("message_too_long");
      const isBlocked = timeline.outbox(conversationId).some(({ failure }) => failure === "identity_changed");
      if (isBlocked) throw new ClientError("identity_changed");
      return outbox.enqueue(conversationId, text);
    });
  }

  retryMessage(conversationId: ConversationId, clientMessageId: ClientMessageId): Promise<void> {
    return guard(() => this.#online().outbox.retry(conversationId, clientMessageId));
  }

  discardMessage(conversationId: ConversationId, clientMessageId: ClientMessageId): Promise<void> {
    return guard(() => this.#engine().outbox.discard(conversationId, clientMessageId));
  }

  saveDraft(conversationId: ConversationId, text: string): Promise<void> {
    return guard(async () => {
      this.#conversation(conversationId);
      await this.#account.records.transact(async (transaction) => {
        const before = await transaction.get(draftTable, conversationId);
        if ((before?.text ?? "") !== text) transaction.put(draftTable, conversationId, { text });
      });
      this.#events.emit({ type: "conversations" });
    });
  }

  openConversation(conversationId: ConversationId): Promise<void> {
    return guard(async () => this.#engine().show(conversationId, true));
  }

  closeConversation(conversationId: ConversationId): Promise<void> {
    return guard(async () => {
      this.#engine().typing.set(conversationId, false);
      this.#engine().show(conversationId, false);
    });
  }

  markRead(conversationId: ConversationId, seq: Sequence): Promise<void> {
    return guard(async () => {
      const { conversations, receipts } = this.#engine();
      if (await conversations.markRead(conversationId, seq)) receipts.raise(conversationId);
    });
  }

  safetyNumber(account: AccountId): Promise<SafetyNumberView> {
    return guard(() => this.#engine().trust.safetyNumber(account));
  }

  compareSafetyNumber(account: AccountId, text: string): Promise<SafetyComparison> {
    return guard(() => this.#engine().trust.compare(account, text));
  }

  markVerified(account: AccountId, key: string): Promise<void> {
    return guard(() => this.#engine().trust.verify(account, key));
  }

  clearVerified(account: AccountId): Promise<void> {
    return guard(() => this.#engine().trust.clear(account));
  }

  confirmIdentity(account: AccountId): Promise<void> {
    return guard(() => this.#engine().trust.confirm(account));
  }

  async canReport(): Promise<boolean> {
    return this.#environment.reportKey !== undefined;
  }

  reportMessage(input: ReportInput): Promise<void> {
    return guard(() => this.#online().reports.send(input));
  }

  setTyping(conversationId: ConversationId, typing: boolean): Promise<void> {
    return guard(async () => this.#engine().typing.set(conversationId, typing));
  }

  async reconnectNow(): Promise<void> {
    this.#account.signedIn?.engine.reconnectNow();
  }

  #assertSignedOut(): void {
    if (this.#account.signedIn !== undefined) throw new ClientError("internal");
  }

  #session(): SignedIn {
    const { signedIn, status } = this.#account;
    if (signedIn === undefined || status.state !== "signed_in") throw new ClientError("not_signed_in");
    return signedIn;
  }

  #online(): Engine {
    return this.#session().engine;
  }

  /** Views of an ended account stay readable. */
  #engine(): Engine {
    const { signedIn } = this.#account;
    if (signedIn === undefined) throw new ClientError("not_signed_in");
    return signedIn.engine;
  }

  #conversation(conversationId: ConversationId) {
    const record = this.#engine().conversations.get(conversationId);
    if (record === undefined) throw new ClientError("user_not_found");
    return record;
  }
}

async function guard<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw toClientError(error);
  }
}

async function asNotFound<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof SottoError && error.kind === "not_found") {
      throw new ClientError("user_not_found", { cause: error });
    }
    throw error;
  }
}
