import type { AlarmsView } from "#core/client-api.ts";
import { PasswordAlarm } from "../password/password-alarm.tsx";
import { CopiedAlarm } from "./copied-alarm.tsx";
import { ResetAlarm } from "./reset-alarm.tsx";

/** What is told above the chats, whatever else is there. */
export function Alarms({ alarms: { reset, password, copiedAtMs } }: { alarms: AlarmsView }) {
  return (
    <>
      {reset !== undefined && <ResetAlarm reset={reset} />}
      {password !== undefined && <PasswordAlarm change={password} />}
      {copiedAtMs !== undefined && <CopiedAlarm atMs={copiedAtMs} />}
    </>
  );
}
