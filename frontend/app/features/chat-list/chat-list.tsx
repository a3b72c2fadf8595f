import "./chat-list.css";
import type { ConversationView } from "#core/client-api.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { formatRoute, openConversationOf } from "../../state/router.ts";
import { Avatar } from "../../ui/avatar.tsx";
import { ConversationAvatar } from "../groups/group-avatar.tsx";
import { Icon } from "../../ui/icons.tsx";
import { lazily } from "../../ui/lazily.tsx";
import { RestoreLine } from "../backup/restore-line.tsx";
import { ConnectionBanner } from "../connection/banner.tsx";
import { Ticks } from "../chat/ticks.tsx";
import { prefixOf, type RowPreview, rowView, typingWords } from "./row-view.ts";

const NewDeviceBanner = lazily(async () => (await import("../link/new-device-banner.tsx")).NewDeviceBanner);
const PendingJoins = lazily(async () => (await import("../invites/pending-joins.tsx")).PendingJoins);

export function ChatList() {
  const { account, conversations, router } = useApp();
  const status = account.value;
  const open = openConversationOf(router.place.value);
  const list = conversations.value;
  return (
    <nav class="chat-list" aria-label={text.list.label}>
      <header class="pane-head chat-list-head">
        <button
          type="button"
          class="profile-button"
          aria-label={text.list.settings}
          title={text.list.settings}
          onClick={() => router.go({ name: "settings" })}
        >
          {status?.state === "signed_in" && (
            <Avatar account={status.account} name={status.username} size="s" />
          )}
        </button>
        <h1>{text.list.title}</h1>
        <button
          type="button"
          class="icon-button"
          aria-label={text.list.newChat}
          title={text.list.newChat}
          onClick={() => router.go({ name: "new" })}
        >
          <Icon name="compose" />
        </button>
      </header>
      <ConnectionBanner />
      <NewDeviceBanner />
      <RestoreLine />
      <PendingJoins />
      {list === undefined ? (
        <RowSkeletons />
      ) : list.length === 0 ? (
        <NoChats />
      ) : (
        <ul class="chat-rows">
          {list.map((view) => (
            <ChatRow key={view.conversationId} view={view} isOpen={view.conversationId === open} />
          ))}
        </ul>
      )}
    </nav>
  );
}

function ChatRow({ view, isOpen }: { view: ConversationView; isOpen: boolean }) {
  const { nowMs, router, self } = useApp();
  const row = rowView(view, isOpen, nowMs.value, self.value);
  const route = { name: "chat", conversationId: view.conversationId } as const;
  return (
    <li>
      <a
        class={view.unread > 0 ? "chat-row chat-row-unread" : "chat-row"}
        href={formatRoute(route)}
        aria-current={isOpen ? "page" : undefined}
        aria-label={row.label}
        onClick={(event) => {
          if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
          event.preventDefault();
          // Moving between chats side by side is one step for the back button.
          const besides = openConversationOf(router.place.peek()) !== undefined;
          if (!isOpen) router.go(route, { replace: besides });
        }}
      >
        <ConversationAvatar view={view} />
        <span class="chat-row-text">
          <span class="chat-row-line">
            <span class="chat-row-name ellipsis">
              <bdi>{row.name}</bdi>
            </span>
            <time class="chat-row-time">{row.time}</time>
          </span>
          <span class="chat-row-line">
            <Preview preview={row.preview} />
            {row.unread !== "" && <span class="badge">{row.unread}</span>}
          </span>
        </span>
      </a>
    </li>
  );
}

function Preview({ preview }: { preview: RowPreview }) {
  switch (preview.type) {
    case "typing":
      return <span class="chat-row-preview chat-row-typing ellipsis">{typingWords(preview.name)}</span>;
    case "draft":
      return (
        <span class="chat-row-preview ellipsis">
          <span class="chat-row-draft">{text.list.draft}</span> <bdi>{preview.text}</bdi>
        </span>
      );
    case "quiet":
      return <span class="chat-row-preview chat-row-quiet ellipsis">{preview.text}</span>;
    case "message":
      return (
        <>
          {preview.delivery !== undefined && <Ticks delivery={preview.delivery} />}
          <span class="chat-row-preview ellipsis">
            {prefixOf(preview)}
            <bdi>{preview.text}</bdi>
          </span>
        </>
      );
  }
}

function RowSkeletons() {
  return (
    <div class="chat-rows" aria-busy="true" aria-label={text.common.loading}>
      {["a", "b", "c", "d", "e", "f"].map((key) => (
        <div class="chat-row skeleton-row" key={key}>
          <span class="skeleton skeleton-avatar" />
          <span class="chat-row-text">
            <span class="skeleton skeleton-name" />
            <span class="skeleton skeleton-preview" />
          </span>
        </div>
      ))}
    </div>
  );
}

function NoChats() {
  const { account, router, toasts } = useApp();
  const status = account.value;
  const username = status?.state === "signed_in" ? status.username : "";
  async function copyName(): Promise<void> {
    try {
      await navigator.clipboard.writeText(username);
      toasts.show(text.list.nameCopied);
    } catch {
      toasts.show(text.recovery.copyFailed); // permission refused
    }
  }
  return (
    <div class="empty-list">
      <h2>{text.list.emptyTitle}</h2>
      <p>{text.list.emptyBody}</p>
      <button type="button" class="name-chip" aria-label={text.list.copyName} onClick={() => void copyName()}>
        @{username}
        <Icon name="copy" />
      </button>
      <button type="button" class="button button-primary" onClick={() => router.go({ name: "new" })}>
        {text.list.emptyAction}
      </button>
    </div>
  );
}
