import { useEffect, useState } from "preact/hooks";
import type { DeviceView } from "#core/client-api.ts";
import { useApp } from "../../state/context.ts";

/** The account's devices, read again whenever they change. */
export function useOwnDevices(): readonly DeviceView[] | "loading" | "failed" {
  const { client } = useApp();
  const [devices, setDevices] = useState<readonly DeviceView[] | "loading" | "failed">("loading");
  useEffect(() => {
    const read = (): void => {
      client.api.listDevices().then(setDevices, () => setDevices("failed"));
    };
    read();
    return client.subscribe((event) => {
      if (event.type === "devices") read();
    });
  }, [client]);
  return devices;
}
