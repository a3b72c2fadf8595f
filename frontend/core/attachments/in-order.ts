/** Transfers of parts: some run ahead, what they give comes in order. */

/**
 * Runs `work` for the parts 1 … `count` and yields their results in order, with up to `ahead` parts begun beyond the one
 * that is waited for. When one fails, or the caller stops, the signal of the others is aborted and they are waited for, so
 * that nothing goes on unseen. Throws what `work` throws.
 */
export async function* inOrder<Result>(
  count: number,
  ahead: number,
  signal: AbortSignal,
  work: (part: number, signal: AbortSignal) => Promise<Result>,
): AsyncGenerator<Result, void, undefined> {
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const begun: Promise<Result>[] = [];
  let last = 0;
  try {
    for (let part = 1; part <= count; part += 1) {
      while (last < Math.min(count, part + ahead)) {
        const running = work((last += 1), both);
        running.catch(() => undefined); // reported when its turn comes
        begun.push(running);
      }
      const next = begun.shift();
      if (next !== undefined) yield await next;
    }
  } finally {
    stop.abort();
    await Promise.allSettled(begun);
  }
}
