import { useEffect, useState } from "preact/hooks";
import type { LinkStatus } from "#core/client-api.ts";
import { useApp } from "../../state/context.ts";

/** How far the link is. Whoever shows it gives it up when it leaves the screen. */
export function useLinkStatus(): LinkStatus {
  const { client } = useApp();
  const [status, setStatus] = useState<LinkStatus>({ state: "idle" });
  useEffect(() => {
    const stop = client.subscribe((event) => {
      if (event.type === "link") setStatus(event.status);
    });
    return () => {
      stop();
      void client.api.cancelLink().catch(() => undefined); // it runs out by itself
    };
  }, [client]);
  return status;
}
