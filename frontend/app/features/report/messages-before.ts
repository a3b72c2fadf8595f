/** Which messages may go along with a reported one. Pure. */
import { limits } from "#schema/limits.ts";
import type { ShownMessage } from "../../state/message-window.ts";

/** The last readable ones before it, ascending; those that a report can prove (CRYPTO 2.14). */
export function messagesBefore(
  messages: readonly ShownMessage[],
  { seq }: ShownMessage,
): readonly ShownMessage[] {
  if (seq === undefined) return [];
  return messages
    .filter(({ content }) => content.type === "text" || content.type === "attachments")
    .filter((one) => one.seq !== undefined && one.seq < seq)
    .filter((one) => one.seq! > seq - limits.pageMax)
    .slice(-(limits.reportMessages - 1));
}
