/** Short notes at the edge of the screen; they leave by themselves. */
import { signal, type ReadonlySignal } from "@preact/signals";

interface Toast {
  readonly id: number;
  readonly text: string;
}

export interface Toasts {
  readonly shown: ReadonlySignal<readonly Toast[]>;
  readonly show: (text: string) => void;
  readonly dismiss: (id: number) => void;
  readonly clear: () => void;
}

const visibleMs = 5_000;
const atOnceMax = 3;

export function createToasts(later: (task: () => void, delayMs: number) => void = setTimeout): Toasts {
  const shown = signal<readonly Toast[]>([]);
  let nextId = 1;
  const dismiss = (id: number): void => {
    shown.value = shown.value.filter((toast) => toast.id !== id);
  };
  return {
    shown,
    dismiss,
    clear() {
      shown.value = [];
    },
    show(text) {
      const id = nextId;
      nextId += 1;
      // The same sentence twice says nothing new.
      const others = shown.value.filter((toast) => toast.text !== text);
      shown.value = [...others, { id, text }].slice(-atOnceMax);
      later(() => dismiss(id), visibleMs);
    },
  };
}
