import "./contact.css";
import { useEffect, useState } from "preact/hooks";
import type { ConversationView } from "#core/client-api.ts";
import type { SafetyNumberView } from "#core/trust-api.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { openConversationOf } from "../../state/router.ts";
import { errorCode } from "../../state/timeline.ts";
import { Avatar } from "../../ui/avatar.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Icon } from "../../ui/icons.tsx";
import { QrCode } from "../../ui/qr-code.tsx";
import { Comparing } from "./comparing.tsx";

/** The person of the chat behind. Without one there is nobody to show. */
export function Contact() {
  const { conversations, router } = useApp();
  const behind = openConversationOf(router.place.value);
  const view = conversations.value?.find((one) => one.conversationId === behind);
  const isNobody = behind === undefined || (conversations.value !== undefined && view === undefined);
  useEffect(() => {
    if (isNobody) router.go({ name: "home" }, { replace: true });
  }, [isNobody, router]);
  return view === undefined ? null : <Person view={view} />;
}

function Person({ view }: { view: ConversationView }) {
  const { client, router } = useApp();
  const { peer, peerTrust } = view;
  const [number, setNumber] = useState<SafetyNumberView | "loading" | "failed">("loading");

  // Read again with every change of what is known of this person: the key may be another one.
  const version = JSON.stringify(peerTrust);
  useEffect(() => {
    let isCurrent = true;
    client.api.safetyNumber(peer.account).then(
      (found) => isCurrent && setNumber(found),
      () => isCurrent && setNumber("failed"),
    );
    return () => {
      isCurrent = false;
    };
  }, [client, peer.account, version]);

  return (
    <Dialog title={text.contact.title} kind="sheet" onClose={() => router.leave()}>
      <div class="dialog-scroll contact">
        <section class="contact-who">
          <Avatar account={peer.account} name={peer.username} size="l" />
          <p class="contact-name">
            <bdi>@{peer.username}</bdi>
          </p>
          {peerTrust.verified && (
            <p class="contact-verified">
              <Icon name="verified" />
              {text.contact.verified}
            </p>
          )}
        </section>
        <Warnings view={view} />
        <section aria-label={text.contact.number}>
          <h3 class="section-title">{text.contact.number}</h3>
          {number === "loading" && <p class="contact-hint">{text.common.loading}</p>}
          {number === "failed" && <p class="contact-hint">{text.contact.failed}</p>}
          {typeof number === "object" && <Number number={number} />}
        </section>
      </div>
    </Dialog>
  );
}

function Warnings({ view: { peer, peerTrust } }: { view: ConversationView }) {
  const { warning, held, verified, keyChangesMs } = peerTrust;
  const isNews = !verified && keyChangesMs.length > 0;
  if (warning === undefined && !isNews) return null;
  return (
    <div class={held || warning !== undefined ? "contact-note contact-note-strong" : "contact-note"}>
      <Icon name={held || warning !== undefined ? "warning" : "info"} />
      <div>
        {warning !== undefined && <p>{text.trust[warning](peer.username)}</p>}
        {isNews && <p>{text.trust.changedBody(peer.username)}</p>}
      </div>
    </div>
  );
}

function Number({ number }: { number: SafetyNumberView }) {
  const { client, toasts, reportError } = useApp();
  const { account, username, key, groups, code, verified } = number;

  const [isDifferent, setIsDifferent] = useState(false);

  async function mark(): Promise<void> {
    try {
      await client.api.markVerified(account, key);
      toasts.show(text.contact.marked(username));
    } catch (error) {
      reportError(errorCode(error));
    }
  }

  async function clear(): Promise<void> {
    try {
      await client.api.clearVerified(account);
    } catch (error) {
      reportError(errorCode(error));
    }
  }

  return (
    <>
      <p class="contact-hint">
        {verified ? text.contact.verifiedHint(username) : text.contact.numberHint(username)}
      </p>
      <QrCode text={code} label={text.contact.code} />
      <ol class="safety-number" aria-label={text.contact.number}>
        {groups.map((group, index) => (
          <li key={`${index}-${group}`}>{group}</li>
        ))}
      </ol>
      {!verified && (
        <Comparing account={account} onResult={(result) => setIsDifferent(result === "different")} />
      )}
      {verified ? (
        <button type="button" class="button button-quiet button-wide" onClick={() => void clear()}>
          {text.contact.clear}
        </button>
      ) : (
        <button
          type="button"
          class="button button-primary button-wide"
          disabled={isDifferent}
          onClick={() => void mark()}
        >
          <Icon name="verified" />
          {text.contact.mark}
        </button>
      )}
    </>
  );
}
