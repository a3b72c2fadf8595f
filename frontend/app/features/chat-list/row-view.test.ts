import { expect, test } from "vitest";
import type { ConversationView } from "#core/client-api.ts";
import { createFakeClient } from "#test/support/fake-client.ts";
import { conversations } from "#test/support/fake-client-data.ts";
import { nameOf } from "../../state/conversation-name.ts";
import { formatBadge, neighbour, rowView, totalUnread } from "./row-view.ts";

const nowMs = new Date(2026, 10, 20, 16, 42).getTime();
const views = await createFakeClient({
  signedIn: true,
  conversations: conversations(nowMs),
  now: () => nowMs,
}).api.listConversations();

function viewOf(username: string): ConversationView {
  const view = views.find((one) => nameOf(one) === username);
  if (view === undefined) throw new Error(username);
  return view;
}

test("typing comes before everything else", () => {
  expect(rowView(viewOf("anna.lindqvist"), false, nowMs).preview).toEqual({ type: "typing" });
});

test("a draft shows in the list, but not of the chat in which it is being written", () => {
  expect(rowView(viewOf("jonas.b"), false, nowMs).preview).toEqual({
    type: "draft",
    text: "And could you ask whether",
  });
  expect(rowView(viewOf("jonas.b"), true, nowMs).preview).toEqual({
    type: "message",
    mine: true,
    text: "Here is the list for the kitchen: soup bowls, twelve spoons, the big pot",
    delivery: "failed",
  });
});

test("the label says name, unread, preview with state, and time", () => {
  const view = viewOf("ilse");
  const { time } = rowView(view, false, nowMs);
  expect(rowView(view, false, nowMs).label).toBe(
    `ilse, You: Keep it warm for me until Friday, Delivered, ${time}`,
  );
  expect(rowView(viewOf("tomas_v"), false, nowMs).label).toMatch(
    /^tomas_v, 3 unread messages, So no excuses, /,
  );
});

test("line breaks in a preview become spaces; an unreadable message says why", () => {
  const view = viewOf("ilse");
  const { preview } = view;
  if (preview === undefined) throw new Error("no preview");
  const twoLines = {
    ...view,
    preview: { ...preview, content: { type: "text", text: "one\n\n two" } as const },
  };
  expect(rowView(twoLines, false, nowMs).preview).toMatchObject({ text: "one two" });
  const broken = {
    ...view,
    preview: { ...preview, content: { type: "unreadable", reason: "broken" } as const },
  };
  expect(rowView(broken, false, nowMs).preview.type).toBe("quiet");
});

test.each([
  [0, ""],
  [7, "7"],
  [99, "99"],
  [100, "99+"],
])("%i unread messages show as %j", (unread, expected) => {
  expect(formatBadge(unread)).toBe(expected);
});

test("the title counts the unread messages of all conversations", () => {
  expect(totalUnread(views)).toBe(121);
});

test("Alt with arrows walks the list and stops at its ends", () => {
  const ids = ["a", "b", "c"];
  expect(neighbour(ids, undefined, 1)).toBe("a");
  expect(neighbour(ids, "a", 1)).toBe("b");
  expect(neighbour(ids, "c", 1)).toBe(undefined);
  expect(neighbour(ids, "a", -1)).toBe(undefined);
  expect(neighbour(ids, "elsewhere", -1)).toBe("a");
});
