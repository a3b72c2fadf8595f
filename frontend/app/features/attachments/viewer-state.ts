/** Which picture or film fills the screen. */
import { signal, type ReadonlySignal } from "@preact/signals";
import type { FileItem } from "./item.ts";

export interface ViewerPlace {
  /** Pictures and films of one message, in order. */
  readonly items: readonly FileItem[];
  readonly index: number;
  readonly mine: boolean;
  readonly timeMs: number;
}

export interface ViewerState {
  readonly place: ReadonlySignal<ViewerPlace | undefined>;
  open(place: ViewerPlace): void;
  /** To a neighbour; at the ends nothing happens. */
  step(by: 1 | -1): void;
  close(): void;
}

export function createViewer(): ViewerState {
  const place = signal<ViewerPlace | undefined>(undefined);
  return {
    place,
    open: (next) => {
      place.value = next;
    },
    step(by) {
      const current = place.peek();
      const index = (current?.index ?? 0) + by;
      if (current !== undefined && current.items[index] !== undefined) place.value = { ...current, index };
    },
    close: () => {
      place.value = undefined;
    },
  };
}
