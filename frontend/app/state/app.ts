/** The app's state: views read from the client, read again when the client says that they changed. */
import { batch, computed, effect, signal, type ReadonlySignal } from "@preact/signals";
import type {
  AccountStatus,
  AlarmsView,
  ClientApi,
  ClientErrorCode,
  ConnectionStatus,
  ConversationView,
  MessageView,
} from "#core/client-api.ts";
import type { AccountId, ConversationId } from "#schema/ids.ts";
import type { Client } from "../client.ts";
import { text } from "../i18n/en.ts";
import { coalescePerFrame } from "./frame.ts";
import { createGroupPictures, type GroupPictures } from "./group-pictures.ts";
import { redirectFor } from "./guard.ts";
import type { Preferences } from "./preferences.ts";
import { openConversationOf, type Router } from "./router.ts";
import { nameOfSender, sayChange } from "../features/groups/say-change.ts";
import { createTimeline, errorCode, type Timeline } from "./timeline.ts";
import { isWatched } from "./watching.ts";
import { createFilesState, type FilesState } from "../features/attachments/files-state.ts";
import { createMediaUrls, type MediaUrls } from "../features/attachments/media-urls.ts";
import { keepStorage } from "../features/evicted/keep-storage.ts";
import { sayContent } from "../features/chat/say.ts";
import { createToasts, type Toasts } from "./toasts.ts";

interface Announcement {
  readonly id: string;
  readonly text: string;
}

export interface App {
  readonly client: Client;
  readonly router: Router;
  readonly preferences: Preferences;
  readonly toasts: Toasts;
  readonly account: ReadonlySignal<AccountStatus | undefined>;
  /** Undefined while nobody is signed in. */
  readonly self: ReadonlySignal<AccountId | undefined>;
  readonly connection: ReadonlySignal<ConnectionStatus>;
  /** Undefined until read for the first time. */
  readonly conversations: ReadonlySignal<readonly ConversationView[] | undefined>;
  readonly timeline: ReadonlySignal<Timeline | undefined>;
  readonly media: MediaUrls;
  readonly pictures: GroupPictures;
  readonly files: FilesState;
  /** Shown once, held nowhere but here. */
  readonly recoveryCode: ReadonlySignal<string | undefined>;
  /** The core could not be reached or its storage could not be opened. */
  readonly failed: ReadonlySignal<boolean>;
  /** Sentences for screen readers, newest last. */
  readonly announcements: ReadonlySignal<readonly Announcement[]>;
  /** The present minute: what "today" and "yesterday" are measured against. */
  readonly nowMs: ReadonlySignal<number>;
  readonly reportError: (code: ClientErrorCode) => void;
  readonly alarms: ReadonlySignal<AlarmsView>;
  /** An account is being made or begun anew; until its code is shown, being signed in opens nothing yet. */
  readonly registering: ReadonlySignal<boolean>;
  readonly register: (make: (api: ClientApi) => Promise<{ recoveryCode: string }>) => Promise<void>;
  readonly forgetRecoveryCode: () => void;
  readonly readConversations: () => Promise<void>;
  /** The browser deleted the data of the account that was here. */
  readonly isEvicted: ReadonlySignal<boolean>;
  readonly startAnew: () => void;
  /** Nothing is shown any more, though the lock is not closed yet. */
  readonly isLocking: ReadonlySignal<boolean>;
  /** Locks every tab, where a lock is set. */
  readonly lock: () => Promise<void>;
}

function accountOf(status: AccountStatus | undefined): AccountId | undefined {
  return status?.state === "signed_in" ? status.account : undefined;
}

/** Who logs out or erases this browser is not told that its data is gone. */
function leavingOnPurpose(api: ClientApi, { setHadAccount }: Preferences): ClientApi {
  const leaving =
    <Input extends readonly unknown[]>(leave: (...input: Input) => Promise<void>) =>
    async (...input: Input): Promise<void> => {
      setHadAccount(false);
      try {
        await leave(...input);
      } catch (error) {
        setHadAccount(true);
        throw error;
      }
    };
  return { ...api, logout: leaving((scope) => api.logout(scope)), forget: leaving(() => api.forget()) };
}

const announcementsKept = 5;
const minuteMs = 60_000;

