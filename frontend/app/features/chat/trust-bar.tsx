import "./trust-bar.css";
import { useState } from "preact/hooks";
import type { PersonView, TrustView } from "#core/client-api.ts";
import { trustText } from "../../i18n/en-trust.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { errorCode } from "../../state/timeline.ts";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { Icon } from "../../ui/icons.tsx";

/** Stands above the composer while messages wait for the person, or the server's word about somebody does not fit. */
export function TrustBar({
  person: { account, username, held, contradicted },
}: {
  person: PersonView & TrustView;
}) {
  const { client, router, reportError } = useApp();
  const [asking, setAsking] = useState(false);
  const name = username || text.groups.someone;

  function confirm(): void {
    setAsking(false);
    client.api.confirmIdentity(account).catch((error: unknown) => reportError(errorCode(error)));
  }

  return (
    <div class="trust-bar" role="alert">
      <Icon name="warning" />
      <div class="trust-bar-text">
        {contradicted && <p>{trustText.trust.contradicted(name)}</p>}
        {held && (
          <p>
            <strong>{trustText.trust.held(name)}</strong> {trustText.trust.heldBody}
          </p>
        )}
        {held && (
          <div class="trust-bar-actions">
            <button
              type="button"
              class="banner-action"
              onClick={() => router.go({ name: "contact", account })}
            >
              {trustText.trust.compare}
            </button>
            <button type="button" class="banner-action" onClick={() => setAsking(true)}>
              {trustText.trust.sendAnyway}
            </button>
          </div>
        )}
      </div>
      {asking && (
        <ConfirmDialog
          title={trustText.trust.sendAnywayTitle(name)}
          body={trustText.trust.sendAnywayBody(name)}
          action={trustText.trust.sendAnyway}
          onConfirm={confirm}
          onClose={() => setAsking(false)}
        />
      )}
    </div>
  );
}
