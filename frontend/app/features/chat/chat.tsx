import "./chat.css";
import { useComputed } from "@preact/signals";
import { useState } from "preact/hooks";
import type { ConversationView, PresenceView } from "#core/client-api.ts";
import { text } from "../../i18n/en.ts";
import { formatLastSeen } from "../../i18n/format.ts";
import { useApp } from "../../state/context.ts";
import type { ShownMessage } from "../../state/message-window.ts";
import { openConversationOf } from "../../state/router.ts";
import { errorCode, type Timeline } from "../../state/timeline.ts";
import { Avatar } from "../../ui/avatar.tsx";
import { Icon } from "../../ui/icons.tsx";
import { LogoMark } from "../../ui/logo.tsx";
import { ConnectionBanner } from "../connection/banner.tsx";
import { Composer } from "./composer.tsx";
import { MessageLog } from "./message-log.tsx";
import { MessageMenu, type MenuPlace } from "./message-menu.tsx";
import { timelineItems } from "./timeline-items.ts";
import { TrustBar } from "./trust-bar.tsx";

export function ChatPane() {
  const { conversations, router, timeline } = useApp();
  const open = openConversationOf(router.place.value);
  const view = conversations.value?.find((one) => one.conversationId === open);
  if (open === undefined) return <NoChatChosen />;
  if (conversations.value !== undefined && view === undefined) return <ChatNotFound />;
  const current = timeline.value;
  if (view === undefined || current?.conversationId !== open) return <main class="chat" />;
  return <Chat key={open} view={view} timeline={current} />;
}

function Chat({ view, timeline }: { view: ConversationView; timeline: Timeline }) {
  const name = view.peer.username;
  return (
    <main class="chat">
      <ChatHead view={view} />
      <ConnectionBanner />
      <div class="log-frame">
        {timeline.state.value === "ready" ? <Log view={view} timeline={timeline} /> : <LogSkeleton />}
        <TypingLine typing={view.peerTyping} name={name} />
      </div>
      <Announcer />
      <TrustBar view={view} />
      <Composer view={view} timeline={timeline} />
    </main>
  );
}

function ChatHead({ view }: { view: ConversationView }) {
  const { router } = useApp();
  return (
    <header class="pane-head chat-head">
      <button
        type="button"
        class="icon-button chat-back"
        aria-label={text.common.back}
        onClick={() => router.leave()}
      >
        <Icon name="back" />
      </button>
      <span class={view.peerPresence?.state === "online" ? "presence presence-online" : "presence"}>
        <Avatar account={view.peer.account} name={view.peer.username} size="s" />
      </span>
      <div class="chat-who">
        <h1 class="chat-name">
          <button
            type="button"
            class="chat-about"
            title={text.contact.open(view.peer.username)}
            onClick={() => router.go({ name: "contact" })}
          >
            <bdi class="ellipsis">{view.peer.username}</bdi>
            {view.peerTrust.verified && (
              <span class="chat-verified" title={text.contact.verified}>
                <Icon name="verified" />
                <span class="visually-hidden">{text.contact.verified}</span>
              </span>
            )}
          </button>
        </h1>
        <PresenceLine presence={view.peerPresence} />
      </div>
    </header>
  );
}

function PresenceLine({ presence }: { presence: PresenceView | undefined }) {
  const { nowMs } = useApp();
  if (presence === undefined) return null;
  if (presence.state === "online") return <p class="chat-presence">{text.chat.online}</p>;
  if (presence.lastSeenMs === undefined) return null;
  const seen = formatLastSeen(presence.lastSeenMs, nowMs.value, text.chat.lastSeen);
  return <p class="chat-presence ellipsis">{seen}</p>;
}

function Log({ view, timeline }: { view: ConversationView; timeline: Timeline }) {
  const { conversations, nowMs, reportError, router } = useApp();
  const [menu, setMenu] = useState<MenuPlace>();
  const items = useComputed(() => {
    const known = conversations.value?.find((one) => one.conversationId === timeline.conversationId);
    const keyChangesMs = known?.peerTrust.keyChangesMs;
    return timelineItems(timeline.messages.value, timeline.dividerAfter.value, keyChangesMs);
  });
  const report = (error: unknown): void => reportError(errorCode(error));

  return (
    <>
      <MessageLog
        items={items.value}
        peerName={view.peer.username}
        peerAccount={view.peer.account}
        nowMs={nowMs.value}
        unread={view.unread}
        hasOlder={timeline.hasOlder.value}
        older={timeline.older.value}
        onNeedOlder={() => void timeline.loadOlder()}
        onSeen={(seq) => {
          if (view.unread > 0 && seq > view.readSeq) void timeline.markRead(seq);
        }}
        onSettledAtEnd={() => timeline.trim()}
        onRetry={(message: ShownMessage) => void timeline.retry(message).catch(report)}
        onDiscard={(message: ShownMessage) => void timeline.discard(message).catch(report)}
        onKeyChange={() => router.go({ name: "contact" })}
        onMenu={(key, at) => setMenu({ key, at })}
      />
      <MessageMenu
        place={menu}
        messages={timeline.messages.value}
        peerName={view.peer.username}
        onClose={() => setMenu(undefined)}
      />
    </>
  );
}

/** The room for this line is always there, so that its coming and going moves nothing. */
function TypingLine({ typing, name }: { typing: boolean; name: string }) {
  return (
    <div class={typing ? "typing typing-on" : "typing"} aria-hidden={!typing}>
      <span class="typing-dots" aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      <span>{text.chat.typing(name)}</span>
    </div>
  );
}

/** Speaks new messages only; the visible list stays silent, or loading older pages would be read aloud. */
function Announcer() {
  const { announcements } = useApp();
  return (
    <div class="visually-hidden" role="log" aria-live="polite" aria-label={text.chat.log}>
      {announcements.value.map((one) => (
        <p key={one.id}>{one.text}</p>
      ))}
    </div>
  );
}

const skeletonShapes = ["other-m", "other-l", "own-s", "own-m", "other-s", "own-l"];

function LogSkeleton() {
  return (
    <div class="log log-skeleton" aria-busy="true" aria-label={text.common.loading}>
      {skeletonShapes.map((shape) => (
        <span key={shape} class={`skeleton skeleton-bubble skeleton-${shape}`} />
      ))}
    </div>
  );
}

function NoChatChosen() {
  const { conversations, router } = useApp();
  // The list itself says how to begin.
  if (conversations.value?.length === 0) {
    return (
      <main class="chat chat-none">
        <LogoMark size={72} />
      </main>
    );
  }
  return (
    <main class="chat chat-none">
      <LogoMark size={56} />
      <h1>{text.chat.pickTitle}</h1>
      <p>{text.chat.pickBody}</p>
      <button type="button" class="button button-quiet" onClick={() => router.go({ name: "new" })}>
        <Icon name="compose" />
        {text.list.newChat}
      </button>
    </main>
  );
}

function ChatNotFound() {
  const { router } = useApp();
  return (
    <main class="chat chat-none">
      <h1>{text.chat.notFoundTitle}</h1>
      <p>{text.chat.notFoundBody}</p>
      <button
        type="button"
        class="button button-quiet"
        onClick={() => router.go({ name: "home" }, { replace: true })}
      >
        {text.common.back}
      </button>
    </main>
  );
}
