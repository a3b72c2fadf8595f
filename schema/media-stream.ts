/** What the service worker and a page say to each other about a file that is being played. */
export const mediaPath = "/media/";

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

export function isMediaRead(value: unknown): value is MediaRead {
  return typeof value === "object" && value !== null && "type" in value && value.type === "media_read";
}
