import { useEffect } from "preact/hooks";
import type { Client } from "../../client.ts";

/** A hidden app may never come back: what is new is saved at once. */
export function useSaveWhenHidden(client: Client): void {
  useEffect(() => {
    const onChange = (): void => {
      if (document.visibilityState === "hidden") client.api.saveBackup().catch(() => undefined); // saved later
    };
    document.addEventListener("visibilitychange", onChange);
    return () => document.removeEventListener("visibilitychange", onChange);
  }, [client]);
}
