import type { AlarmsView } from "#core/client-api.ts";
import { PasswordAlarm } from "../password/password-alarm.tsx";
import { CopiedAlarm } from "./copied-alarm.tsx";
import { ReplacedAlarm } from "./replaced-alarm.tsx";
import { ResetAlarm } from "./reset-alarm.tsx";

/** What is told above the chats, whatever else is there. */
export function Alarms({ alarms: { reset, password, copiedAtMs, isReplaced } }: { alarms: AlarmsView }) {
  return (
    <>
      {reset !== undefined && <ResetAlarm reset={reset} />}
      {password !== undefined && <PasswordAlarm change={password} />}
      {isReplaced === true && <ReplacedAlarm />}
      {copiedAtMs !== undefined && isReplaced !== true && <CopiedAlarm atMs={copiedAtMs} />}
    </>
  );
}
