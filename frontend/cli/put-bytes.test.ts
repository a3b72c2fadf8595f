import { createServer, type RequestListener, type Server } from "node:http";
import { afterEach, expect, test } from "vitest";
import { putBytes } from "./put-bytes.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return `http://127.0.0.1:${address.port}/part`;
}

const body = Uint8Array.from({ length: 1_000_000 }, (_, at) => at * 31);
const never = new AbortController().signal;

test("puts bytes with their headers, tells how far it is, and gives status and answer", async () => {
  const url = await serve((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const { method, headers } = request;
      const received = { method, type: headers["content-type"], length: headers["content-length"] };
      const isSame = Buffer.concat(parts).equals(body);
      response.writeHead(201).end(JSON.stringify({ ...received, isSame, text: "já" }));
    });
  });
  const told: number[] = [];
  const headers = { "content-type": "application/octet-stream" };
  const answer = await putBytes(url, { headers, body, signal: never, progress: (at) => told.push(at) });
  expect({ ...answer, text: JSON.parse(answer.text) }).toEqual({
    status: 201,
    text: { method: "PUT", type: "application/octet-stream", length: "1000000", isSame: true, text: "já" },
  });
  expect(told).toEqual([0, 262_144, 524_288, 786_432, 1_000_000]);
});

test("rejects when the connection ends, when nobody listens, and when it is broken off", async () => {
  const url = await serve((request) => request.socket.destroy());
  const input = { headers: {}, body, progress: () => undefined };
  await expect(putBytes(url, { ...input, signal: never })).rejects.toThrow();
  await expect(putBytes("http://127.0.0.1:1/", { ...input, signal: never })).rejects.toThrow("ECONNREFUSED");
  const abort = new AbortController();
  const silent = await serve(() => abort.abort());
  await expect(putBytes(silent, { ...input, signal: abort.signal })).rejects.toThrow("aborted");
});
