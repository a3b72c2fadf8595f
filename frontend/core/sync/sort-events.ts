/** The events of a conversation's socket by what is done with them, each kind in the order of arrival. */
import type { DownEvent } from "#schema/protocol/down.ts";
import type { MessageAck, MessageNew, MessageRefused } from "#schema/protocol/message.ts";
import type { Receipt } from "#schema/protocol/receipt.ts";
import type { TypingDown } from "#schema/protocol/typing.ts";

export function sortEvents(events: readonly DownEvent[]) {
  const messages: MessageNew[] = [];
  const acks: MessageAck[] = [];
  const refusals: MessageRefused[] = [];
  const receipts: Receipt[] = [];
  const typing: TypingDown[] = [];
  for (const event of events) {
    if (event.type === "message:new") messages.push(event);
    else if (event.type === "message:ack") acks.push(event);
    else if (event.type === "message:refused") refusals.push(event);
    else if (event.type === "receipt") receipts.push(event);
    else if (event.type === "conversation:resumed") receipts.push(...event.receipts);
    else if (event.type === "typing:start" || event.type === "typing:stop") typing.push(event);
  }
  return { messages, acks, refusals, receipts, typing };
}
