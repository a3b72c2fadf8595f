import "./report.css";
import { useState } from "preact/hooks";
import type { ReportReason } from "#core/trust-api.ts";
import { limits } from "#schema/limits.ts";
import { trustText } from "../../i18n/en-trust.ts";
import { text } from "../../i18n/en.ts";
import { formatClock } from "../../i18n/format.ts";
import { useApp } from "../../state/context.ts";
import type { ShownMessage } from "../../state/message-window.ts";
import { errorCode } from "../../state/timeline.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { sayContent } from "../chat/say.ts";
import { nameOfSender } from "../groups/say-change.ts";
import { messagesBefore } from "./messages-before.ts";

const reasons: readonly ReportReason[] = ["spam", "abuse", "illegal", "other"];

interface ReportProps {
  message: ShownMessage;
  messages: readonly ShownMessage[];
  /** Undefined in a group, where everyone is called by the own name. */
  peerName: string | undefined;
  onClose: () => void;
}

/** Shows exactly what will be sent, and to whom, before anything is. */
export function ReportDialog({ message, messages, peerName, onClose }: ReportProps) {
  const { client, toasts, reportError } = useApp();
  const [reason, setReason] = useState<ReportReason>("spam");
  const [withPrevious, setWithPrevious] = useState(false);
  const [note, setNote] = useState("");
  const [sending, setSending] = useState(false);
  const before = messagesBefore(messages, message);
  const shown = withPrevious ? [...before, message] : [message];

  async function send(): Promise<void> {
    if (message.seq === undefined) return;
    setSending(true);
    try {
      const { conversationId, seq } = message;
      const previous = withPrevious ? before.length : 0;
      await client.api.reportMessage({ conversationId, seq, reason, note: note.trim(), previous });
      toasts.show(trustText.report.sent);
      onClose();
    } catch (error) {
      setSending(false);
      reportError(errorCode(error));
    }
  }

  return (
    <Dialog title={trustText.report.title} kind="sheet" onClose={onClose}>
      <form
        class="dialog-scroll report"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <p class="report-lead">{trustText.report.lead(peerName ?? nameOfSender(message))}</p>
        <fieldset class="report-reasons">
          <legend class="section-title">{trustText.report.reason}</legend>
          {reasons.map((value) => (
            <label key={value} class="check-row">
              <input
                type="radio"
                name="reason"
                value={value}
                checked={reason === value}
                onChange={() => setReason(value)}
              />
              <span>{trustText.report.reasons[value]}</span>
            </label>
          ))}
        </fieldset>
        <label class="report-note">
          <span class="section-title">{trustText.report.note}</span>
          <textarea
            rows={2}
            dir="auto"
            value={note}
            maxLength={limits.reportNoteChars}
            onInput={(event) => setNote(event.currentTarget.value)}
          />
        </label>
        <section>
          <h3 class="section-title">{trustText.report.preview}</h3>
          <ol class="report-preview">
            {shown.map((one) => (
              <li key={one.key}>
                <span class="report-who">
                  <bdi>{one.mine ? trustText.report.you : (peerName ?? nameOfSender(one))}</bdi> ·{" "}
                  <time>{formatClock(one.timeMs)}</time>
                </span>
                <span class="report-text" dir="auto">
                  {sayContent(one.content)}
                </span>
              </li>
            ))}
          </ol>
          {before.length > 0 && (
            <label class="check-row">
              <input
                type="checkbox"
                checked={withPrevious}
                onChange={(event) => setWithPrevious(event.currentTarget.checked)}
              />
              <span>{trustText.report.previous(before.length)}</span>
            </label>
          )}
        </section>
        <div class="report-actions">
          <button type="button" class="button button-quiet" onClick={onClose}>
            {text.common.cancel}
          </button>
          <button type="submit" class="button button-danger" disabled={sending}>
            {trustText.report.submit}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
