import "./message-log.css";
import { type ComponentChildren, Component, createRef } from "preact";
import type { PersonView } from "#core/client-api.ts";
import type { AccountId, Sequence } from "#schema/ids.ts";
import { text } from "../../i18n/en.ts";
import { formatDay } from "../../i18n/format.ts";
import type { ShownMessage } from "../../state/message-window.ts";
import { isWatched } from "../../state/watching.ts";
import { Avatar } from "../../ui/avatar.tsx";
import { Icon } from "../../ui/icons.tsx";
import { ChangeLines } from "../groups/change-lines.tsx";
import { nameOfSender } from "../groups/say-change.ts";
import { Bubble } from "./bubble.tsx";
import { KeyChangeLine } from "./key-change-line.tsx";
import type { Point } from "./message-pointing.ts";
import {
  type Anchor,
  anchorOf,
  type Row,
  scrollTopFor,
  seenUpTo,
  sticksToEnd,
  wantsOlder,
} from "./scrolling.ts";
import type { TimelineItem } from "./timeline-items.ts";

interface LogProps {
  items: readonly TimelineItem[];
  peerName: string;
  peerSeed: string;
  isGroup: boolean;
  self: AccountId | undefined;
  /** Stands at the very beginning, in place of the words for a chat in which nothing was said. */
  start: ComponentChildren;
  nowMs: number;
  unread: number;
  hasOlder: boolean;
  older: "idle" | "loading" | "failed";
  onNeedOlder: () => void;
  onSeen: (seq: Sequence) => void;
  onSettledAtEnd: () => void;
  onRetry: (message: ShownMessage) => void;
  onDiscard: (message: ShownMessage) => void;
  onKeyChange: (person: PersonView) => void;
  /** Something can be done with a message; `key` is its row's. */
  onMenu: (key: string, at: Point) => void;
  onInfo: ((message: ShownMessage) => void) | undefined;
}

interface Snapshot {
  readonly stuck: boolean;
  readonly anchor: Anchor | undefined;
}

const dividerFromTopPx = 72;
/** What scrolls must scroll by keyboard too; not every browser lets a scroller take the focus by itself. */
const scrollsByKeyboard = { tabIndex: 0 } as const;

/**
 * The scrolled list. It opens at the first unread message, else at the end; it follows new messages only when it
 * stands at the end; and whatever is added above or removed, the first visible row does not move.
 */
export class MessageLog extends Component<LogProps, { atEnd: boolean }> {
  override state = { atEnd: true };
  readonly #log = createRef<HTMLElement>();
  readonly #content = createRef<HTMLDivElement>();
  #resize: ResizeObserver | undefined;
  #placed = false;
  #stuck = true;
  #frame = 0;
  #stopPointing: () => void = () => undefined;

  override componentDidMount(): void {
    this.#place();
    this.#resize = new ResizeObserver(() => {
      if (this.#placed && this.#stuck) this.#toEnd();
      this.#afterMove();
    });
    if (this.#log.current !== null) this.#resize.observe(this.#log.current);
    if (this.#content.current !== null) this.#resize.observe(this.#content.current);
    document.addEventListener("visibilitychange", this.#afterMove);
    addEventListener("focus", this.#afterMove);
    void this.#listenForPointing();
  }

  async #listenForPointing(): Promise<void> {
    const { pointAtMessages } = await import("./message-pointing.ts");
    const log = this.#log.current;
    if (log !== null) this.#stopPointing = pointAtMessages(log, (key, at) => this.props.onMenu(key, at));
  }

  override componentWillUnmount(): void {
    this.#stopPointing();
    this.#resize?.disconnect();
    cancelAnimationFrame(this.#frame);
    document.removeEventListener("visibilitychange", this.#afterMove);
    removeEventListener("focus", this.#afterMove);
  }

  override getSnapshotBeforeUpdate(): Snapshot {
    const log = this.#log.current;
    if (log === null) return { stuck: true, anchor: undefined };
    return { stuck: this.#stuck, anchor: this.#stuck ? undefined : anchorOf(this.#rows(), log) };
  }

  override componentDidUpdate(before: LogProps, _state: unknown, snapshot: Snapshot): void {
    const log = this.#log.current;
    if (log === null || before.items === this.props.items) return;
    const last = this.props.items.at(-1);
    const wrote =
      last?.type === "message" &&
      last.message.mine &&
      last.message.seq === undefined &&
      last.key !== before.items.at(-1)?.key;
    if (wrote || snapshot.stuck) this.#toEnd();
    else if (snapshot.anchor !== undefined) {
      const top = scrollTopFor(snapshot.anchor, this.#rows());
      if (top !== undefined) log.scrollTop = top;
    }
    this.#afterMove();
  }

  /** Fractions of a pixel count: offsetTop would round them into a visible twitch. */
  #rows(): readonly Row[] {
    const log = this.#log.current;
    if (log === null) return [];
    const origin = log.getBoundingClientRect().top - log.scrollTop;
    return Array.from(log.querySelectorAll<HTMLElement>("[data-row]"), (row) => {
      const box = row.getBoundingClientRect();
      return {
        key: row.dataset["row"] ?? "",
        top: box.top - origin,
        bottom: box.bottom - origin,
        seq: row.dataset["seq"] === undefined ? undefined : Number(row.dataset["seq"]),
      };
    });
  }

  #dividerTop(): number | undefined {
    return this.#log.current?.querySelector<HTMLElement>(".divider-unread")?.offsetTop;
  }

  #place(): void {
    const log = this.#log.current;
    if (log === null) return;
    const divider = this.#dividerTop();
    log.scrollTop = divider === undefined ? log.scrollHeight : divider - dividerFromTopPx;
    this.#placed = true;
    this.#stuck = sticksToEnd(log);
    this.#afterMove();
  }

  /** Nobody is looking: new messages may fill the view, but not push the divider out of it. */
  #toEnd(): void {
    const log = this.#log.current;
    if (log === null) return;
    const divider = isWatched() ? undefined : this.#dividerTop();
    log.scrollTop =
      divider === undefined ? log.scrollHeight : Math.min(log.scrollHeight, divider - dividerFromTopPx);
    this.#stuck = sticksToEnd(log);
  }

  readonly #onScroll = (): void => {
    const log = this.#log.current;
    if (log === null) return;
    this.#stuck = sticksToEnd(log);
    this.#afterMove();
  };

  readonly #afterMove = (): void => {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => {
      const log = this.#log.current;
      if (log === null) return;
      const atEnd = sticksToEnd(log);
      if (atEnd !== this.state.atEnd) this.setState({ atEnd });
      if (atEnd) this.props.onSettledAtEnd();
      else if (this.props.hasOlder && this.props.older === "idle" && wantsOlder(log))
        this.props.onNeedOlder();
      if (!isWatched()) return;
      const seen = seenUpTo(this.#rows(), log);
      if (seen !== undefined) this.props.onSeen(seen);
    });
  };

