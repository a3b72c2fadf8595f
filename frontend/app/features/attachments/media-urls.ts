/** Addresses under which opened files can be shown. They live in this page only and are given back when many came after. */
import type { AttachmentRef, AttachmentView, ClientApi } from "#core/client-api.ts";
import { isSafePicture, tryPictureSize } from "#core/attachments/picture-size.ts";

const pieceBytes = 4 * 1024 * 1024;
const urlsMax = 80;

/** The file is no picture, or one that must not be given to a decoder. */
class NotAPictureError extends Error {
  override readonly name = "NotAPictureError";
}

export interface MediaUrls {
  /** Fetches and opens a picture. Rejects with `ClientError` or `NotAPictureError`. */
  picture(ref: AttachmentRef, view: AttachmentView): Promise<string>;
  /** The address when the picture was opened before. */
  known(ref: AttachmentRef): string | undefined;
  /** Shows an own file before it is sealed. */
  preview(bytes: Uint8Array): string | undefined;
  /** Forgets everything that was opened; pictures still being opened are dropped when they come. */
  clear(): void;
}

export function keyOf({ conversationId, clientMessageId, index }: Omit<AttachmentRef, "seq">): string {
  return `${conversationId}/${clientMessageId}/${index}`;
}

/** Reads a whole file; the browser keeps the pieces of a large one on its disk. */
export async function readFile(
  api: ClientApi,
  ref: AttachmentRef,
  view: AttachmentView,
  type: string,
): Promise<Blob> {
  const parts: Blob[] = [];
  for (let at = 0; at < view.sizeBytes; at += pieceBytes) {
    parts.push(new Blob([await api.readAttachment(ref, at, pieceBytes)]));
  }
  return new Blob(parts, { type });
}

export function createMediaUrls(api: ClientApi): MediaUrls {
  const urls = new Map<string, Promise<string>>();
  const ready = new Map<string, string>();
  let era = 0;
  const previews = new WeakMap<Uint8Array, string>();

  async function open(ref: AttachmentRef, view: AttachmentView): Promise<string> {
    await api.downloadAttachment(ref);
    const head = await api.readAttachment(ref, 0, Math.min(view.sizeBytes, 1_048_576));
    const size = tryPictureSize(head);
    if (!isSafePicture(size)) throw new NotAPictureError("not a picture");
    return URL.createObjectURL(await readFile(api, ref, view, size.mime));
  }

  function forgetOldest(): void {
    const [oldest] = ready;
    if (ready.size <= urlsMax || oldest === undefined) return;
    ready.delete(oldest[0]);
    urls.delete(oldest[0]);
    URL.revokeObjectURL(oldest[1]);
  }

  return {
    picture(ref, view) {
      const key = keyOf(ref);
      const known = urls.get(key);
      if (known !== undefined) return known;
      const begunIn = era;
      const opening = open(ref, view).then(
        (url) => {
          if (begunIn !== era) URL.revokeObjectURL(url);
          else ready.set(key, url);
          forgetOldest();
          return url;
        },
        (error: unknown) => {
          if (begunIn === era) urls.delete(key); // another look tries again
          throw error;
        },
      );
      urls.set(key, opening);
      return opening;
    },
    clear() {
      era += 1;
      for (const url of ready.values()) URL.revokeObjectURL(url);
      ready.clear();
      urls.clear();
    },
    known: (ref) => ready.get(keyOf(ref)),
    preview(bytes) {
      const known = previews.get(bytes);
      if (known !== undefined) return known;
      const size = tryPictureSize(bytes);
      if (size === undefined || size.width > 128 || size.height > 128) return undefined;
      const url = `data:${size.mime};base64,${btoa(String.fromCharCode(...bytes))}`;
      previews.set(bytes, url);
      return url;
    },
  };
}
