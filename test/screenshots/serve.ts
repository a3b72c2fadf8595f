/** Serves a build the way the edge does: its _headers, and the shell for every unknown address. */
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import path from "node:path";

const types: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".webmanifest": "application/manifest+json",
};

/** The headers of the first block of a _headers file, which is the one for every path. */
export function commonHeaders(file: string): Readonly<Record<string, string>> {
  const block = file.split(/\n\s*\n/)[0] ?? "";
  const lines = block.split("\n").slice(1);
  return Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
    }),
  );
}

export async function serveBuild(folder: string): Promise<{ origin: string; server: Server }> {
  const headers = commonHeaders(await readFile(path.join(folder, "_headers"), "utf8"));
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const file = path.join(folder, path.normalize(pathname));
    const shell = path.join(folder, "index.html");
    const send = (content: Buffer, name: string): void => {
      response.writeHead(200, { ...headers, "Content-Type": types[path.extname(name)] ?? "text/plain" });
      response.end(content);
    };
    const fallBack = (): Promise<void> => readFile(shell).then((content) => send(content, shell));
    readFile(file)
      .then((content) => send(content, file))
      .catch(fallBack)
      .catch(() => response.writeHead(500).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { origin: `http://localhost:${address.port}`, server };
}
