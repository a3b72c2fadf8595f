import { useEffect, useState } from "preact/hooks";
import type { BackupStatus } from "#core/client-api.ts";
import { useApp } from "../../state/context.ts";

/** Undefined until read for the first time. */
export function useBackupStatus(): BackupStatus | undefined {
  const { client } = useApp();
  const [status, setStatus] = useState<BackupStatus>();
  useEffect(() => {
    const read = (): void => {
      client.api.backupStatus().then(setStatus, () => undefined); // signed out meanwhile
    };
    read();
    return client.subscribe((event) => {
      if (event.type === "backup") read();
    });
  }, [client]);
  return status;
}

/** Whole percent of what is being brought back; undefined when nothing is. */
export function restoredPercent(status: BackupStatus | undefined): number | undefined {
  if (status === undefined || status.state === "off" || status.restoring === undefined) return undefined;
  const { messages, ofMessages } = status.restoring;
  return ofMessages === 0 ? undefined : Math.floor((messages * 100) / ofMessages);
}
