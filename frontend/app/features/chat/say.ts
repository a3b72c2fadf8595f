/** What a message says in one line: for lists, labels and screen readers. Pure. */
import type { MessageView } from "#core/client-api.ts";
import { text } from "../../i18n/en.ts";
import { summaryOf } from "../attachments/item.ts";

export function sayContent(content: MessageView["content"]): string {
  switch (content.type) {
    case "text":
      return content.text;
    case "attachments": {
      const files = summaryOf(content.attachments);
      return content.text === "" ? files : `${files}: ${content.text}`;
    }
    // A line of its own, which needs to know who did it: see groups/say-change.
    case "group_change":
      return "";
    case "unreadable":
      return text.chat[content.reason];
  }
}
