/** Turns messages into what a conversation shows: day separators, the unread divider, runs with tails, system lines. Pure. */
import type { GroupChangeView, PersonView } from "#core/client-api.ts";
import type { Sequence } from "#schema/ids.ts";
import { calendarDaysBetween } from "../../i18n/format.ts";
import type { ShownMessage } from "../../state/message-window.ts";
import type { KeyChange } from "../../state/trust-in.ts";

const groupWithinMs = 5 * 60_000;

export type TimelineItem =
  | { readonly type: "day"; readonly key: string; readonly timeMs: number }
  | { readonly type: "unread"; readonly key: "unread" }
  | { readonly type: "key-change"; readonly key: string; readonly person: PersonView }
  /** What was done to the group, with nothing said in between. */
  | { readonly type: "changes"; readonly key: string; readonly changes: readonly GroupChangeMessage[] }
  | {
      readonly type: "message";
      readonly key: string;
      readonly message: ShownMessage;
      /** Opens a group: a little more air above. */
      readonly first: boolean;
      /** Closes a group: carries the tail. */
      readonly last: boolean;
    };

/** A message that is a system line. */
export interface GroupChangeMessage extends ShownMessage {
  readonly content: { readonly type: "group_change"; readonly change: GroupChangeView };
}

function isGroupChange(message: ShownMessage): message is GroupChangeMessage {
  return message.content.type === "group_change";
}

/** Same sender, at most five minutes apart, on the same day. */
function sameGroup(earlier: ShownMessage, later: ShownMessage): boolean {
  return (
    !isGroupChange(earlier) &&
    !isGroupChange(later) &&
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
  keyChanges: readonly KeyChange[] = [],
): readonly TimelineItem[] {
  const unreadAt = firstUnreadIndex(messages, dividerAfter);
  const items: TimelineItem[] = [];
  // What came before the loaded messages is not at its place here.
  const changes = keyChanges.filter(({ timeMs }) => timeMs >= (messages[0]?.timeMs ?? 0));
  const hasChangeBetween = (before: ShownMessage, after: ShownMessage): boolean =>
    changes.some(({ timeMs }) => timeMs >= before.timeMs && timeMs < after.timeMs);
  const joins = (before: ShownMessage, after: ShownMessage): boolean =>
    sameGroup(before, after) && !hasChangeBetween(before, after);
  let placed = 0;
  const placeChanges = (belowMs: number): void => {
    for (; placed < changes.length && changes[placed]!.timeMs < belowMs; placed += 1) {
      const { timeMs, person } = changes[placed]!;
      items.push({ type: "key-change", key: `key-change-${person.account}-${timeMs}`, person });
    }
  };
  for (const [index, message] of messages.entries()) {
    const before = messages[index - 1];
    const after = messages[index + 1];
    placeChanges(message.timeMs);
    const newDay = before === undefined || calendarDaysBetween(before.timeMs, message.timeMs) !== 0;
    if (newDay) items.push({ type: "day", key: `day-${message.key}`, timeMs: message.timeMs });
    if (index === unreadAt) items.push({ type: "unread", key: "unread" });
    if (isGroupChange(message)) {
      const run = items.at(-1);
      if (run?.type === "changes") items[items.length - 1] = { ...run, changes: [...run.changes, message] };
      else items.push({ type: "changes", key: `changes-${message.key}`, changes: [message] });
      continue;
    }
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
