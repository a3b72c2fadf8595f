import "./chat.css";
import { useComputed } from "@preact/signals";
import { useState } from "preact/hooks";
import type { ConversationView, PresenceView } from "#core/client-api.ts";
import type { Sequence } from "#schema/ids.ts";
import { text } from "../../i18n/en.ts";
import { formatLastSeen } from "../../i18n/format.ts";
import { nameOf, seedOf } from "../../state/conversation-name.ts";
import { useApp } from "../../state/context.ts";
import type { ShownMessage } from "../../state/message-window.ts";
import { openConversationOf } from "../../state/router.ts";
import { errorCode, type Timeline } from "../../state/timeline.ts";
import { personToSettle, trustIn } from "../../state/trust-in.ts";
import { Avatar } from "../../ui/avatar.tsx";
import { Icon } from "../../ui/icons.tsx";
import { lazily } from "../../ui/lazily.tsx";
import { LogoMark } from "../../ui/logo.tsx";
import { Attaching } from "../attachments/attaching.tsx";
import { Viewer } from "../attachments/viewer.tsx";
import { ConnectionBanner } from "../connection/banner.tsx";
import { GroupStart } from "../groups/group-start.tsx";
import { GroupWho } from "../groups/group-who.tsx";
import { ContradictionNote, ReadOnlyLine } from "../groups/read-only.tsx";
import { Composer } from "./composer.tsx";
import { MessageLog } from "./message-log.tsx";
import type { MenuPlace } from "./message-menu.tsx";
import { timelineItems } from "./timeline-items.ts";
import { useKeyChanges } from "./use-key-changes.ts";

const MessageInfo = lazily(async () => (await import("../groups/message-info.tsx")).MessageInfo);

const MessageMenu = lazily(async () => (await import("./message-menu.tsx")).MessageMenu);
const TrustBar = lazily(async () => (await import("./trust-bar.tsx")).TrustBar);

const WithheldNote = lazily(async () => (await import("./withheld-note.tsx")).WithheldNote);

const RequestsLine = lazily(async () => (await import("../invites/requests-line.tsx")).RequestsLine);

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
  if (view.kind === "group" && view.membership !== "member") {
    return (
      <main class="chat">
        <ChatBody view={view} timeline={timeline} />
        <ReadOnlyLine membership={view.membership} />
        <Viewer peerName={nameOf(view)} />
      </main>
    );
  }
  return (
    <Attaching view={view} timeline={timeline}>
      {(attach) => (
        <>
          <ChatBody view={view} timeline={timeline} />
          <Composer view={view} timeline={timeline} onFiles={attach} />
          <Viewer peerName={nameOf(view)} />
        </>
      )}
    </Attaching>
  );
}

/** Everything above the place to write. */
function ChatBody({ view, timeline }: { view: ConversationView; timeline: Timeline }) {
  return (
    <>
      <ChatHead view={view} />
      <ConnectionBanner />
      <div class="log-frame">
        {timeline.state.value === "ready" ? <Log view={view} timeline={timeline} /> : <LogSkeleton />}
        <TypingLine typing={view.typing !== undefined} name={view.typing?.username ?? ""} />
      </div>
      <Announcer />
      {view.kind === "group" && <ContradictionNote view={view} />}
      <TrustNote view={view} />
      {view.devicesWithheld.length > 0 && <WithheldNote people={view.devicesWithheld} />}
      {view.kind === "group" && view.takesRequests && <RequestsLine conversationId={view.conversationId} />}
    </>
  );
}

/** While messages wait for the person, or the server's word about somebody does not fit. */
function TrustNote({ view }: { view: ConversationView }) {
  if (view.kind === "group" && view.membership !== "member") return null;
  const person = personToSettle(trustIn(view));
  return person === undefined ? null : <TrustBar key={person.account} person={person} />;
}

function ChatHead({ view }: { view: ConversationView }) {
  const { router } = useApp();
  const presence = view.kind === "direct" ? view.peerPresence : undefined;
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
      {view.kind === "group" ? (
        <GroupWho view={view} />
      ) : (
        <>
          <span class={presence?.state === "online" ? "presence presence-online" : "presence"}>
            <Avatar account={seedOf(view)} name={nameOf(view)} size="s" />
          </span>
          <div class="chat-who">
            <h1 class="chat-name">
              <button
                type="button"
                class="chat-about"
                title={text.chat.about(view.peer.username)}
                onClick={() => router.go({ name: "contact", account: view.peer.account })}
              >
                <bdi class="ellipsis">{nameOf(view)}</bdi>
                {view.peerTrust.verified && (
                  <span class="chat-verified" title={text.chat.verified}>
                    <Icon name="verified" />
                    <span class="visually-hidden">{text.chat.verified}</span>
                  </span>
                )}
              </button>
            </h1>
            <PresenceLine presence={presence} />
          </div>
        </>
      )}
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
  const { nowMs, reportError, router, self } = useApp();
  const [infoOf, setInfoOf] = useState<Sequence>();
  const [menu, setMenu] = useState<MenuPlace>();
  const keyChanges = useKeyChanges(timeline.conversationId);
  const items = useComputed(() =>
    timelineItems(timeline.messages.value, timeline.dividerAfter.value, keyChanges.value),
  );
  const report = (error: unknown): void => reportError(errorCode(error));

  const log = (
    <MessageLog
      items={items.value}
      peerName={nameOf(view)}
      peerSeed={seedOf(view)}
      isGroup={view.kind === "group"}
      self={self.value}
      start={view.kind === "group" && <GroupStart view={view} />}
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
      onKeyChange={({ account }) => router.go({ name: "contact", account })}
      onMenu={(key, at) => setMenu({ key, at })}
      onInfo={view.kind === "group" ? ({ seq }) => setInfoOf(seq) : undefined}
    />
  );
  return (
    <>
      {log}
      {menu !== undefined && (
        <MessageMenu
          key={menu.key}
          place={menu}
          messages={timeline.messages.value}
          peerName={view.kind === "direct" ? nameOf(view) : undefined}
          onClose={() => setMenu(undefined)}
        />
      )}
      {infoOf !== undefined && (
        <MessageInfo conversationId={view.conversationId} seq={infoOf} onClose={() => setInfoOf(undefined)} />
      )}
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
