/** What stands in the way of sending, said before it is tried. Pure. */
import type { OutgoingFile } from "#core/client-api.ts";
import { limits } from "#schema/limits.ts";
import { text } from "../../i18n/en.ts";
import { formatBytes } from "../../i18n/format.ts";

/** A file that was chosen. */
export interface Pick {
  readonly key: number;
  readonly file: File;
  /** Undefined while it is looked at. */
  readonly facts: OutgoingFile | undefined;
}

export function sheetProblem(
  files: readonly { readonly size: number }[],
  maxBytes: number,
): string | undefined {
  const tooLarge = files.filter(({ size }) => size > maxBytes);
  const [first] = tooLarge;
  if (first !== undefined) {
    return tooLarge.length === 1
      ? text.attachments.tooLarge(formatBytes(maxBytes), formatBytes(first.size))
      : text.attachments.severalTooLarge(tooLarge.length, formatBytes(maxBytes));
  }
  const over = files.length - limits.attachmentsPerMessage;
  return over > 0 ? text.attachments.tooMany(limits.attachmentsPerMessage) : undefined;
}

/** Formats whose place and time are not taken out: the person should know. */
const untouched = /^image\/(?:heic|heif|avif|tiff|x-.+)$/;

export function keepsMetadata({ type }: { readonly type: string }): boolean {
  return untouched.test(type);
}
