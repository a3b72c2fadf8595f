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

const sendHead = '{"type":"message:send"';

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

function answer(from: WebSocket, text: string, at: number): void {
  const idAt = text.indexOf('"clientMessageId":"', at) + 19;
  const id = text.slice(idAt, idAt + 22);
  const bodyAt = text.indexOf('"body":"', at) + 8;
  const body = text.slice(bodyAt, text.indexOf('"', bodyAt));
  seq += 1;
  const ack = `{"type":"message:ack","clientMessageId":"${id}","seq":${seq}}`;
  const event = `{"type":"message:new","seq":${seq},"clientMessageId":"${id}","body":"${body}"}`;
  queue.push({ from, ack, event });
  if (queue.length === 1) setImmediate(flush);
}

server.on("connection", (socket) => {
  sockets.add(socket);
  socket.on("close", () => sockets.delete(socket));
  socket.on("message", (data: Buffer) => {
    const text = data.toString("latin1");
    if (text.startsWith('{"type":"conversation:resume"')) {
      return socket.send(`{"type":"conversation:resumed","lastSeq":${seq},"more":false}`);
    }
    // Alone in its frame or packed with others.
    for (let at = text.indexOf(sendHead); at !== -1; at = text.indexOf(sendHead, at + 1))
      answer(socket, text, at);
  });
});
