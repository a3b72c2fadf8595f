import { Component } from "preact";
import type { AttachmentView } from "#core/client-api.ts";
import { text } from "../../i18n/en.ts";
import { formatClock, formatExact } from "../../i18n/format.ts";
import type { ShownMessage } from "../../state/message-window.ts";
import { Icon } from "../../ui/icons.tsx";
import { Files } from "../attachments/files.tsx";
import { mediaKindOf } from "../attachments/kinds.ts";
import { InfoButton, SenderName, SenderPicture } from "../groups/in-bubble.tsx";
import { BubbleText } from "./bubble-text.tsx";
import { sayContent } from "./say.ts";
import { isJumbo } from "./text-shape.ts";
import { Ticks } from "./ticks.tsx";

interface BubbleProps {
  message: ShownMessage;
  first: boolean;
  last: boolean;
  peerName: string;
  /** In a group others' runs begin with a name and end beside a picture. */
  isGroup: boolean;
  onRetry: (message: ShownMessage) => void;
  onDiscard: (message: ShownMessage) => void;
  /** Where an own message is; undefined where nobody can be asked. */
  onInfo: ((message: ShownMessage) => void) | undefined;
}

function labelOf({ message, peerName }: BubbleProps): string {
  const state = message.delivery === undefined ? "" : text.delivery[message.delivery];
  const { sharedBy } = message;
  const name = message.mine ? text.chat.you : peerName;
  const sender = sharedBy === undefined ? name : `${name} ${text.groups.via(sharedBy.username)}`;
  return text.chat.messageLabel(sender, sayContent(message.content), formatClock(message.timeMs), state);
}

/** Every reading of the store makes new objects; only a bubble that looks different is drawn again. */
function looksSame(a: BubbleProps, b: BubbleProps): boolean {
  return (
    a.first === b.first &&
    a.last === b.last &&
    a.peerName === b.peerName &&
    a.message.delivery === b.message.delivery &&
    a.message.timeMs === b.message.timeMs &&
    a.message.seq === b.message.seq &&
    a.message.clientMessageId === b.message.clientMessageId &&
    a.message.content.type === b.message.content.type &&
    sayContent(a.message.content) === sayContent(b.message.content) &&
    localityOf(a.message) === localityOf(b.message)
  );
}

/** Which files of a message are on this device. */
function localityOf({ content }: ShownMessage): string {
  return content.type === "attachments" ? content.attachments.map(({ isLocal }) => isLocal).join() : "";
}

/** Nothing but pictures: the time stands on them. */
function endsInPicture(attachments: readonly AttachmentView[]): boolean {
  return attachments.every((view) => mediaKindOf(view) === "image" || mediaKindOf(view) === "video");
}

export class Bubble extends Component<BubbleProps> {
  override shouldComponentUpdate(next: BubbleProps): boolean {
    return !looksSame(this.props, next);
  }

  override render() {
    const { message, first, last, peerName, isGroup, onRetry, onDiscard, onInfo } = this.props;
    const { content } = message;
    const fromOther = isGroup && !message.mine;
    const jumbo = content.type === "text" && isJumbo(content.text);
    const withFiles = content.type === "attachments";
    const classes = [
      "message",
      message.mine ? "message-own" : "message-other",
      first && "message-first",
      last && "message-last",
      fromOther && "message-of-group",
      jumbo && "message-jumbo",
      withFiles && "message-files",
      withFiles && content.text === "" && endsInPicture(content.attachments) && "message-bare",
      message.delivery === "failed" && "message-failed",
    ];
    return (
      <li
        class={classes.filter(Boolean).join(" ")}
        aria-label={labelOf(this.props)}
        tabIndex={-1}
        data-row={message.key}
        data-seq={message.seq}
      >
        {fromOther && last && <SenderPicture sender={message.sender} name={peerName} />}
        <div class="bubble" dir="auto">
          {fromOther && first && (
            <SenderName sender={message.sender} name={peerName} sharedBy={message.sharedBy} />
          )}
          {withFiles && <Files message={message} onCancel={() => onDiscard(message)} />}
          {content.type === "unreadable" ? (
            <span class="bubble-unreadable">
              <Icon name={content.reason === "waiting" ? "retry" : "info"} />
              {text.chat[content.reason]}
            </span>
          ) : (
            content.type !== "group_change" && content.text !== "" && <BubbleText message={content.text} />
          )}
          <span class="bubble-meta">
            <time title={formatExact(message.timeMs)}>{formatClock(message.timeMs)}</time>
            {message.delivery !== undefined && <Ticks delivery={message.delivery} />}
            {onInfo !== undefined && message.mine && message.seq !== undefined && (
              <InfoButton onClick={() => onInfo(message)} />
            )}
          </span>
        </div>
        {message.delivery === "failed" && (
          <div class="message-actions">
            <span class="message-problem">
              <Icon name="warning" />
              {text.chat.failed}
            </span>
            <button type="button" class="message-action" onClick={() => onRetry(message)}>
              {text.chat.retry}
            </button>
            <button type="button" class="message-action" onClick={() => onDiscard(message)}>
              {text.chat.delete}
            </button>
          </div>
        )}
      </li>
    );
  }
}
