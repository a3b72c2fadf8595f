import "./app.css";
import { useEffect } from "preact/hooks";
import { useSaveWhenHidden } from "./features/backup/save-when-hidden.ts";
import { ChatList } from "./features/chat-list/chat-list.tsx";
import { ChatPane } from "./features/chat/chat.tsx";
import { Welcome } from "./features/onboarding/welcome.tsx";
import { UpdateBar } from "./features/update/update-bar.tsx";
import type { Updates } from "./features/update/updates.ts";
import { text } from "./i18n/en.ts";
import { handleShortcut } from "./shortcuts.ts";
import type { App as AppState } from "./state/app.ts";
import { AppContext, useApp } from "./state/context.ts";
import { openConversationOf } from "./state/router.ts";
import { lazily } from "./ui/lazily.tsx";
import { LogoMark } from "./ui/logo.tsx";
import { ToastStack } from "./ui/toasts.tsx";

const Contact = lazily(async () => (await import("./features/contact/contact.tsx")).Contact);
const Evicted = lazily(async () => (await import("./features/evicted/evicted.tsx")).Evicted);
const GroupInfo = lazily(async () => (await import("./features/groups/group-info.tsx")).GroupInfo);
const NewGroup = lazily(async () => (await import("./features/groups/new-group.tsx")).NewGroup);
const JoinInvite = lazily(async () => (await import("./features/invites/join-invite.tsx")).JoinInvite);
const JoinByLink = lazily(async () => (await import("./features/link/join-by-link.tsx")).JoinByLink);
const LockScreen = lazily(async () => (await import("./features/lock/lock-screen.tsx")).LockScreen);
const NewChat = lazily(async () => (await import("./features/new-chat/new-chat.tsx")).NewChat);
const LogIn = lazily(async () => (await import("./features/onboarding/log-in.tsx")).LogIn);
const RecoveryCodeShow = lazily(
  async () => (await import("./features/onboarding/recovery-code-show.tsx")).RecoveryCodeShow,
);
const Alarms = lazily(async () => (await import("./features/reset/alarms.tsx")).Alarms);
const SessionEnded = lazily(
  async () => (await import("./features/onboarding/session-ended.tsx")).SessionEnded,
);
const SignUp = lazily(async () => (await import("./features/onboarding/sign-up.tsx")).SignUp);
const Settings = lazily(async () => (await import("./features/settings/settings.tsx")).Settings);

export function App({ app, updates }: { app: AppState; updates: Updates }) {
  return (
    <AppContext.Provider value={app}>
      <UpdateBar updates={updates} />
      <Screen />
      <ToastStack />
    </AppContext.Provider>
  );
}

function Screen() {
  const { account, failed, isLocking, recoveryCode, registering } = useApp();
  const status = account.value;
  if (failed.value) return <StartFailed />;
  if (recoveryCode.value !== undefined) return <RecoveryCodeShow code={recoveryCode.value} />;
  if (registering.value && status?.state !== "ended") return <BeforeSignIn />;
  if (status === undefined || isLocking.value)
    return <main class="booting" aria-busy="true" aria-label={text.common.loading} />;
  switch (status.state) {
    case "signed_in":
      return <Messenger />;
    case "locked":
      return <LockScreen status={status} />;
    case "ended":
      return <SessionEnded status={status} />;
    case "signed_out":
      return <BeforeSignIn />;
  }
}

function BeforeSignIn() {
  const { isEvicted, router } = useApp();
  const { name } = router.place.value.route;
  if (isEvicted.value && (name === "welcome" || name === "signup")) return <Evicted />;
  if (name === "signup") return <SignUp />;
  if (name === "link") return <JoinByLink />;
  if (name === "join") return <JoinInvite />;
  return name === "login" ? <LogIn /> : <Welcome />;
}

function Messenger() {
  const app = useApp();
  const { router } = app;
  const { route } = router.place.value;
  const status = app.account.value;
  const isLockable = status?.state === "signed_in" && status.isLockable === true;
  const chatOpen = openConversationOf(router.place.value) !== undefined;
  useSaveWhenHidden(app.client);
  useEffect(() => {
    if (!isLockable) return undefined;
    const watching = import("./features/lock/attention.ts").then(({ watchAttention }) =>
      watchAttention(app.client.api),
    );
    return () => void watching.then((stop) => stop());
  }, [app, isLockable]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => handleShortcut(event, app);
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [app]);
  return (
    <div class={chatOpen ? "messenger messenger-chat" : "messenger"}>
      <div class="pane pane-list">
        {Object.keys(app.alarms.value).length > 0 && <Alarms alarms={app.alarms.value} />}
        <ChatList />
      </div>
      <div class="pane pane-chat">
        {chatOpen && app.alarms.value.isReplaced === true && <Alarms alarms={{ isReplaced: true }} />}
        <ChatPane />
      </div>
      {route.name === "group" && (
        <GroupInfo key={route.conversationId} conversationId={route.conversationId} />
      )}
      {route.name === "newGroup" && <NewGroup />}
      {route.name === "new" && <NewChat />}
      {route.name === "settings" && <Settings />}
      {route.name === "contact" && <Contact key={route.account} account={route.account} />}
      {route.name === "join" && <JoinInvite />}
    </div>
  );
}

function StartFailed() {
  return (
    <main class="start-failed">
      <LogoMark size={56} />
      <h1>{text.failure.title}</h1>
      <p>{text.failure.body}</p>
      <button type="button" class="button button-primary" onClick={() => location.reload()}>
        {text.failure.reload}
      </button>
    </main>
  );
}