  readonly #jump = (): void => {
    const log = this.#log.current;
    if (log === null) return;
    const near = log.scrollHeight - log.scrollTop < log.clientHeight * 3;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    log.scrollTo({ top: log.scrollHeight, behavior: near && !calm ? "smooth" : "instant" });
  };

  override render() {
    const { items, peerName, unread } = this.props;
    return (
      <>
        <section
          class="log"
          ref={this.#log}
          onScroll={this.#onScroll}
          aria-label={text.chat.messages(peerName)}
          aria-describedby="log-hint"
          {...scrollsByKeyboard}
        >
          <div class="log-content" ref={this.#content}>
            {this.#renderStart()}
            <ol class="messages">{items.map((item) => this.#renderItem(item))}</ol>
          </div>
        </section>
        <p id="log-hint" hidden>
          {text.chat.menuHint}
        </p>
        {!this.state.atEnd && (
          <button
            type="button"
            class="jump"
            aria-label={unread > 0 ? text.chat.jumpUnread(unread) : text.chat.jump}
            onClick={this.#jump}
          >
            <Icon name="down" />
            {unread > 0 && <span class="badge">{unread > 99 ? "99+" : unread}</span>}
          </button>
        )}
      </>
    );
  }

  #renderStart() {
    const { hasOlder, older, items, onNeedOlder } = this.props;
    if (older === "failed") {
      return (
        <p class="log-note">
          {text.chat.olderFailed}
          <button type="button" class="text-link" onClick={onNeedOlder}>
            {text.common.retry}
          </button>
        </p>
      );
    }
    if (hasOlder) return <div class="log-older" aria-hidden="true" />;
    return (
      <>
        <p class="encryption-line">
          <Icon name="lock" />
          {this.props.isGroup ? text.groups.encryption : text.chat.encryption}
        </p>
        {this.props.start}
        {!this.props.isGroup && items.length === 0 && (
          <p class="empty-chat">
            <Avatar account={this.props.peerSeed} name={this.props.peerName} size="l" />
            <strong>{text.chat.emptyTitle(this.props.peerName)}</strong>
            <span>{text.chat.emptyBody}</span>
          </p>
        )}
      </>
    );
  }

  #renderItem(item: TimelineItem) {
    switch (item.type) {
      case "day":
        return (
          <li class="divider-day" key={item.key}>
            <span>{formatDay(item.timeMs, this.props.nowMs, text.chat)}</span>
          </li>
        );
      case "unread":
        return (
          <li class="divider-unread" key={item.key}>
            <span>{text.chat.unreadDivider}</span>
          </li>
        );
      case "key-change":
        return <KeyChangeLine key={item.key} person={item.person} onOpen={this.props.onKeyChange} />;
      case "changes":
        return <ChangeLines key={item.key} changes={item.changes} self={this.props.self} />;
      case "message":
        return (
          <Bubble
            key={item.key}
            message={item.message}
            first={item.first}
            last={item.last}
            peerName={this.props.isGroup ? nameOfSender(item.message) : this.props.peerName}
            isGroup={this.props.isGroup}
            onRetry={this.props.onRetry}
            onDiscard={this.props.onDiscard}
            onInfo={this.props.onInfo}
          />
        );
    }
  }
}
