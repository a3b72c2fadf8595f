/** A file of a message on screen: what is known of it, and whose it is. Pure. */
import type { AttachmentRef, AttachmentView } from "#core/client-api.ts";
import { text } from "../../i18n/en.ts";
import type { ShownMessage } from "../../state/message-window.ts";
import { mediaKindOf, type MediaKind } from "./kinds.ts";

export interface FileItem {
  readonly key: string;
  readonly kind: MediaKind;
  readonly view: AttachmentView;
  /** Undefined while the file is being sealed. */
  readonly ref: AttachmentRef | undefined;
  /** On its way up: its message has no place yet. */
  readonly isUnsent: boolean;
  /** Its message was refused; the message says what can be done. */
  readonly isFailed: boolean;
}

export function itemsOf(message: ShownMessage): readonly FileItem[] {
  const { content, conversationId, clientMessageId, seq } = message;
  if (content.type !== "attachments") return [];
  return content.attachments.map((view, index) => ({
    key: `${message.key}/${index}`,
    kind: mediaKindOf(view),
    view,
    ref: clientMessageId === undefined ? undefined : { conversationId, clientMessageId, seq, index },
    isUnsent: message.mine && seq === undefined,
    isFailed: message.delivery === "failed",
  }));
}

/** What stands for the files where there is room for one line. */
export function summaryOf(views: readonly AttachmentView[]): string {
  const kinds = views.map(mediaKindOf);
  const [first] = kinds;
  if (first === undefined) return "";
  if (kinds.length === 1 && first === "file") return views[0]?.name ?? "";
  const kind = kinds.every((each) => each === first) ? first : "file";
  return text.attachments.summary[kind](kinds.length);
}
