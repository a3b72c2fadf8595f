/** Sends the parts of a sealed file. */
import { partCount, partRange } from "#schema/http/attachments.ts";
import { SottoError } from "#schema/errors.ts";
import { ClientError } from "../client-api.ts";
import type { BlobStore } from "../store/blob-store.ts";
import type { BlobPlace, BlobTransfers } from "./blob-transfers.ts";
import { inOrder } from "./in-order.ts";

/** So that the way to the server is not idle between two parts. */
const partsAhead = 1;

/** The calls that an upload makes. */
export type UploadCalls = Pick<BlobTransfers, "begin" | "putPart" | "complete" | "delete">;

export interface PartsToSend {
  readonly place: BlobPlace;
  /** In the blob store. */
  readonly name: string;
  readonly blobBytes: number;
  /** Parts that the server has. */
  readonly received: readonly number[];
  /** Parts under way beside the one that is waited for; each is in memory for so long. */
  readonly ahead: number;
  readonly signal: AbortSignal;
  /** So much of this part has moved; all of it when the server has it. */
  readonly moved: (part: number, bytes: number) => void;
  /** Resolves when the part lies in the store; false: it is not to be sent. Without it all of them lie there. */
  readonly available?: (part: number) => Promise<boolean>;
}

/** Begins an upload or goes on with it, to its end. Throws as `sendParts`. */
export async function uploadSealed(
  transfers: UploadCalls,
  blobs: BlobStore,
  parts: Omit<PartsToSend, "received" | "available" | "ahead">,
): Promise<void> {
  const { received, complete } = await transfers.begin(parts.place, parts.blobBytes);
  if (complete) return;
  try {
    await sendParts(transfers, blobs, { ...parts, received, ahead: partsAhead });
    await transfers.complete(parts.place);
  } catch (error) {
    if (!(error instanceof SottoError) || error.kind !== "not_found") throw error;
    // The upload was removed meanwhile (a long time offline).
    throw new SottoError("unavailable", "The upload begins again.", { cause: error });
  }
}

/** Throws `ClientError` `file_unreadable` (a piece is gone) and `cancelled`, and `SottoError`. */
export async function sendParts(
  transfers: UploadCalls,
  blobs: BlobStore,
  { place, name, blobBytes, received, ahead, signal, moved, available }: PartsToSend,
): Promise<void> {
  const there = new Set(received);
  const sent = inOrder(partCount(blobBytes), ahead, signal, async (part, stop) => {
    const { from, below } = partRange(blobBytes, part);
    if (!there.has(part)) {
      if ((await available?.(part)) === false) return;
      const bytes = await blobs.read(name, part - 1);
      if (bytes?.length !== below - from) throw new ClientError("file_unreadable");
      if (stop.aborted) throw new ClientError("cancelled");
      await transfers.putPart(place, part, bytes, {
        signal: stop,
        progress: (bytesSent) => moved(part, bytesSent),
      });
    }
    moved(part, below - from);
  });
  for await (const _ of sent) if (signal.aborted) throw new ClientError("cancelled");
}
