/** Hands requests for files in play to the page that plays them: keys and tokens stay where they are. */
import type { MediaAnswer, MediaRead } from "#schema/media-stream.ts";
import { type MediaRequest, mediaResponse } from "./media-ranges.ts";

declare const self: ServiceWorkerGlobalScope;

/** The page fetches over the network meanwhile; an element that waits longer shows that it stalled. */
const answerTimeoutMs = 60_000;

export async function answerMedia(clientId: string, request: MediaRequest): Promise<Response> {
  const page = await self.clients.get(clientId);
  const answer = page === undefined ? undefined : await ask(page, { type: "media_read", ...request });
  return mediaResponse(request.from, answer ?? { ok: false });
}

function ask(page: Client, question: MediaRead): Promise<MediaAnswer> {
  return new Promise((resolve) => {
    const { port1: port, port2: theirs } = new MessageChannel();
    const timer = setTimeout(() => resolve({ ok: false }), answerTimeoutMs);
    port.addEventListener("message", ({ data }: MessageEvent<MediaAnswer>) => {
      clearTimeout(timer);
      resolve(data);
    });
    port.start();
    page.postMessage(question, [theirs]);
  });
}
