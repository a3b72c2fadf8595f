import type { SessionView } from "#core/client-api.ts";
import { text } from "../../i18n/en.ts";
import { calendarDaysBetween, formatListTime } from "../../i18n/format.ts";
import { useApp } from "../../state/context.ts";
import { Icon } from "../../ui/icons.tsx";

function activity(session: SessionView, nowMs: number): string {
  if (calendarDaysBetween(session.lastActiveDayMs, nowMs) <= 0) return text.settings.activeToday;
  const day = formatListTime(session.lastActiveDayMs, nowMs, {
    yesterday: text.chat.yesterday.toLowerCase(),
  });
  return text.settings.active(day);
}

export function SessionList({ sessions }: { sessions: readonly SessionView[] | "loading" | "failed" }) {
  const { nowMs } = useApp();
  if (sessions === "failed") return <p class="setting-note">{text.settings.devicesFailed}</p>;
  if (sessions === "loading") {
    return (
      <div class="session" aria-busy="true" aria-label={text.common.loading}>
        <span class="skeleton skeleton-name" />
      </div>
    );
  }
  return (
    <ul>
      {sessions.map((session) => (
        <li class="session" key={session.sessionId}>
          <span class="session-icon">
            <Icon name="device" />
          </span>
          <span>
            {session.deviceName}
            <small>{activity(session, nowMs.value)}</small>
          </span>
          {session.current && <span class="session-current">{text.settings.thisDevice}</span>}
        </li>
      ))}
    </ul>
  );
}
