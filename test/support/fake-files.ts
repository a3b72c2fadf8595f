/** Files of the fake client: plain bytes, given in or sent. */
import {
  type AttachmentRef,
  type AttachmentView,
  type ClientApi,
  ClientError,
  type OutgoingFile,
} from "#core/client-api.ts";
import { limits } from "#schema/limits.ts";

type FileApi = Pick<ClientApi, "maxFileBytes" | "downloadAttachment" | "cancelDownload" | "readAttachment">;

export class FakeFiles {
  readonly #files = new Map<string, Blob>();
  readonly #maxFileBytes: number;

  constructor(maxFileBytes: number = limits.maxFileBytes) {
    this.#maxFileBytes = maxFileBytes;
  }

  put(clientMessageId: string, index: number, file: Blob): void {
    this.#files.set(`${clientMessageId}/${index}`, file);
  }

  readonly api: FileApi = {
    maxFileBytes: () => Promise.resolve(this.#maxFileBytes),
    downloadAttachment: async (ref) => void this.#get(ref),
    cancelDownload: () => Promise.resolve(),
    readAttachment: async (ref, from, length) => {
      const bytes = await this.#get(ref)
        .slice(from, from + length)
        .arrayBuffer();
      return new Uint8Array(bytes);
    },
  };

  #get({ clientMessageId, index }: AttachmentRef): Blob {
    const file = this.#files.get(`${clientMessageId}/${index}`);
    if (file === undefined) throw new ClientError("file_gone");
    return file;
  }
}

export function viewOf({ file, name, mime, ...about }: OutgoingFile): AttachmentView {
  return { ...about, name, mime, sizeBytes: file.size, isLocal: true };
}
