/** Runs a task at most once per animation frame; hidden tabs get no frames, so there a short timer stands in. */
export function coalescePerFrame(task: () => void): () => void {
  let queued = false;
  return () => {
    if (queued) return;
    queued = true;
    const run = (): void => {
      if (!queued) return;
      queued = false;
      task();
    };
    if (document.visibilityState === "visible") requestAnimationFrame(run);
    else setTimeout(run, 50);
  };
}