export function createApp(parts: { client: Client; router: Router; preferences: Preferences }): App {
  const { preferences, router } = parts;
  const client = { ...parts.client, api: leavingOnPurpose(parts.client.api, preferences) };
  const { api } = client;
  const toasts = createToasts();
  const signals = {
    account: signal<AccountStatus | undefined>(undefined),
    connection: signal<ConnectionStatus>({ state: "idle" }),
    conversations: signal<readonly ConversationView[] | undefined>(undefined),
    timeline: signal<Timeline | undefined>(undefined),
    recoveryCode: signal<string | undefined>(undefined),
    registering: signal(false),
    alarms: signal<AlarmsView>({}),
    failed: signal(false),
    announcements: signal<readonly Announcement[]>([]),
    nowMs: signal(Date.now()),
    isLocking: signal(false),
    isEvicted: signal(false),
  };
  const app = {
    ...parts,
    client,
    ...signals,
    self: computed(() => accountOf(signals.account.value)),
    toasts,
    media: createMediaUrls(api),
    pictures: createGroupPictures(api),
    files: createFilesState(api, (code) => toasts.show(text.errors[code])),
    reportError: (code) => toasts.show(text.errors[code]),
    register: async (make) => {
      signals.registering.value = true;
      try {
        signals.recoveryCode.value = (await make(api)).recoveryCode;
      } finally {
        signals.registering.value = false;
      }
    },
    lock: async () => {
      signals.isLocking.value = true;
      // What is being written is saved when it leaves the screen, and that call has to be made before the lock closes.
      await new Promise((drawn) => setTimeout(drawn, 50));
      await api.lockNow().catch((error: unknown) => app.reportError(errorCode(error)));
      signals.isLocking.value = false;
    },
    startAnew: () => {
      preferences.setHadAccount(false);
      signals.isEvicted.value = false;
    },
    forgetRecoveryCode: () => {
      signals.recoveryCode.value = undefined;
    },
    readConversations,
  } satisfies App;

  const isSignedIn = (): boolean => app.account.peek()?.state === "signed_in";

  async function readConversations(): Promise<void> {
    if (!isSignedIn()) return;
    try {
      const conversations = await api.listConversations();
      if (isSignedIn()) app.conversations.value = conversations;
    } catch (error) {
      if (!isSignedIn()) return; // locked meanwhile
      // Nothing to show at all is not a passing trouble.
      if (app.conversations.peek() === undefined) app.failed.value = true;
      else app.reportError(errorCode(error));
    }
  }

  async function readAlarms(): Promise<void> {
    app.alarms.value = await api.alarms().catch(() => app.alarms.peek());
  }

  function speaker(message: MessageView): string {
    const all = app.conversations.peek() ?? [];
    const view = all.find((one) => one.conversationId === message.conversationId);
    return view?.kind === "direct" ? view.peer.username : nameOfSender(message);
  }

  /** Follows the address: one conversation is open at a time, and only for who is signed in. */
  async function follow(conversationId: ConversationId | undefined): Promise<void> {
    const previous = app.timeline.peek();
    if (previous?.conversationId === conversationId) return;
    if (previous !== undefined) void api.closeConversation(previous.conversationId).catch(() => undefined);
    const account = app.account.peek();
    if (conversationId === undefined || account?.state !== "signed_in") {
      app.timeline.value = undefined;
      return;
    }
    const timeline = createTimeline({
      api,
      conversationId,
      self: account.account,
      isWatched,
      onError: app.reportError,
      onArrived: (messages) => {
        const spoken = messages.flatMap((message) => {
          const { content, clientMessageId: id } = message;
          if (content.type === "unreadable") return [];
          if (content.type === "group_change") {
            return [{ id, text: sayChange(message, content.change, app.self.peek()) }];
          }
          return [{ id, text: text.chat.announce(speaker(message), sayContent(content)) }];
        });
        app.announcements.value = [...app.announcements.value, ...spoken].slice(-announcementsKept);
      },
    });
    batch(() => {
      app.timeline.value = timeline;
      app.announcements.value = [];
    });
    const view = app.conversations.peek()?.find((one) => one.conversationId === conversationId);
    await timeline.open({ count: view?.unread ?? 0, readSeq: view?.readSeq ?? 0 });
    await api.openConversation(conversationId).catch((error: unknown) => app.reportError(errorCode(error)));
  }

  /** Nothing that was opened stays in the page. */
  function forgetShown(): void {
    app.media.clear();
    app.pictures.clear();
    app.files.viewer.close();
    app.announcements.value = [];
    toasts.clear();
  }

  const refreshConversations = coalescePerFrame(() => void readConversations());
  const refreshTimeline = coalescePerFrame(() => void app.timeline.peek()?.refresh());

  client.subscribe((event) => {
    switch (event.type) {
      case "account":
        app.account.value = event.status;
        refreshConversations();
        break;
      case "connection":
        app.connection.value = event.status;
        if (event.status.state === "online") app.pictures.retry();
        break;
      case "conversations":
      case "typing":
      case "group":
        refreshConversations();
        break;
      case "alarms":
        void readAlarms();
        break;
      case "devices":
      case "joins":
      case "link":
        break; // read where they are shown
      case "transfer":
        app.files.transfers.apply(event);
        break;
      case "messages":
        refreshConversations();
        if (event.conversationId === app.timeline.peek()?.conversationId) refreshTimeline();
        break;
      case "backup":
        break; // for who shows it
    }
  });

  async function start(): Promise<void> {
    try {
      const [account, connection] = await Promise.all([api.accountStatus(), api.connectionStatus()]);
      batch(() => {
        app.account.value = account;
        app.connection.value = connection;
      });
      await readAlarms();
      await readConversations();
    } catch {
      app.failed.value = true; // the person is told on a screen of its own
    }
  }
  let wasSignedOut = false;
  void start();
  setInterval(() => {
    app.nowMs.value = Date.now();
  }, minuteMs);

  effect(() => {
    const account = app.account.value;
    if (account === undefined || app.registering.value) return;
    app.isEvicted.value = account.state === "signed_out" && preferences.hadAccount();
    if (account.state !== "signed_out") preferences.setHadAccount(true);
    // From now on there is something to keep; whoever just signed in also sees why the browser may ask.
    if (wasSignedOut && account.state === "signed_in") void keepStorage();
    wasSignedOut = account.state === "signed_out";
    const redirect = redirectFor(router.place.value.route, account.state, router.invite() !== "");
    if (redirect !== undefined) router.go(redirect, { replace: true });
    if (account.state !== "signed_in") {
      app.conversations.value = undefined;
      app.alarms.value = {};
      void follow(undefined);
      if (account.state === "locked") forgetShown();
      return;
    }
    // A list that was never read cannot say where the unread messages begin.
    if (app.conversations.value === undefined) return;
    void follow(openConversationOf(router.place.value));
  });

  return app;
}
