/** Virtual time: events run in the order of their due times, and every promise settles before the next one. */

interface Event {
  readonly dueMs: number;
  readonly order: number;
  readonly label: string;
  readonly run: () => void;
}

export class SimClock {
  nowMs = 1_800_000_000_000;
  /** Events run so far. */
  count = 0;
  readonly #heap: Event[] = [];
  readonly #onEvent: (label: string) => void;
  #order = 0;

  constructor(onEvent: (label: string) => void) {
    this.#onEvent = onEvent;
  }

  /** Runs `run` after `delayMs`, in whole milliseconds as every clock has them; returns the function that cancels it. */
  after(delayMs: number, label: string, run: () => void): () => void {
    let isCancelled = false;
    this.#order += 1;
    this.#push({
      dueMs: this.nowMs + Math.ceil(Math.max(0, delayMs)),
      order: this.#order,
      label,
      run: () => {
        if (isCancelled) return;
        this.#onEvent(label);
        run();
      },
    });
    return () => {
      isCancelled = true;
    };
  }

  /** Runs everything due within `durationMs`. */
  async pass(durationMs: number): Promise<void> {
    const untilMs = this.nowMs + durationMs;
    for (let next = this.#heap[0]; next !== undefined && next.dueMs <= untilMs; next = this.#heap[0]) {
      this.#pop();
      this.nowMs = next.dueMs;
      this.count += 1;
      next.run();
      await settle();
    }
    this.nowMs = untilMs;
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}

/** Lets every promise that can go on do so. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
