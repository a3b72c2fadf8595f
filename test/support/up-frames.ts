/** Frames on their way up as tests say and read them: events as objects or JSON, whatever they look like on the wire. */
import type { Bytes } from "#schema/envelope/bytes.ts";
import type { MessageSend } from "#schema/protocol/message.ts";
import { decodeSends, packSends } from "#schema/protocol/send-frame.ts";

/** The frame that carries `event`. */
export function upFrame(event: unknown): string | Bytes {
  const sends = sendsOf(event);
  return sends === undefined ? JSON.stringify(event) : sendFrame(sends);
}

/** From JSON to what a server gets. */
export function receivedFrame(text: string): string | ArrayBuffer {
  const mayBeSends = text.startsWith('{"type":"message:send"') || text.startsWith('{"type":"batch"');
  const sends = mayBeSends ? sendsOf(JSON.parse(text)) : undefined;
  return sends === undefined ? text : sendFrame(sends).buffer;
}

export function sendFrame(messages: readonly MessageSend[]): Bytes {
  const [frame, ...more] = packSends(messages);
  if (frame === undefined || more.length > 0) throw new Error("this is not one frame");
  return frame;
}

/** What a frame says, as JSON; several messages of one frame as a batch. */
export function readUp(frame: string | Uint8Array): string {
  if (typeof frame === "string") return frame;
  const events = decodeSends(frame);
  return JSON.stringify(events.length === 1 ? events[0] : { type: "batch", events });
}

/** A message, or a batch of them. */
function sendsOf(event: unknown): readonly MessageSend[] | undefined {
  const { type, events } = event as { readonly type?: unknown; readonly events?: readonly MessageSend[] };
  if (type === "batch") return events;
  return type === "message:send" ? [event as MessageSend] : undefined;
}
