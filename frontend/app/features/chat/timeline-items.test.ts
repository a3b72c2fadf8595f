import { expect, test } from "vitest";
import { fakeId } from "#test/support/fake-client-data.ts";
import type { AccountId, ClientMessageId, ConversationId } from "#schema/ids.ts";
import type { ShownMessage } from "../../state/message-window.ts";
import type { KeyChange } from "../../state/trust-in.ts";
import { timelineItems } from "./timeline-items.ts";

const noon = new Date(2026, 10, 20, 12, 0).getTime();
const minute = 60_000;

function message(key: string, sender: "me" | "them", timeMs: number, seq: number | undefined): ShownMessage {
  return {
    key,
    conversationId: fakeId<ConversationId>("chat"),
    clientMessageId: fakeId<ClientMessageId>(key),
    seq,
    outboxPosition: seq === undefined ? 1 : undefined,
    mine: sender === "me",
    sender: fakeId<AccountId>(sender),
    senderName: sender,
    timeMs,
    content: { type: "text", text: key },
    delivery: sender === "me" ? "sent" : undefined,
  };
}

/** One line per item: `day`, `unread`, or the key with ^ where a group opens and . where it closes. */
function outline(messages: readonly ShownMessage[], dividerAfter?: number): readonly string[] {
  return timelineItems(messages, dividerAfter).map((item) =>
    item.type === "message"
      ? `${item.first ? "^" : ""}${item.key}${item.last ? "." : ""}`
      : item.type === "changes"
        ? `[${item.changes.map(({ key }) => key).join(" ")}]`
        : item.type,
  );
}

test("messages of one sender within five minutes form a group", () => {
  const messages = [
    message("a", "them", noon, 1),
    message("b", "them", noon + 4 * minute, 2),
    message("c", "them", noon + 9 * minute, 3),
    message("d", "me", noon + 9 * minute, 4),
  ];
  expect(outline(messages)).toEqual(["day", "^a", "b.", "^c.", "^d."]);
});

test("a new day gets its separator and closes the group", () => {
  const messages = [
    message("a", "them", new Date(2026, 10, 20, 23, 59).getTime(), 1),
    message("b", "them", new Date(2026, 10, 21, 0, 1).getTime(), 2),
  ];
  expect(outline(messages)).toEqual(["day", "^a.", "day", "^b."]);
});

test("the unread divider stands before the first message of others after the watermark", () => {
  const messages = [
    message("a", "them", noon, 1),
    message("mine", "me", noon + minute, 2),
    message("b", "them", noon + 2 * minute, 3),
    message("c", "them", noon + 3 * minute, 4),
  ];
  expect(outline(messages, 1)).toEqual(["day", "^a.", "^mine.", "unread", "^b", "c."]);
});

test("the unread divider splits a group", () => {
  const messages = [message("a", "them", noon, 1), message("b", "them", noon + minute, 2)];
  expect(outline(messages, 1)).toEqual(["day", "^a.", "unread", "^b."]);
});

test("without unread messages of others there is no divider", () => {
  const messages = [message("a", "them", noon, 1), message("out", "me", noon + minute, undefined)];
  expect(outline(messages, 1)).toEqual(["day", "^a.", "^out."]);
});

const them = fakeId<AccountId>("them");
const keyChange = (timeMs: number): KeyChange => ({ timeMs, person: { account: them, username: "them" } });

test("a changed key is a line at its time, which parts a group; what came before the loaded messages is left out", () => {
  const shown = [
    message("a", "them", noon, 1),
    message("b", "them", noon + minute, 2),
    message("c", "them", noon + 2 * minute, 3),
  ];
  const place = (...changes: readonly number[]): readonly string[] =>
    timelineItems(shown, undefined, changes.map(keyChange)).map((item) =>
      item.type === "message" ? `${item.first ? "^" : ""}${item.key}${item.last ? "." : ""}` : item.type,
    );
  expect(place(noon - minute)).toEqual(["day", "^a", "b", "c."]);
  expect(place(noon + 1.5 * minute)).toEqual(["day", "^a", "b.", "key-change", "^c."]);
  expect(place(noon + 1, noon + 9 * minute)).toEqual(["day", "^a.", "key-change", "^b", "c.", "key-change"]);
  const empty = timelineItems([], undefined, [keyChange(noon)]);
  expect(empty).toEqual([
    { type: "key-change", key: `key-change-${them}-${noon}`, person: keyChange(noon).person },
  ]);
});

function change(key: string, timeMs: number, seq: number): ShownMessage {
  return {
    ...message(key, "them", timeMs, seq),
    content: { type: "group_change", change: { type: "dissolved" } },
  };
}

test("what is done to a group gathers in runs, and no run of bubbles goes across it", () => {
  const messages = [
    change("made", noon, 1),
    change("added", noon + minute, 2),
    message("a", "them", noon + minute, 3),
    change("named", noon + 2 * minute, 4),
    message("b", "them", noon + 2 * minute, 5),
    message("c", "them", noon + 2 * minute, 6),
  ];
  expect(outline(messages)).toEqual(["day", "[made added]", "^a.", "[named]", "^b", "c."]);
});

test("the unread divider and a new day split a run of changes", () => {
  const changes = [change("a", noon, 1), change("b", noon + minute, 2), change("c", noon + 1440 * minute, 3)];
  expect(outline(changes, 1)).toEqual(["day", "[a]", "unread", "[b]", "day", "[c]"]);
});
