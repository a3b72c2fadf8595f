/**
 * Everything the objects log: a closed set of events with no room for content, names, addresses or ids of messages.
 * `error` means a bug of ours.
 */
export type ObjectEvent =
  | {
      readonly event: "alarm_failed";
      readonly object: ObjectName;
      readonly alarm: string;
      readonly fault: string;
    }
  | { readonly event: "frame_failed"; readonly object: ObjectName; readonly fault: string }
  | { readonly event: "flush_failed"; readonly object: ObjectName; readonly fault: string }
  | {
      readonly event: "messages_lost" | "messages_undecryptable";
      readonly object: ObjectName;
      readonly count: number;
    }
  | { readonly event: "archive_incomplete"; readonly object: ObjectName }
  | { readonly event: "call_failed"; readonly object: ObjectName; readonly fault: string };

/** Events that say no more than what failed and how. */
export type FaultEvent = "frame_failed" | "flush_failed" | "call_failed";

export type ObjectName = "conversation" | "inbox";

/** The class of a fault: enough to find it, too little to hold anything a person wrote. */
export function faultOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

export function logEvent(level: "warn" | "error", event: ObjectEvent): void {
  // oxlint-disable-next-line no-console -- the one place that writes to the log
  console[level](JSON.stringify(event));
}
