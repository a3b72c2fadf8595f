import "./dialog.css";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { text } from "../i18n/en.ts";
import { Icon } from "./icons.tsx";

interface DialogProps {
  title: string;
  kind: "sheet" | "alert";
  onClose: () => void;
  children: ComponentChildren;
}

/** A native modal: the browser keeps focus inside, and closing gives it back to where it came from. */
export function Dialog({ title, kind, onClose, children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (dialog === null) return;
    const opener = document.activeElement;
    dialog.showModal();
    // Without a field to begin with, the title takes the focus, so that a reader starts at the top.
    const start = dialog.querySelector<HTMLElement>("[data-autofocus]") ?? dialog.querySelector("h2");
    start?.focus();
    return () => {
      dialog.close();
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
    };
  }, []);
  return (
    <dialog
      ref={ref}
      class={`dialog dialog-${kind}`}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onPointerDown={(event) => {
        if (event.target === ref.current) onClose();
      }}
    >
      <div class="dialog-body">
        <header class="dialog-head">
          <h2 id={titleId} tabIndex={-1}>
            {title}
          </h2>
          {kind === "sheet" && (
            <button type="button" class="icon-button" aria-label={text.common.close} onClick={onClose}>
              <Icon name="close" />
            </button>
          )}
        </header>
        {children}
      </div>
    </dialog>
  );
}

interface ConfirmProps {
  title: string;
  body: string;
  action: string;
  busy?: boolean;
  onConfirm: () => void;
  onClose: () => void;
}

/** Says what will be lost before it is lost. The safe choice has the focus. */
export function ConfirmDialog({ title, body, action, busy, onConfirm, onClose }: ConfirmProps) {
  return (
    <Dialog title={title} kind="alert" onClose={onClose}>
      <p class="dialog-text">{body}</p>
      <div class="dialog-actions">
        <button type="button" class="button button-quiet" data-autofocus="" onClick={onClose}>
          {text.common.cancel}
        </button>
        <button type="button" class="button button-danger" disabled={busy === true} onClick={onConfirm}>
          {action}
        </button>
      </div>
    </Dialog>
  );
}
