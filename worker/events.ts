/**
 * Everything the Worker logs: a closed set of events with no room for content, names, addresses or tokens. `error`
 * means a bug of ours.
 */
export type WorkerEvent =
  | {
      readonly event: "request_failed";
      readonly route: string;
      readonly requestId: string;
      readonly fault: string;
    }
  | { readonly event: "object_call_retried"; readonly fault: string }
  | { readonly event: "login_attempts_cleaned" }
  | { readonly event: "uploads_cleaned" }
  | { readonly event: "upload_not_cleaned"; readonly fault: string };

/** The class of a fault: enough to find it, too little to hold anything a person wrote. */
export function faultOf(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

export function logEvent(level: "info" | "warn" | "error", event: WorkerEvent): void {
  // oxlint-disable-next-line no-console -- the one place that writes to the log
  console[level](JSON.stringify(event));
}
