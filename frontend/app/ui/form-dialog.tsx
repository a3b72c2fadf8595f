import "./form-dialog.css";
import type { ComponentChildren } from "preact";
import { text } from "../i18n/en.ts";
import { Dialog } from "./dialog.tsx";

interface FormDialogProps {
  title: string;
  lead: string;
  /** What the button says that does it, also while it is done. */
  action: string;
  isDanger?: boolean;
  /** There is enough to go on with, and nothing under way. */
  isReady: boolean;
  onSubmit: () => void;
  onClose: () => void;
  children: ComponentChildren;
}

/** Asks for something, then does it; it is up to the caller to close it. */
export function FormDialog(props: FormDialogProps) {
  const { title, lead, action, isDanger, isReady, onSubmit, onClose, children } = props;
  return (
    <Dialog title={title} kind="alert" onClose={onClose}>
      <form
        class="dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) onSubmit();
        }}
      >
        <p>{lead}</p>
        {children}
        <div class="dialog-form-actions">
          <button type="button" class="button button-quiet" onClick={onClose}>
            {text.common.cancel}
          </button>
          <button
            type="submit"
            class={isDanger === true ? "button button-danger" : "button button-primary"}
            disabled={!isReady}
          >
            {action}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
