/** The runtime's inspector: numbered requests over a WebSocket. */
import { get, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { WebSocket } from "ws";

export interface Inspector {
  send(method: string, params?: object): Promise<unknown>;
  close(): void;
}

export async function openInspector(port: number): Promise<Inspector> {
  // On a connection of its own: a kept one may be closed by the other side just when it is used again.
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`http://127.0.0.1:${port}/json`, { agent: false }, resolve).on("error", reject);
  });
  const targets = JSON.parse(await text(answer)) as { readonly webSocketDebuggerUrl: string }[];
  const [target] = targets;
  if (target === undefined) throw new Error("the inspector offers nothing");
  const socket = new WebSocket(target.webSocketDebuggerUrl, { maxPayload: 0 });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  let last = 0;
  return {
    send: (method, params = {}) =>
      new Promise((resolve, reject) => {
        const onClose = (): void => reject(new Error(`${method}: the runtime has ended`));
        socket.once("close", onClose);
        last += 1;
        const id = last;
        const onMessage = (data: Buffer): void => {
          const answer = JSON.parse(data.toString()) as { id?: number; result?: unknown; error?: object };
          if (answer.id !== id) return;
          socket.removeListener("message", onMessage);
          socket.removeListener("close", onClose);
          if (answer.error === undefined) resolve(answer.result);
          else reject(new Error(`${method}: ${JSON.stringify(answer.error)}`));
        };
        socket.on("message", onMessage);
        socket.send(JSON.stringify({ id, method, params }));
      }),
    close: () => socket.close(),
  };
}

/** What the isolate's heap holds after a collection: objects, and the buffers that belong to them. */
export async function usedHeapBytes(port: number): Promise<number> {
  const inspector = await openInspector(port);
  try {
    await inspector.send("HeapProfiler.collectGarbage");
    const usage = (await inspector.send("Runtime.getHeapUsage")) as {
      usedSize: number;
      backingStorageSize?: number;
    };
    return usage.usedSize + (usage.backingStorageSize ?? 0);
  } finally {
    inspector.close();
  }
}
