/**
 * What the service worker and a page say to each other about a file that is being played. Types alone: the service worker
 * is one plain script and can share no code with the app.
 */

/** Addresses of files in play, followed by the name of the stream. */
export type MediaPath = "/media/";

/** From the service worker, with a port for the answer. */
export interface MediaRead {
  readonly type: "media_read";
  readonly stream: string;
  readonly from: number;
  readonly length: number;
}

export type MediaAnswer =
  | {
      readonly ok: true;
      readonly bytes: Uint8Array<ArrayBuffer>;
      /** Of the whole file. */
      readonly sizeBytes: number;
      readonly mime: string;
    }
  | { readonly ok: false };
