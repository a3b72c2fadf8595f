/** Load on one conversation: a sender with a fixed number of messages in flight, and a listener that counts. */
import { subprotocol } from "#schema/protocol/version.ts";

export interface LoadTarget {
  readonly url: string;
  /** Entries of Sec-WebSocket-Protocol. */
  readonly protocols: readonly string[];
  readonly conversationId: string;
}

export interface LoadFigures {
  readonly messagesPerSecond: number;
  /** Milliseconds from send to acknowledgement. */
  readonly ackP50Ms: number;
  readonly ackP99Ms: number;
  /** Messages that reached the listener, out of those acknowledged. */
  readonly delivered: number;
  readonly acknowledged: number;
}

/** Makes the text of a `message:send` frame for a fresh client message id. */
export type FrameMaker = () => { readonly clientMessageId: string; readonly text: string };

type DownFrame = {
  readonly type: string;
  readonly clientMessageId?: string;
  readonly more?: boolean;
  readonly lastSeq?: number;
  readonly events?: readonly DownFrame[];
};

function eventsOf(text: string): readonly DownFrame[] {
  const frame = JSON.parse(text) as DownFrame;
  return frame.type === "batch" ? (frame.events ?? []) : [frame];
}

/** Opens a socket and resumes at the end of the log, so that live events arrive. */
export function openResumed(target: LoadTarget): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(target.url, [...target.protocols]);
    socket.addEventListener("open", () => {
      if (socket.protocol !== subprotocol) reject(new Error("the server did not take the subprotocol"));
      const { conversationId } = target;
      socket.send(JSON.stringify({ type: "conversation:resume", conversationId, after: 0 }));
    });
    socket.addEventListener("close", (event) => reject(new Error(`closed ${event.code} ${event.reason}`)));
    const onMessage = (event: MessageEvent): void => {
      const resumed = eventsOf(String(event.data)).find((down) => down.type === "conversation:resumed");
      if (resumed === undefined) return;
      if (resumed.more === true) {
        const { conversationId } = target;
        socket.send(JSON.stringify({ type: "conversation:resume", conversationId, after: resumed.lastSeq }));
        return;
      }
      socket.removeEventListener("message", onMessage);
      resolve(socket);
    };
    socket.addEventListener("message", onMessage);
  });
}

export async function runLoad(
  sender: LoadTarget,
  listener: LoadTarget,
  options: { inFlight: number; warmUpMs: number; measureMs: number; frame: FrameMaker },
): Promise<LoadFigures> {
  const [from, to] = await Promise.all([openResumed(sender), openResumed(listener)]);
  const sentAt = new Map<string, number>();
  const latencies: number[] = [];
  let acknowledged = 0;
  let delivered = 0;
  let counting = false;
  let sending = true;
  let allAcknowledged: () => void = () => {};

  function sendOne(): void {
    const { clientMessageId, text } = options.frame();
    sentAt.set(clientMessageId, performance.now());
    from.send(text);
  }

  to.addEventListener("message", (event) => {
    for (const down of eventsOf(String(event.data))) if (down.type === "message:new") delivered++;
  });
  const failure = new Promise<never>((_, reject) => {
    from.addEventListener("message", (event) => {
      for (const down of eventsOf(String(event.data))) {
        if (down.type === "message:refused" || down.type === "error") reject(new Error(JSON.stringify(down)));
        if (down.type !== "message:ack") continue;
        const started = sentAt.get(down.clientMessageId ?? "");
        if (started === undefined) continue;
        sentAt.delete(down.clientMessageId ?? "");
        acknowledged++;
        if (counting) latencies.push(performance.now() - started);
        if (sending) sendOne();
        else if (sentAt.size === 0) allAcknowledged();
      }
    });
  });
  failure.catch(() => {});

  for (let i = 0; i < options.inFlight; i++) sendOne();
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  await Promise.race([pause(options.warmUpMs), failure]);
  counting = true;
  const startedAt = performance.now();
  const before = acknowledged;
  await Promise.race([pause(options.measureMs), failure]);
  const seconds = (performance.now() - startedAt) / 1000;
  const measured = acknowledged - before;
  counting = false;
  const drained = new Promise<void>((resolve) => {
    allAcknowledged = resolve;
  });
  sending = false;
  if (sentAt.size > 0) await Promise.race([drained, failure]);
  for (let i = 0; i < 100 && delivered < acknowledged; i++) await pause(20);
  from.close(1000);
  to.close(1000);
  latencies.sort((a, b) => a - b);
  return {
    messagesPerSecond: measured / seconds,
    ackP50Ms: latencies[Math.floor(latencies.length * 0.5)] ?? Number.NaN,
    ackP99Ms: latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN,
    delivered,
    acknowledged,
  };
}
