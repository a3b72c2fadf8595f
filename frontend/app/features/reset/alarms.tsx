import type { AlarmsView } from "#core/client-api.ts";
import { CopiedAlarm } from "./copied-alarm.tsx";
import { ResetAlarm } from "./reset-alarm.tsx";

/** What is told above the chats, whatever else is there. */
export function Alarms({ alarms: { reset, copiedAtMs } }: { alarms: AlarmsView }) {
  return (
    <>
      {reset !== undefined && <ResetAlarm reset={reset} />}
      {copiedAtMs !== undefined && <CopiedAlarm atMs={copiedAtMs} />}
    </>
  );
}
