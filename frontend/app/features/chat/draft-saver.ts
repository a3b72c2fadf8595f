/** Keeps what is being written: a little after each change, and at once when asked to. */
const saveAfterMs = 400;

export interface DraftSaver {
  readonly changed: (draft: string) => void;
  readonly flush: () => void;
}

export function createDraftSaver(initial: string, save: (draft: string) => void): DraftSaver {
  let latest = initial;
  let saved = initial;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function flush(): void {
    clearTimeout(timer);
    if (latest === saved) return;
    saved = latest;
    save(latest);
  }

  return {
    flush,
    changed(draft) {
      latest = draft;
      clearTimeout(timer);
      timer = setTimeout(flush, saveAfterMs);
    },
  };
}
