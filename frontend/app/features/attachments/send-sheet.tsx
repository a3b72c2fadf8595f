import { useEffect, useState } from "preact/hooks";
import type { ConversationView, OutgoingFile } from "#core/client-api.ts";
import { limits } from "#schema/limits.ts";
import { text } from "../../i18n/en.ts";
import { nameOf } from "../../state/conversation-name.ts";
import { formatBytes, formatLength } from "../../i18n/format.ts";
import { useApp } from "../../state/context.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { Icon } from "../../ui/icons.tsx";
import { AttachButton } from "./attach-button.tsx";
import { extensionOf, mediaKindOf } from "./kinds.ts";
import { keepsMetadata, type Pick, sheetProblem } from "./sheet-view.ts";

interface SendSheetProps {
  view: ConversationView;
  picks: readonly Pick[];
  onAdd: (files: readonly File[]) => void;
  onRemove: (key: number) => void;
  onClose: () => void;
  onSend: (message: { text: string; files: readonly OutgoingFile[] }) => void;
}

/** Everything that will be sent, before it is sent. */
export function SendSheet({ view, picks, onAdd, onRemove, onClose, onSend }: SendSheetProps) {
  const { client, preferences } = useApp();
  const [maxBytes, setMaxBytes] = useState<number>(limits.maxFileBytes);
  const [caption, setCaption] = useState("");
  const sizes = picks.map(({ file }) => file);
  const ready = picks.flatMap(({ facts }) => facts ?? []);
  const problem = sheetProblem(sizes, maxBytes);
  const isSaidAbove = sizes.filter(({ size }) => size > maxBytes).length === 1;
  const isReady = problem === undefined && ready.length === picks.length;

  useEffect(() => {
    // Until it answers, the usual limit stands.
    client.api.maxFileBytes().then(setMaxBytes, () => undefined);
  }, [client]);

  function send(): void {
    if (isReady) onSend({ text: caption.trim(), files: ready });
  }

  return (
    <Dialog title={text.attachments.title(picks.length)} kind="sheet" onClose={onClose}>
      <form
        class="send-sheet"
        onSubmit={(event) => {
          event.preventDefault();
          send();
        }}
      >
        <ul class={picks.length === 1 ? "picks picks-one" : "picks"} aria-label={text.attachments.chosen}>
          {picks.map((pick) => (
            <PickedFile key={pick.key} pick={pick} maxBytes={maxBytes} onRemove={() => onRemove(pick.key)} />
          ))}
        </ul>
        {problem !== undefined && (
          // A single one says it itself; here it is said to those who do not see it.
          <p class={isSaidAbove ? "visually-hidden" : "send-problem"} role="alert">
            <Icon name="warning" />
            {problem}
          </p>
        )}
        <div class="send-row">
          <AttachButton onFiles={onAdd} />
          <textarea
            class="send-caption"
            rows={1}
            dir="auto"
            data-autofocus=""
            aria-label={text.attachments.caption}
            placeholder={text.attachments.captionHint(nameOf(view))}
            maxLength={4_000}
            value={caption}
            onInput={(event) => setCaption(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
              if (!preferences.enterSends.value && !event.ctrlKey && !event.metaKey) return;
              event.preventDefault();
              send();
            }}
          />
          <button type="submit" class="send-button" aria-label={text.composer.send} disabled={!isReady}>
            <Icon name="send" />
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface PickedFileProps {
  pick: Pick;
  maxBytes: number;
  onRemove: () => void;
}

function PickedFile({ pick, maxBytes, onRemove }: PickedFileProps) {
  const { file, facts } = pick;
  const kind = facts === undefined ? "file" : mediaKindOf(facts);
  const isTooLarge = file.size > maxBytes;
  const [url, setUrl] = useState<string | undefined>(undefined);
  useEffect(() => {
    if (kind !== "image" && kind !== "video") return;
    const made = URL.createObjectURL(file);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [kind, file]);
  return (
    <li class={`pick pick-${kind}${isTooLarge ? " pick-refused" : ""}`}>
      {kind === "image" && url !== undefined && <img class="pick-picture" src={url} alt="" />}
      {kind === "video" && url !== undefined && <video class="pick-picture" src={url} muted playsInline />}
      {kind !== "image" && kind !== "video" && (
        <span class="file-face" aria-hidden="true">
          {extensionOf(file.name) === "" ? <Icon name="file" /> : <b>{extensionOf(file.name)}</b>}
        </span>
      )}
      <span class="pick-about">
        <span class="file-name">
          <bdi>{file.name}</bdi>
        </span>
        <span class="file-size">
          {isTooLarge
            ? text.attachments.tooLarge(formatBytes(maxBytes), formatBytes(file.size))
            : [facts?.durationMs === undefined ? [] : formatLength(facts.durationMs), formatBytes(file.size)]
                .flat()
                .join(" · ")}
        </span>
        {keepsMetadata(file) && <span class="file-size">{text.attachments.keepsMetadata}</span>}
      </span>
      <button
        type="button"
        class="pick-remove"
        aria-label={text.attachments.remove(file.name)}
        onClick={onRemove}
      >
        <Icon name="close" />
      </button>
    </li>
  );
}
