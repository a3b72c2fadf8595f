import { Component } from "preact";
import { text } from "../../i18n/en.ts";
import { formatClock, formatExact } from "../../i18n/format.ts";
import type { ShownMessage } from "../../state/message-window.ts";
import { Icon } from "../../ui/icons.tsx";
import { BubbleText } from "./bubble-text.tsx";
import { isJumbo } from "./text-shape.ts";
import { Ticks } from "./ticks.tsx";

interface BubbleProps {
  message: ShownMessage;
  first: boolean;
  last: boolean;
  peerName: string;
  onRetry: (message: ShownMessage) => void;
  onDiscard: (message: ShownMessage) => void;
}

function bodyOf(message: ShownMessage): string {
  return message.content.type === "text" ? message.content.text : text.chat[message.content.reason];
}

function labelOf({ message, peerName }: BubbleProps): string {
  const state = message.delivery === undefined ? "" : text.delivery[message.delivery];
  const sender = message.mine ? text.chat.you : peerName;
  return text.chat.messageLabel(sender, bodyOf(message), formatClock(message.timeMs), state);
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
    bodyOf(a.message) === bodyOf(b.message)
  );
}

export class Bubble extends Component<BubbleProps> {
  override shouldComponentUpdate(next: BubbleProps): boolean {
    return !looksSame(this.props, next);
  }

  override render() {
    const { message, first, last, onRetry, onDiscard } = this.props;
    const jumbo = message.content.type === "text" && isJumbo(message.content.text);
    const classes = [
      "message",
      message.mine ? "message-own" : "message-other",
      first && "message-first",
      last && "message-last",
      jumbo && "message-jumbo",
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
        <div class="bubble" dir="auto">
          {message.content.type === "text" ? (
            <BubbleText message={message.content.text} />
          ) : (
            <span class="bubble-unreadable">
              <Icon name={message.content.reason === "waiting" ? "retry" : "info"} />
              {text.chat[message.content.reason]}
            </span>
          )}
          <span class="bubble-meta">
            <time title={formatExact(message.timeMs)}>{formatClock(message.timeMs)}</time>
            {message.delivery !== undefined && <Ticks delivery={message.delivery} />}
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
