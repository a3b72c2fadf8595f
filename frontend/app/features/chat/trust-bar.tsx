import { useState } from "preact/hooks";
import type { ConversationView } from "#core/client-api.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { errorCode } from "../../state/timeline.ts";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { Icon } from "../../ui/icons.tsx";

/** Stands above the composer while messages wait for the person, or the server's word does not fit. */
export function TrustBar({ view: { peer, peerTrust } }: { view: ConversationView }) {
  const { client, router, reportError } = useApp();
  const [asking, setAsking] = useState(false);
  const { held, warning } = peerTrust;
  if (!held && warning === undefined) return null;

  function confirm(): void {
    setAsking(false);
    client.api.confirmIdentity(peer.account).catch((error: unknown) => reportError(errorCode(error)));
  }

  return (
    <div class="trust-bar" role="alert">
      <Icon name="warning" />
      <div class="trust-bar-text">
        {warning !== undefined && <p>{text.trust[warning](peer.username)}</p>}
        {held && (
          <p>
            <strong>{text.trust.held(peer.username)}</strong> {text.trust.heldBody}
          </p>
        )}
        {held && (
          <div class="trust-bar-actions">
            <button type="button" class="banner-action" onClick={() => router.go({ name: "contact" })}>
              {text.trust.compare}
            </button>
            <button type="button" class="banner-action" onClick={() => setAsking(true)}>
              {text.trust.sendAnyway}
            </button>
          </div>
        )}
      </div>
      {asking && (
        <ConfirmDialog
          title={text.trust.sendAnywayTitle(peer.username)}
          body={text.trust.sendAnywayBody(peer.username)}
          action={text.trust.sendAnyway}
          onConfirm={confirm}
          onClose={() => setAsking(false)}
        />
      )}
    </div>
  );
}
