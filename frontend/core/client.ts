/**
 * The headless client: one account on one device, over one store.
 *
 * Opened on a store that was used before it continues where that use ended: keys, sessions, messages, outbox. Only one
 * client may own a store at a time; a second one is noticed by compare-and-swap and wins nothing.
 */
import { logout as logoutRoute, me } from "#schema/http/auth.ts";
import { getPrivacy, setPrivacy } from "#schema/http/privacy.ts";
import type { ClientMessageId, ConversationId, Sequence } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import type { PresenceAudience } from "#schema/protocol/presence.ts";
import { startDirect } from "./people.ts";
import { AccountSession } from "./account/account-session.ts";
import { prepareFarewell, sendFarewell } from "./account/logout.ts";
import type { SignedIn } from "./account/signed-in.ts";
import {
  type AccountStatus,
  type AttachmentRef,
  type BackupStatus,
  type ClientApi,
  ClientError,
  type ConnectionStatus,
  type ConversationView,
  type MessagePage,
  type SessionView,
} from "./client-api.ts";
import { guard } from "./client-error.ts";
import type { Environment } from "./environment.ts";
import { GroupCalls } from "./group-calls.ts";
import { assertWritable } from "./group-views.ts";
import type { ClientStorage } from "./store/client-storage.ts";
import type { Engine } from "./sync/engine.ts";
import { EventHub } from "./sync/event-hub.ts";
import { stageItem } from "./sync/own-items.ts";
import { assertSendable, discardMessage } from "./sending.ts";
import { viewConversation, viewConversations, viewMessages } from "./views.ts";

export class Client extends GroupCalls implements ClientApi {
  readonly #environment: Environment;
  readonly #events: EventHub;
  readonly #account: AccountSession;

  private constructor(environment: Environment, events: EventHub, account: AccountSession) {
    super(environment, events, account);
    this.#environment = environment;
    this.#events = events;
    this.#account = account;
  }

  /** Throws `ClientError` `storage_failed`. */
  static open(environment: Environment, storage: ClientStorage): Promise<Client> {
    return guard(async () => {
      const events = new EventHub(environment);
      return new Client(environment, events, await AccountSession.open(environment, storage, events));
    });
  }

  subscribe: EventHub["subscribe"] = (listener) => this.#events.subscribe(listener);

  /** Stops the network and releases the store; for the process that ends, or the tab that hands over. */
  close(): Promise<void> {
    return this.#account.close();
  }

  accountStatus = async (): Promise<AccountStatus> => this.#account.status;

  async connectionStatus(): Promise<ConnectionStatus> {
    return this.#account.signedIn?.engine.status ?? { state: "idle" };
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
      const conversationId = await startDirect(engine, name);
      return viewConversation(engine, this.#account.records, this.#conversation(conversationId));
    });
  }

  listMessages(
    conversationId: ConversationId,
    options: { before?: Sequence; limit: number },
  ): Promise<MessagePage> {
    return guard(() =>
      viewMessages(this.#engine(), this.#account.records, this.#conversation(conversationId), options),
    );
  }

  sendText(conversationId: ConversationId, text: string): Promise<ClientMessageId> {
    return guard(async () => {
      const engine = this.#online();
      await assertWritable(this.#account.records, this.#conversation(conversationId));
      assertSendable(engine, conversationId, text, limits.textBytes);
      return engine.outbox.enqueue(conversationId, text);
    });
  }

  maxFileBytes(): Promise<number> {
    return guard(() => this.#engine().attachments.maxFileBytes());
  }

  sendFiles(
    conversationId: ConversationId,
    message: Parameters<ClientApi["sendFiles"]>[1],
  ): Promise<ClientMessageId> {
    return guard(async () => {
      this.#conversation(conversationId);
      const { sendFiles } = await import("./sending-files.ts");
      return sendFiles(this.#online(), conversationId, message);
    });
  }

  downloadAttachment(ref: AttachmentRef): Promise<void> {
    return guard(() => this.#engine().attachments.download(ref));
  }

  cancelDownload(ref: AttachmentRef): Promise<void> {
    return guard(() => this.#engine().attachments.cancelDownload(ref));
  }

  readAttachment(ref: AttachmentRef, from: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    return guard(() => this.#engine().attachments.read(ref, from, length));
  }

  retryMessage(conversationId: ConversationId, clientMessageId: ClientMessageId): Promise<void> {
    return guard(async () => {
      const { outbox, attachments } = this.#online();
      await attachments.uploads.retry(conversationId, clientMessageId);
      await outbox.retry(conversationId, clientMessageId);
    });
  }

  discardMessage(conversationId: ConversationId, clientMessageId: ClientMessageId): Promise<void> {
    return guard(() => discardMessage(this.#engine(), conversationId, clientMessageId));
  }

  saveDraft(conversationId: ConversationId, text: string): Promise<void> {
    return guard(async () => {
      this.#conversation(conversationId);
      const { self } = this.#engine();
      await this.#account.records.transact((transaction) =>
        stageItem(transaction, self, "draft", conversationId, text.toWellFormed()),
      );
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

  setTyping(conversationId: ConversationId, typing: boolean): Promise<void> {
    return guard(async () => this.#engine().typing.set(conversationId, typing));
  }

  backupStatus(): Promise<BackupStatus> {
    return guard(() => this.#engine().backup.status());
  }

  saveBackup(): Promise<void> {
    return guard(() => this.#online().backup.save());
  }

  exportBackup({ passphrase }: { passphrase: string }): Promise<Uint8Array> {
    return guard(() => this.#engine().backup.exportArchive(passphrase));
  }

  importBackup(input: Parameters<ClientApi["importBackup"]>[0]): Promise<{ added: number }> {
    return guard(async () => {
      const { backup, nameGroups } = this.#engine();
      const result = await backup.importArchive(input);
      await nameGroups();
      return result;
    });
  }

  async reconnectNow(): Promise<void> {
    this.#account.signedIn?.engine.reconnectNow();
  }

  #session(): SignedIn {
    return this.#account.session();
  }

  #online(): Engine {
    return this.#session().engine;
  }

  /** Views of an ended account stay readable. */
  #engine(): Engine {
    const { signedIn } = this.#account;
    if (signedIn === undefined) throw this.#account.noSession();
    return signedIn.engine;
  }

  #conversation(conversationId: ConversationId) {
    const record = this.#engine().conversations.get(conversationId);
    if (record === undefined) throw new ClientError("user_not_found");
    return record;
  }
}
