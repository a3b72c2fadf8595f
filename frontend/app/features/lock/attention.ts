import type { ClientApi } from "#core/client-api.ts";

/** Typing is told at most this often. */
const everyMs = 10_000;
const signs = ["pointerdown", "keydown", "wheel", "touchstart"] as const;

/** Tells the lock that somebody is here, or that this tab left the screen. Returns the function that ends it. */
export function watchAttention(api: ClientApi): () => void {
  const tab = crypto.randomUUID();
  let toldAtMs = 0;
  const tell = (isVisible: boolean): void => {
    toldAtMs = isVisible ? Date.now() : 0;
    api.attend({ tab, isVisible }).catch(() => undefined); // locked meanwhile
  };
  const onSign = (): void => {
    if (Date.now() - toldAtMs >= everyMs) tell(true);
  };
  const onVisibility = (): void => tell(document.visibilityState === "visible");
  const onGone = (): void => tell(false);
  for (const sign of signs) addEventListener(sign, onSign, { passive: true, capture: true });
  document.addEventListener("visibilitychange", onVisibility);
  addEventListener("pagehide", onGone);
  onVisibility();
  return () => {
    for (const sign of signs) removeEventListener(sign, onSign, { capture: true });
    document.removeEventListener("visibilitychange", onVisibility);
    removeEventListener("pagehide", onGone);
  };
}
