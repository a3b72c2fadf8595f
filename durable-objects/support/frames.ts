import type { DownEvent } from "#schema/protocol/down.ts";

export function serialise(event: DownEvent): string {
  return JSON.stringify(event);
}
