import "./composer.css";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import type { ConversationView } from "#core/client-api.ts";
import { nameOf } from "../../state/conversation-name.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { errorCode, type Timeline } from "../../state/timeline.ts";
import { Icon } from "../../ui/icons.tsx";
import { AttachButton } from "../attachments/attach-button.tsx";
import { enterSendsMessage, lengthView } from "./composing.ts";
import { createDraftSaver } from "./draft-saver.ts";
import { createTypingMarks } from "./typing-marks.ts";

/** As tall as its text, up to the height the style sheet allows. */
function growToText(field: HTMLTextAreaElement | null): void {
  if (field === null) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}

function whenHidden(task: () => void): () => void {
  const listen = (): void => {
    if (document.visibilityState === "hidden") task();
  };
  document.addEventListener("visibilitychange", listen);
  return () => document.removeEventListener("visibilitychange", listen);
}

interface ComposerProps {
  view: ConversationView;
  timeline: Timeline;
  onFiles: (files: readonly File[]) => void;
}

export function Composer({ view, timeline, onFiles }: ComposerProps) {
  const { client, preferences, reportError } = useApp();
  const [draft, setDraft] = useState(view.draft);
  const field = useRef<HTMLTextAreaElement>(null);
  const [marks] = useState(() =>
    createTypingMarks((typing) => {
      // A lost typing mark is nobody's loss.
      client.api.setTyping(view.conversationId, typing).catch(() => undefined);
    }),
  );
  const [saver] = useState(() =>
    createDraftSaver(view.draft, (text) => {
      client.api
        .saveDraft(view.conversationId, text)
        .catch((error: unknown) => reportError(errorCode(error)));
    }),
  );
  const length = lengthView(draft);
  const touch = matchMedia("(pointer: coarse)").matches;

  useEffect(() => {
    if (!touch) field.current?.focus({ preventScroll: true });
    const stopListening = whenHidden(saver.flush);
    return () => {
      stopListening();
      saver.flush();
      marks.stop();
    };
  }, [marks, saver, touch]);

  useLayoutEffect(() => growToText(field.current), [draft]);

  function change(text: string): void {
    setDraft(text);
    saver.changed(text);
  }

  function send(): void {
    if (!length.sendable) return;
    marks.stop();
    void timeline.send(draft.trim());
    change("");
    saver.flush();
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
        <AttachButton onFiles={onFiles} />
        <textarea
          ref={field}
          rows={1}
          value={draft}
          dir="auto"
          data-composer=""
          aria-label={text.composer.label(nameOf(view))}
          placeholder={text.composer.placeholder}
          enterkeyhint={touch || !preferences.enterSends.value ? "enter" : "send"}
          onInput={(event) => {
            change(event.currentTarget.value);
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
          <output class={length.left < 0 ? "composer-count composer-over" : "composer-count"}>
            {length.left < 0 ? text.composer.over(-length.left) : text.composer.left(length.left)}
          </output>
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
