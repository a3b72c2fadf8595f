/** Running an operation of a group: it happens now or not at all, there is no outbox for it. */
import type { ClientErrorCode } from "#core/client-api.ts";
import { text } from "../../i18n/en.ts";
import { errorCode } from "../../state/timeline.ts";

export type Attempt<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly code: ClientErrorCode };

/** A race lost to others is run once more before it is told. */
export async function attempt<T>(operation: () => Promise<T>): Promise<Attempt<T>> {
  const first = await tried(operation);
  return first.ok || first.code !== "group_changed" ? first : await tried(operation);
}

async function tried<T>(operation: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { ok: true, value: await operation() };
  } catch (error) {
    return { ok: false, code: errorCode(error) };
  }
}

export function sayProblem(code: ClientErrorCode): string {
  return code === "offline" ? text.groups.info.offline : text.errors[code];
}
