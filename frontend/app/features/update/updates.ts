/** New versions of the app: found by the service worker, taken when the person says so. */
import { signal, type ReadonlySignal } from "@preact/signals";
import { useEffect, useState } from "preact/hooks";
import { scriptUrl } from "../../trusted-types.ts";

export interface Updates {
  readonly ready: ReadonlySignal<boolean>;
  apply(): void;
}

const checkEveryMs = 60 * 60_000;
const quietAfterMs = 5_000;

export function watchForUpdates(): Updates {
  const ready = signal(false);
  let waiting: ServiceWorker | null = null;
  const found = (worker: ServiceWorker | null): void => {
    // Without a controller this is the first installation, not an update.
    if (worker === null || navigator.serviceWorker.controller === null) return;
    waiting = worker;
    ready.value = true;
  };

  async function register(): Promise<void> {
    const registration = await navigator.serviceWorker.register(scriptUrl("/sw.js"), {
      updateViaCache: "none",
    });
    found(registration.waiting);
    registration.addEventListener("updatefound", () => {
      const worker = registration.installing;
      worker?.addEventListener("statechange", () => {
        if (worker.state === "installed") found(worker);
      });
    });
    // An unreachable server means no news of updates, nothing more.
    setInterval(() => void registration.update().catch(() => undefined), checkEveryMs);
  }

  // The development server has no service worker; where it is blocked the app still works, only not offline.
  if (import.meta.env.PROD && "serviceWorker" in navigator) void register().catch(() => undefined);

  return {
    ready,
    apply() {
      navigator.serviceWorker.addEventListener("controllerchange", () => location.reload(), { once: true });
      waiting?.postMessage({ type: "skip_waiting" });
    },
  };
}

/** True once `ready` holds and no key has been pressed for some seconds. */
export function useQuietly(ready: boolean): boolean {
  const [quiet, setQuiet] = useState(false);
  useEffect(() => {
    if (!ready) return;
    let timer = window.setTimeout(() => setQuiet(true), quietAfterMs);
    const onKey = (): void => {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => setQuiet(true), quietAfterMs);
    };
    addEventListener("keydown", onKey);
    return () => {
      window.clearTimeout(timer);
      removeEventListener("keydown", onKey);
    };
  }, [ready]);
  return ready && quiet;
}
