/** Links as they are handed on, and how long they are valid. Pure. */
const dayMs = 86_400_000;

export type Expiry = "never" | "day" | "week";

export function linkOf(origin: string, code: string): string {
  return `${origin}/join#${code}`;
}

export function expiresAtMs(expiry: Expiry, nowMs: number): number | undefined {
  switch (expiry) {
    case "never":
      return undefined;
    case "day":
      return nowMs + dayMs;
    case "week":
      return nowMs + 7 * dayMs;
  }
}
