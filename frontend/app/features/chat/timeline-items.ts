/** Turns messages into what a conversation shows: day separators, the unread divider, groups with tails. Pure. */
import type { Sequence } from "#schema/ids.ts";
import { calendarDaysBetween } from "../../i18n/format.ts";
import type { ShownMessage } from "../../state/message-window.ts";

const groupWithinMs = 5 * 60_000;

export type TimelineItem =
  | { readonly type: "day"; readonly key: string; readonly timeMs: number }
  | { readonly type: "unread"; readonly key: "unread" }
  | { readonly type: "key-change"; readonly key: string }
  | {
      readonly type: "message";
      readonly key: string;
      readonly message: ShownMessage;
      /** Opens a group: a little more air above. */
      readonly first: boolean;
      /** Closes a group: carries the tail. */
      readonly last: boolean;
    };

/** Same sender, at most five minutes apart, on the same day. */
function sameGroup(earlier: ShownMessage, later: ShownMessage): boolean {
  return (
    earlier.sender === later.sender &&
    later.timeMs - earlier.timeMs < groupWithinMs &&
    calendarDaysBetween(earlier.timeMs, later.timeMs) === 0
  );
}

function firstUnreadIndex(messages: readonly ShownMessage[], dividerAfter: Sequence | undefined): number {
  if (dividerAfter === undefined) return -1;
  return messages.findIndex(
    (message) => !message.mine && message.seq !== undefined && message.seq > dividerAfter,
  );
}

export function timelineItems(
  messages: readonly ShownMessage[],
  dividerAfter: Sequence | undefined,
  keyChangesMs: readonly number[] = [],
): readonly TimelineItem[] {
  const unreadAt = firstUnreadIndex(messages, dividerAfter);
  const items: TimelineItem[] = [];
  // What came before the loaded messages is not at its place here.
  const changes = keyChangesMs.filter((timeMs) => timeMs >= (messages[0]?.timeMs ?? 0));
  const hasChangeBetween = (before: ShownMessage, after: ShownMessage): boolean =>
    changes.some((timeMs) => timeMs >= before.timeMs && timeMs < after.timeMs);
  const joins = (before: ShownMessage, after: ShownMessage): boolean =>
    sameGroup(before, after) && !hasChangeBetween(before, after);
  let placed = 0;
  const placeChanges = (belowMs: number): void => {
    for (; placed < changes.length && changes[placed]! < belowMs; placed += 1) {
      items.push({ type: "key-change", key: `key-change-${changes[placed]}` });
    }
  };
  for (const [index, message] of messages.entries()) {
    const before = messages[index - 1];
    const after = messages[index + 1];
    placeChanges(message.timeMs);
    const newDay = before === undefined || calendarDaysBetween(before.timeMs, message.timeMs) !== 0;
    if (newDay) items.push({ type: "day", key: `day-${message.key}`, timeMs: message.timeMs });
    if (index === unreadAt) items.push({ type: "unread", key: "unread" });
    items.push({
      type: "message",
      key: message.key,
      message,
      first: newDay || index === unreadAt || before === undefined || !joins(before, message),
      last: after === undefined || index + 1 === unreadAt || !joins(message, after),
    });
  }
  placeChanges(Infinity);
  return items;
}
