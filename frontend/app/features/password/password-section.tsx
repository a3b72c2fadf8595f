import { useState } from "preact/hooks";
import { passwordText } from "../../i18n/en-password.ts";
import { Icon } from "../../ui/icons.tsx";
import { PasswordDialog } from "./password-dialog.tsx";

/** The account's password in the settings. */
export function PasswordSection() {
  const [isOpen, setOpen] = useState(false);
  return (
    <section>
      <h3 class="section-title">{passwordText.title}</h3>
      <small>{passwordText.lead}</small>
      <div class="section-action">
        <button type="button" class="button button-quiet button-wide" onClick={() => setOpen(true)}>
          <Icon name="lock" />
          {passwordText.change}
        </button>
      </div>
      {isOpen && <PasswordDialog onClose={() => setOpen(false)} />}
    </section>
  );
}
