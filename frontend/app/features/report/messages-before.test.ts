import { expect, test } from "vitest";
import type { AccountId, ClientMessageId, ConversationId } from "#schema/ids.ts";
import { fakeId } from "#test/support/fake-client-data.ts";
import type { ShownMessage } from "../../state/message-window.ts";
import { messagesBefore } from "./messages-before.ts";

function message(seq: number | undefined, isReadable = true): ShownMessage {
  return {
    key: `m${seq}`,
    conversationId: fakeId<ConversationId>("chat"),
    clientMessageId: fakeId<ClientMessageId>(`m${seq}`),
    seq,
    outboxPosition: seq === undefined ? 1 : undefined,
    mine: false,
    sender: fakeId<AccountId>("them"),
    senderName: "them",
    timeMs: 0,
    content: isReadable ? { type: "text", text: "" } : { type: "unreadable", reason: "broken" },
    delivery: undefined,
  };
}

const seqs = (all: readonly ShownMessage[], reported: number): (number | undefined)[] =>
  messagesBefore(all, message(reported)).map(({ seq }) => seq);

test("the five readable ones before it, in order; nothing after it, nothing unsent, nothing from a hundred messages ago", () => {
  const all = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((seq) => message(seq, seq !== 6));
  expect(seqs([...all, message(undefined)], 8)).toEqual([2, 3, 4, 5, 7]);
  expect(seqs(all, 1)).toEqual([]);
  expect(seqs([message(1), message(2), message(101)], 101)).toEqual([2]);
  expect(messagesBefore(all, message(undefined))).toEqual([]);
});
