/**
 * A server that does nothing but answer, for measuring the generator itself: it takes the same frames, acknowledges
 * each with the product's own event and passes the body on, in one frame per turn of the event loop.
 */
import { WebSocketServer, type WebSocket } from "ws";

const sockets = new Set<WebSocket>();
const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false }, () => {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  console.log(JSON.stringify({ origin: `http://127.0.0.1:${port}` }));
});

/** Of the conversation resumed last; one pair at a time is measured. */
let seq = 0;
let queue: { readonly from: WebSocket; readonly ack: string; readonly event: string }[] = [];

function flush(): void {
  const due = queue;
  queue = [];
  const batch = (events: readonly string[]): string => `{"type":"batch","events":[${events.join(",")}]}`;
  const from = due[0]?.from;
  for (const socket of sockets) {
    socket.send(batch(due.map(({ ack, event }) => (socket === from ? ack : event))));
  }
}

const padded = (bytes: number): number => Math.ceil(bytes / 3) * 3;

/** Answers the messages of a frame (schema/protocol/send-frame.ts), taken at its word. */
function answer(from: WebSocket, frame: Buffer): void {
  const text = (at: number, bytes: number): string => frame.toString("base64url", at, at + bytes);
  let at = 21;
  for (let left = frame.readUInt16BE(1); left > 0; left -= 1) {
    const id = text(at, 16);
    const [lists, capsules] = [frame.readUInt16BE(at + 18), frame.readUInt16BE(at + 20)];
    const bodyBytes = frame.readUInt32BE(at + 22);
    at += 27 + 24 * lists;
    for (let each = 0; each < capsules; each += 1) at += 24 + padded(frame.readUInt16BE(at + 22));
    const body = text(at, bodyBytes);
    at += padded(bodyBytes);
    seq += 1;
    const ack = `{"type":"message:ack","clientMessageId":"${id}","seq":${seq}}`;
    const event = `{"type":"message:new","seq":${seq},"clientMessageId":"${id}","body":"${body}"}`;
    queue.push({ from, ack, event });
    if (queue.length === 1) setImmediate(flush);
  }
}

server.on("connection", (socket) => {
  sockets.add(socket);
  socket.on("close", () => sockets.delete(socket));
  socket.on("message", (data: Buffer, isBinary: boolean) => {
    if (isBinary) answer(socket, data);
    else if (data.includes('"conversation:resume"'))
      socket.send(`{"type":"conversation:resumed","lastSeq":${seq},"more":false}`);
  });
});
