import "./composer.css";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ConversationView } from "#core/client-api.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { errorCode, type Timeline } from "../../state/timeline.ts";
import { Icon } from "../../ui/icons.tsx";
import { enterSendsMessage, lengthView } from "./composing.ts";
import { createTypingMarks } from "./typing-marks.ts";

const saveDraftAfterMs = 400;

/** Keeps what is being written: a little after each change, and at once when the chat is left or hidden. */
function useDraft(view: ConversationView, draft: string): void {
  const { client, reportError } = useApp();
  const { conversationId } = view;
  const latest = useRef({ draft, saved: view.draft });
  latest.current.draft = draft;
  useEffect(() => {
    const save = (): void => {
      if (latest.current.draft === latest.current.saved) return;
      latest.current.saved = latest.current.draft;
      client.api.saveDraft(conversationId, latest.current.draft).catch((error: unknown) => {
        reportError(errorCode(error));
      });
    };
    const timer = setTimeout(save, saveDraftAfterMs);
    const onHide = (): void => {
      if (document.visibilityState === "hidden") save();
    };
    document.addEventListener("visibilitychange", onHide);
    return () => {
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onHide);
    };
  }, [client, conversationId, draft, reportError]);
  useEffect(
    () => () => {
      const { draft: last, saved } = latest.current;
      if (last === saved) return;
      client.api.saveDraft(conversationId, last).catch((error: unknown) => reportError(errorCode(error)));
    },
    [client, conversationId, reportError],
  );
}

export function Composer({ view, timeline }: { view: ConversationView; timeline: Timeline }) {
  const { client, preferences } = useApp();
  const [draft, setDraft] = useState(view.draft);
  const field = useRef<HTMLTextAreaElement>(null);
  const [marks] = useState(() =>
    createTypingMarks((typing) => {
      // A lost typing mark is nobody's loss.
      client.api.setTyping(view.conversationId, typing).catch(() => undefined);
    }),
  );
  const length = lengthView(draft);
  const touch = matchMedia("(pointer: coarse)").matches;
  useDraft(view, draft);

  useEffect(() => {
    if (!touch) field.current?.focus({ preventScroll: true });
    return () => marks.stop();
  }, [marks, touch]);

  useLayoutEffect(() => {
    const element = field.current;
    if (element === null) return;
    element.style.height = "auto";
    element.style.height = `${element.scrollHeight}px`;
  }, [draft]);

  function send(): void {
    if (!length.sendable) return;
    marks.stop();
    void timeline.send(draft.trim());
    setDraft("");
    field.current?.focus({ preventScroll: true });
  }

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div class="composer-box">
        <textarea
          ref={field}
          rows={1}
          value={draft}
          dir="auto"
          data-composer=""
          aria-label={text.composer.label(view.peer.username)}
          placeholder={text.composer.placeholder}
          enterkeyhint={touch || !preferences.enterSends.value ? "enter" : "send"}
          onInput={(event) => {
            setDraft(event.currentTarget.value);
            marks.typed(event.currentTarget.value);
          }}
          onBlur={() => marks.stop()}
          onKeyDown={(event) => {
            if (event.key !== "Enter") return;
            if (!enterSendsMessage(event, { enterSends: preferences.enterSends.value, touch })) return;
            event.preventDefault();
            send();
          }}
        />
        {length.left !== undefined && (
          <span class={length.left < 0 ? "composer-count composer-over" : "composer-count"} role="status">
            {length.left < 0 ? text.composer.over(-length.left) : text.composer.left(length.left)}
          </span>
        )}
      </div>
      <button
        type="submit"
        class="send-button"
        aria-label={text.composer.send}
        disabled={!length.sendable}
        // Keeps the keyboard of a phone open.
        onPointerDown={(event) => event.preventDefault()}
      >
        <Icon name="send" />
      </button>
    </form>
  );
}
