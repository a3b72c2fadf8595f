import { useState } from "preact/hooks";
import type { AccountId } from "#schema/ids.ts";
import { text } from "../../i18n/en.ts";
import { formatExact } from "../../i18n/format.ts";
import { Icon } from "../../ui/icons.tsx";
import type { GroupChangeMessage } from "../chat/timeline-items.ts";
import { sayChange } from "./say-change.ts";

/** A run of more lines than this shows its last one, and the others on request. */
const shownMax = 3;

interface ChangeLinesProps {
  changes: readonly GroupChangeMessage[];
  self: AccountId | undefined;
}

/** Each line is a row of the log, so that reading and scrolling know it. */
export function ChangeLines({ changes, self }: ChangeLinesProps) {
  const [open, setOpen] = useState(false);
  const folds = changes.length > shownMax;
  const shown = folds && !open ? changes.slice(-1) : changes;
  return (
    <>
      {folds && (
        <li class="change-line" key="fold">
          <button type="button" class="change-fold" aria-expanded={open} onClick={() => setOpen(!open)}>
            {text.groups.change.folded(changes.length - 1)}
            <Icon name="down" />
          </button>
        </li>
      )}
      {shown.map((message) => (
        <li
          class="change-line"
          key={message.key}
          dir="auto"
          title={formatExact(message.timeMs)}
          data-row={message.key}
          data-seq={message.seq}
        >
          {sayChange(message, message.content.change, self)}
        </li>
      ))}
    </>
  );
}
