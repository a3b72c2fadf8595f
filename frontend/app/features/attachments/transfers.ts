/** How far each file is on its way; one signal per file, so that a step redraws one ring. */
import { signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { AttachmentRef, ClientEvent, TransferState } from "#core/client-api.ts";
import { keyOf } from "./media-urls.ts";

export interface TransferView {
  readonly state: TransferState;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface Transfers {
  of(ref: Omit<AttachmentRef, "seq">): ReadonlySignal<TransferView | undefined>;
  apply(event: ClientEvent & { readonly type: "transfer" }): void;
}

export function createTransfers(): Transfers {
  const signals = new Map<string, Signal<TransferView | undefined>>();
  function at(key: string): Signal<TransferView | undefined> {
    const known = signals.get(key) ?? signal<TransferView | undefined>(undefined);
    signals.set(key, known);
    return known;
  }
  return {
    of: (ref) => at(keyOf(ref)),
    apply(event) {
      const { state, doneBytes, totalBytes } = event;
      at(keyOf(event)).value = { state, doneBytes, totalBytes };
    },
  };
}
