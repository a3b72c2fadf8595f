import "./update-bar.css";
import { useState } from "preact/hooks";
import { text } from "../../i18n/en.ts";
import { type Updates, useQuietly } from "./updates.ts";

/** One line at the top; it waits until nobody has typed for a while. */
export function UpdateBar({ updates }: { updates: Updates }) {
  const [dismissed, setDismissed] = useState(false);
  const quiet = useQuietly(updates.ready.value);
  if (!quiet || dismissed) return null;
  return (
    <div class="update-bar">
      <output>{text.update.ready}</output>
      <button type="button" class="banner-action" onClick={() => updates.apply()}>
        {text.update.reload}
      </button>
      <button type="button" class="banner-action" onClick={() => setDismissed(true)}>
        {text.update.later}
      </button>
    </div>
  );
}
