/** What one row of the chat list says, in words for the eye and for a screen reader. Pure. */
import type { ConversationView, DeliveryState } from "#core/client-api.ts";
import type { AccountId } from "#schema/ids.ts";
import { nameOf } from "../../state/conversation-name.ts";
import { text } from "../../i18n/en.ts";
import { sayContent } from "../chat/say.ts";
import { formatListTime } from "../../i18n/format.ts";
import { nameOfSender, sayChange } from "../groups/say-change.ts";

export type RowPreview =
  /** `name`: who types in a group. */
  | { readonly type: "typing"; readonly name: string | undefined }
  | { readonly type: "draft"; readonly text: string }
  | {
      readonly type: "message";
      readonly mine: boolean;
      /** Whose it is, in a group. */
      readonly sender: string | undefined;
      readonly text: string;
      readonly delivery: DeliveryState | undefined;
    }
  | { readonly type: "quiet"; readonly text: string };

export interface RowView {
  readonly name: string;
  readonly time: string;
  readonly preview: RowPreview;
  readonly unread: string;
  readonly label: string;
}

const badgeMax = 99;

/** Unread counts beyond two digits say no more than "many". */
export function formatBadge(unread: number): string {
  if (unread <= 0) return "";
  return unread > badgeMax ? `${badgeMax}+` : String(unread);
}

/** Line breaks would cost the row its second line. */
function oneLine(message: string): string {
  return message.slice(0, 200).replace(/\s+/g, " ").trim();
}

function previewOf(view: ConversationView, isOpen: boolean, self: AccountId | undefined): RowPreview {
  const isGroup = view.kind === "group";
  if (view.typing !== undefined) {
    return { type: "typing", name: isGroup ? view.typing.username : undefined };
  }
  if (!isOpen && view.draft.trim() !== "") return { type: "draft", text: oneLine(view.draft) };
  const message = view.preview;
  if (message === undefined) return { type: "quiet", text: text.list.noMessages };
  if (message.content.type === "unreadable")
    return { type: "quiet", text: text.chat[message.content.reason] };
  if (message.content.type === "group_change") {
    return { type: "quiet", text: oneLine(sayChange(message, message.content.change, self)) };
  }
  const { mine, delivery } = message;
  const sender = isGroup && !mine ? nameOfSender(message) : undefined;
  return { type: "message", mine, sender, text: oneLine(sayContent(message.content)), delivery };
}

export function typingWords(name: string | undefined): string {
  return name === undefined || name === "" ? text.list.typing : text.groups.typing(name);
}

/** Whose words a preview shows: one's own, or in a group somebody's. */
export function prefixOf({ mine, sender }: { mine: boolean; sender: string | undefined }): string {
  if (mine) return text.list.you;
  return sender === undefined ? "" : text.groups.says(sender);
}

function spoken(preview: RowPreview): string {
  switch (preview.type) {
    case "typing":
      return typingWords(preview.name);
    case "draft":
      return `${text.list.draft} ${preview.text}`;
    case "message": {
      const body = prefixOf(preview) + preview.text;
      return preview.delivery === undefined ? body : `${body}, ${text.delivery[preview.delivery]}`;
    }
    case "quiet":
      return preview.text;
  }
}

export function rowView(view: ConversationView, isOpen: boolean, nowMs: number, self?: AccountId): RowView {
  const name = nameOf(view);
  const time = formatListTime(view.updatedAtMs, nowMs, { yesterday: text.chat.yesterday });
  const preview = previewOf(view, isOpen, self);
  const counted = view.unread > 0 ? [text.list.unread(view.unread)] : [];
  return {
    name,
    time,
    preview,
    unread: formatBadge(view.unread),
    label: [name, ...counted, spoken(preview), time].join(", "),
  };
}

/** The neighbour for Alt+Up and Alt+Down; from nowhere the first one. */
export function neighbour(
  ids: readonly string[],
  current: string | undefined,
  step: 1 | -1,
): string | undefined {
  const index = current === undefined ? -1 : ids.indexOf(current);
  if (index === -1) return ids[0];
  return ids[index + step];
}

export function totalUnread(views: readonly ConversationView[]): number {
  return views.reduce((sum, view) => sum + view.unread, 0);
}
