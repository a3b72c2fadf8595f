/** Runs asynchronous steps one after another: the single owner of the ratchets within one client (CRYPTO 2.17). */
export class Lane {
  #last: Promise<unknown> = Promise.resolve();

  /** Resolves or rejects as `step` does; a rejection does not stop the steps behind it. */
  run<Result>(step: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(step);
    this.#last = result.catch(() => undefined); // the caller has it
    return result;
  }

  /** Resolves when everything enqueued so far has run. */
  async idle(): Promise<void> {
    await this.#last;
  }
}

/** Runs `work` whenever it is asked for, never twice at once; requests made meanwhile lead to one more run. */
export class Pump {
  readonly #work: () => Promise<void>;
  #running: Promise<void> | undefined;
  #again = false;

  /** `work` handles its own errors. */
  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  /** Resolves when a run that began after this call is over. */
  request(): Promise<void> {
    if (this.#running !== undefined) {
      this.#again = true;
      return this.#running;
    }
    this.#running = this.#loop().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #loop(): Promise<void> {
    do {
      this.#again = false;
      await this.#work();
    } while (this.#again);
  }
}

/** Requests of one piece of work that are on their way at once. */
const parallelRequests = 8;

/** Runs `work` on every item, a bounded number at once. Rejects with the first failure. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += parallelRequests) {
    results.push(...(await Promise.all(items.slice(start, start + parallelRequests).map(work))));
  }
  return results;
}

/** Work nobody waits for: what fails here is tried again by the next socket or the next event. */
export async function inBackground(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch {
    // offline or a full disk; state is unchanged
  }
}
