/** The events of a conversation's socket by what is done with them, each kind in the order of arrival. */
import type { DownEvent } from "#schema/protocol/down.ts";
import type { MessageAck, MessageNew, MessageRefused } from "#schema/protocol/message.ts";
import type { Receipt, ReceiptLow } from "#schema/protocol/receipt.ts";
import type { TypingDown } from "#schema/protocol/typing.ts";

export function sortEvents(events: readonly DownEvent[]) {
  const messages: MessageNew[] = [];
  const acks: MessageAck[] = [];
  const refusals: MessageRefused[] = [];
  const receipts: Receipt[] = [];
  const lows: ReceiptLow[] = [];
  const typing: TypingDown[] = [];
  for (const event of events) {
    if (event.type === "message:new") messages.push(event);
    else if (event.type === "message:ack") acks.push(event);
    else if (event.type === "message:refused") refusals.push(event);
    else if (event.type === "receipt") receipts.push(event);
    else if (event.type === "receipt:low") lows.push(event);
    else if (event.type === "conversation:resumed") {
      receipts.push(...event.receipts);
      if (event.low !== undefined) lows.push(event.low);
    } else if (event.type === "typing:start" || event.type === "typing:stop") typing.push(event);
  }
  return { messages, acks, refusals, receipts, lows, typing };
}

/** The same for the inbox: what tells where conversations stand. */
export function sortInboxEvents(events: readonly DownEvent[]) {
  const updates = events.filter((event) => event.type === "conversation:update");
  const states = events.filter((event) => event.type === "inbox:state");
  const receipts: Receipt[] = [];
  const lows: ReceiptLow[] = [];
  for (const event of events) {
    if (event.type === "receipt") receipts.push(event);
    if (event.type === "receipt:low") lows.push(event);
    if (event.type !== "conversation:update") continue;
    receipts.push(...(event.receipts ?? []));
    if (event.low !== undefined) lows.push(event.low);
  }
  const summaries = events.flatMap((event) => {
    if (event.type === "inbox:state") return event.conversations;
    return event.type === "conversation:update" ? [event.summary] : [];
  });
  return { summaries, updates, receipts, lows, isComplete: states.some(({ more }) => !more) };
}
