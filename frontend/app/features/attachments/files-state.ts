/** What the app does with files: how far they are, which one fills the screen, saving, playing. */
import {
  type AttachmentRef,
  type AttachmentView,
  type ClientApi,
  ClientError,
  type ClientErrorCode,
} from "#core/client-api.ts";
import { readFile } from "./media-urls.ts";
import { createStreams, type Streams } from "./streams.ts";
import { createTransfers, type Transfers } from "./transfers.ts";
import { createViewer, type ViewerState } from "./viewer-state.ts";

export interface FilesState {
  readonly transfers: Transfers;
  readonly viewer: ViewerState;
  readonly streams: Streams;
  /** Fetches a file and hands it to the browser's downloads: as bytes, so that nothing of it runs here. */
  save(ref: AttachmentRef, view: AttachmentView): void;
  cancel(ref: AttachmentRef): void;
}

/** The browser begins to read a saved file at once; the address is not needed longer. */
const savedUrlMs = 60_000;

export function createFilesState(api: ClientApi, onError: (code: ClientErrorCode) => void): FilesState {
  async function save(ref: AttachmentRef, view: AttachmentView): Promise<void> {
    await api.downloadAttachment(ref);
    const url = URL.createObjectURL(await readFile(api, ref, view, "application/octet-stream"));
    const link = document.createElement("a");
    link.href = url;
    link.download = view.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), savedUrlMs);
  }

  return {
    transfers: createTransfers(),
    viewer: createViewer(),
    streams: createStreams(api),
    save(ref, view) {
      save(ref, view).catch((error: unknown) => {
        const code = error instanceof ClientError ? error.code : "internal";
        if (code !== "cancelled") onError(code);
      });
    },
    cancel(ref) {
      api.cancelDownload(ref).catch(() => undefined); // what is not under way needs no end
    },
  };
}
