/**
 * Films and sound that play while they are fetched. The element asks for ranges of `/media/…`; the service worker asks
 * this page, and this page asks the client, which fetches and opens just that range. Neither keys nor tokens ever reach
 * the service worker.
 */
import { type AttachmentRef, type AttachmentView, type ClientApi } from "#core/client-api.ts";
import type { MediaAnswer, MediaPath, MediaRead } from "#schema/media-stream.ts";
import { readFile } from "./media-urls.ts";

const mediaPath: MediaPath = "/media/";

function isMediaRead(value: unknown): value is MediaRead {
  return typeof value === "object" && value !== null && "type" in value && value.type === "media_read";
}

export interface PlayableFile {
  readonly url: string;
  close(): void;
}

export interface Streams {
  /** An address that an element can play. Without a service worker the whole file is fetched first. */
  open(ref: AttachmentRef, view: AttachmentView): Promise<PlayableFile>;
}

interface OpenStream {
  readonly ref: AttachmentRef;
  readonly view: AttachmentView;
}

export function createStreams(api: ClientApi): Streams {
  const open = new Map<string, OpenStream>();
  const container = "serviceWorker" in navigator ? navigator.serviceWorker : undefined;

  async function answer(stream: OpenStream | undefined, from: number, length: number): Promise<MediaAnswer> {
    if (stream === undefined) return { ok: false };
    const { ref, view } = stream;
    try {
      const bytes = await api.readAttachment(ref, from, length);
      return { ok: true, bytes, mime: view.mime, sizeBytes: view.sizeBytes };
    } catch {
      return { ok: false }; // the element tells that it cannot go on
    }
  }

  async function reply(
    port: MessagePort,
    stream: OpenStream | undefined,
    from: number,
    length: number,
  ): Promise<void> {
    const result = await answer(stream, from, length);
    port.postMessage(result, result.ok ? [result.bytes.buffer] : []);
  }

  container?.addEventListener("message", (event: MessageEvent) => {
    const [port] = event.ports;
    if (port === undefined || !isMediaRead(event.data)) return;
    const { stream, from, length } = event.data;
    void reply(port, open.get(stream), from, length);
  });

  return {
    async open(ref, view) {
      const isServed = container !== undefined && container.controller !== null;
      if (!isServed) {
        const url = URL.createObjectURL(await readFile(api, ref, view, view.mime));
        return { url, close: () => URL.revokeObjectURL(url) };
      }
      const stream = crypto.randomUUID();
      open.set(stream, { ref, view });
      return { url: mediaPath + stream, close: () => void open.delete(stream) };
    },
  };
}
