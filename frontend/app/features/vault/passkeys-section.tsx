import { useState } from "preact/hooks";
import type { PasskeyView, VaultSecret } from "#core/client-api.ts";
import { vaultText } from "../../i18n/en-vault.ts";
import { text } from "../../i18n/en.ts";
import { formatListTime } from "../../i18n/format.ts";
import { useApp } from "../../state/context.ts";
import { Icon } from "../../ui/icons.tsx";
import { createPasskey, hasPasskeys } from "../../ui/passkeys.ts";
import { deviceName } from "../settings/device-name.ts";
import { UnlockDialog } from "./unlock-dialog.tsx";
import { usePasskeys } from "./use-passkeys.ts";

const yesterday = { yesterday: text.chat.yesterday.toLowerCase() };

/** The passkeys that unlock the account, in the settings. */
export function PasskeysSection() {
  const { account, client, nowMs, toasts } = useApp();
  const [passkeys, readAgain] = usePasskeys();
  const [open, setOpen] = useState<"add" | PasskeyView>();
  const close = (): void => setOpen(undefined);
  const status = account.value;
  const username = status?.state === "signed_in" ? status.username : "";

  async function add(secret: VaultSecret): Promise<void> {
    const passkey = await createPasskey(vaultText.name(username));
    await client.api.addPasskey({ secret, passkey, name: deviceName(navigator.userAgent) });
    toasts.show(vaultText.isAdded);
    await readAgain();
  }

  async function remove(secret: VaultSecret, { credentialId }: PasskeyView): Promise<void> {
    await client.api.removePasskey({ secret, credentialId });
    toasts.show(vaultText.isRemoved);
    await readAgain();
  }

  return (
    <section>
      <h3 class="section-title">{vaultText.title}</h3>
      {passkeys === "failed" && <p class="setting-note">{vaultText.listFailed}</p>}
      {passkeys === "loading" && (
        <div class="session" aria-busy="true" aria-label={text.common.loading}>
          <span class="skeleton skeleton-name" />
        </div>
      )}
      {Array.isArray(passkeys) && (
        <ul>
          {passkeys.map((passkey: PasskeyView) => (
            <li class="session" key={passkey.addedAtMs}>
              <span class="session-icon">
                <Icon name="key" />
              </span>
              <span>
                {passkey.name}
                <small>{vaultText.added(formatListTime(passkey.addedAtMs, nowMs.value, yesterday))}</small>
              </span>
              <button
                type="button"
                class="icon-button"
                aria-label={vaultText.remove(passkey.name)}
                title={vaultText.remove(passkey.name)}
                onClick={() => setOpen(passkey)}
              >
                <Icon name="trash" />
              </button>
            </li>
          ))}
        </ul>
      )}
      <small>{vaultText.lead}</small>
      {hasPasskeys() && (
        <div class="section-action">
          <button type="button" class="button button-quiet button-wide" onClick={() => setOpen("add")}>
            <Icon name="key" />
            {vaultText.add}
          </button>
        </div>
      )}
      {open === "add" && (
        <UnlockDialog
          title={vaultText.addTitle}
          lead={vaultText.addLead}
          action={vaultText.addAction}
          run={add}
          onClose={close}
        />
      )}
      {open !== undefined && open !== "add" && (
        <UnlockDialog
          title={vaultText.removeTitle(open.name)}
          lead={vaultText.removeLead}
          action={vaultText.removeAction}
          isDanger
          run={(secret) => remove(secret, open)}
          onClose={close}
        />
      )}
    </section>
  );
}
