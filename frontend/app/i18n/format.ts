/** Plurals and dates, through Intl in the reader's own locale. */
const pluralRules = new Intl.PluralRules("en");

export function plural(count: number, one: string, other: string): string {
  return pluralRules.select(count) === "one" ? one : other;
}

const list = new Intl.ListFormat("en-GB", { type: "conjunction" });

/** "a, b and c", in the language of the sentences around it. */
export const formatList = (parts: readonly string[]): string => list.format(parts);

const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "long" });
const shortWeekday = new Intl.DateTimeFormat(undefined, { weekday: "short" });
const dayAndMonth = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const fullDay = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });
const shortDate = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const shortYear = new Intl.DateTimeFormat(undefined, { day: "2-digit", month: "2-digit", year: "2-digit" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });

const number = new Intl.NumberFormat();

export const formatCount = (count: number): string => number.format(count);
export const formatClock = (timeMs: number): string => clock.format(timeMs);
export const formatExact = (timeMs: number): string => exact.format(timeMs);

/** Whole calendar days between two instants in local time, whatever the clocks did in between. */
export function calendarDaysBetween(earlierMs: number, laterMs: number): number {
  const noonOf = (timeMs: number): number => {
    const date = new Date(timeMs);
    return Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  };
  return Math.round((noonOf(laterMs) - noonOf(earlierMs)) / 86_400_000);
}

/** Day separator in a conversation. */
export function formatDay(
  timeMs: number,
  nowMs: number,
  words: { today: string; yesterday: string },
): string {
  const days = calendarDaysBetween(timeMs, nowMs);
  if (days <= 0) return words.today;
  if (days === 1) return words.yesterday;
  if (days < 7) return weekday.format(timeMs);
  return new Date(timeMs).getFullYear() === new Date(nowMs).getFullYear()
    ? dayAndMonth.format(timeMs)
    : fullDay.format(timeMs);
}

/** Time in a list row: the clock today, then the day, then the date. */
export function formatListTime(timeMs: number, nowMs: number, words: { yesterday: string }): string {
  const days = calendarDaysBetween(timeMs, nowMs);
  if (days <= 0) return clock.format(timeMs);
  if (days === 1) return words.yesterday;
  if (days < 7) return shortWeekday.format(timeMs);
  return new Date(timeMs).getFullYear() === new Date(nowMs).getFullYear()
    ? shortDate.format(timeMs)
    : shortYear.format(timeMs);
}

const sizes = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;
const sizeFormats = sizes.map((unit, index) => {
  const maximumFractionDigits = index < 2 ? 0 : 1;
  return new Intl.NumberFormat(undefined, {
    style: "unit",
    unit,
    unitDisplay: "short",
    maximumFractionDigits,
  });
});

/** A size as file managers say it: in steps of 1,024, one decimal from megabytes on. */
export function formatBytes(bytes: number): string {
  let step = 0;
  let left = bytes;
  while (left >= 1_000 && step < sizes.length - 1) {
    left /= 1_024;
    step += 1;
  }
  return sizeFormats[step]?.format(left) ?? String(bytes);
}

/** Minutes and seconds, with hours when there are any. */
export function formatLength(durationMs: number): string {
  const seconds = Math.max(1, Math.round(durationMs / 1_000));
  const parts = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = parts[0] === 0 ? parts.slice(1) : parts;
  return shown.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}

/** When someone was last there: with the clock within a day, else the date alone, because no more is known. */
export function formatLastSeen(
  timeMs: number,
  nowMs: number,
  words: {
    today: (time: string) => string;
    yesterday: (time: string) => string;
    on: (day: string) => string;
  },
): string {
  if (nowMs - timeMs >= 86_400_000) {
    const isThisYear = new Date(timeMs).getFullYear() === new Date(nowMs).getFullYear();
    return words.on((isThisYear ? shortDate : shortYear).format(timeMs));
  }
  const word = calendarDaysBetween(timeMs, nowMs) <= 0 ? words.today : words.yesterday;
  return word(clock.format(timeMs));
}
