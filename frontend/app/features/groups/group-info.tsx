import "./groups.css";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { ConversationId } from "#schema/ids.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { Icon } from "../../ui/icons.tsx";
import { useMedia } from "../../ui/use-media.ts";
import { GroupDetails } from "./group-details.tsx";
import { useGroup } from "./use-group.ts";

/** Beside the chat where there is room for three columns, a sheet over it elsewhere. */
export function GroupInfo({ conversationId }: { conversationId: ConversationId }) {
  const { router } = useApp();
  const isWide = useMedia("(min-width: 1080px)");
  const close = (): void => router.leave();
  const body = <GroupBody conversationId={conversationId} />;
  if (isWide) return <Panel onClose={close}>{body}</Panel>;
  return (
    <Dialog title={text.groups.info.title} kind="sheet" onClose={close}>
      <div class="dialog-scroll">{body}</div>
    </Dialog>
  );
}

function Panel({ onClose, children }: { onClose: () => void; children: ComponentChildren }) {
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    const opener = document.activeElement;
    title.current?.focus();
    return () => {
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);
  return (
    <aside class="pane pane-info" aria-label={text.groups.info.title}>
      <header class="pane-head info-head">
        <h2 ref={title} tabIndex={-1}>
          {text.groups.info.title}
        </h2>
        <button type="button" class="icon-button" aria-label={text.common.close} onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <div class="info-scroll">{children}</div>
    </aside>
  );
}

function GroupBody({ conversationId }: { conversationId: ConversationId }) {
  const group = useGroup(conversationId);
  if (group === "failed") return <p class="info-failed">{text.groups.info.failed}</p>;
  if (group === "loading") {
    return (
      <div class="group-card" aria-busy="true" aria-label={text.common.loading}>
        <span class="skeleton skeleton-group" />
        <span class="skeleton skeleton-name" />
      </div>
    );
  }
  return <GroupDetails group={group} />;
}
