import "./contact.css";
import { useEffect, useState } from "preact/hooks";
import type { PersonView, TrustView } from "#core/client-api.ts";
import type { SafetyNumberView } from "#core/trust-api.ts";
import type { AccountId } from "#schema/ids.ts";
import { trustText } from "../../i18n/en-trust.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { errorCode } from "../../state/timeline.ts";
import { trustIn } from "../../state/trust-in.ts";
import { Avatar } from "../../ui/avatar.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Icon } from "../../ui/icons.tsx";
import { QrCode } from "../../ui/qr-code.tsx";
import { Comparing } from "./comparing.tsx";

/** What is known of somebody's keys, and how to compare them. */
export function Contact({ account }: { account: AccountId }) {
  const { client, conversations, router } = useApp();
  const [number, setNumber] = useState<SafetyNumberView | "loading" | "failed">("loading");
  const known = conversations.value?.flatMap(trustIn).find((one) => one.account === account);

  // Read again with every change of what is known of this person: the key may be another one.
  const version = JSON.stringify(known);
  useEffect(() => {
    let isCurrent = true;
    client.api.safetyNumber(account).then(
      (found) => isCurrent && setNumber(found),
      () => isCurrent && setNumber("failed"),
    );
    return () => {
      isCurrent = false;
    };
  }, [client, account, version]);

  const found = typeof number === "object" ? number : undefined;
  const person = known ?? found;
  return (
    <Dialog title={trustText.contact.title} kind="sheet" onClose={() => router.leave()}>
      <div class="dialog-scroll contact">
        {person !== undefined && <Who person={person} />}
        {person !== undefined && <Warnings person={person} />}
        <section aria-label={trustText.contact.number}>
          <h3 class="section-title">{trustText.contact.number}</h3>
          {number === "loading" && <p class="contact-hint">{text.common.loading}</p>}
          {number === "failed" && <p class="contact-hint">{trustText.contact.failed}</p>}
          {found !== undefined && <Number number={found} />}
        </section>
      </div>
    </Dialog>
  );
}

function Who({ person: { account, username, verified } }: { person: PersonView & TrustView }) {
  return (
    <section class="contact-who">
      <Avatar account={account} name={username} size="l" />
      <p class="contact-name">
        <bdi>@{username}</bdi>
      </p>
      {verified && (
        <p class="contact-verified">
          <Icon name="verified" />
          {text.chat.verified}
        </p>
      )}
    </section>
  );
}

function Warnings({ person }: { person: PersonView & TrustView }) {
  const { contradicted, held, verified, keyChangesMs, username } = person;
  const isNews = !verified && keyChangesMs.length > 0;
  if (!contradicted && !isNews) return null;
  const isStrong = held || contradicted;
  return (
    <div class={isStrong ? "contact-note contact-note-strong" : "contact-note"}>
      <Icon name={isStrong ? "warning" : "info"} />
      <div>
        {contradicted && <p>{trustText.trust.contradicted(username)}</p>}
        {isNews && <p>{trustText.trust.changedBody(username)}</p>}
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
      toasts.show(trustText.contact.marked(username));
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
        {verified ? trustText.contact.verifiedHint(username) : trustText.contact.numberHint(username)}
      </p>
      <QrCode text={code} label={trustText.contact.code} />
      <ol class="safety-number" aria-label={trustText.contact.number}>
        {groups.map((group, index) => (
          <li key={`${index}-${group}`}>{group}</li>
        ))}
      </ol>
      {!verified && (
        <Comparing account={account} onResult={(result) => setIsDifferent(result === "different")} />
      )}
      {verified ? (
        <button type="button" class="button button-quiet button-wide" onClick={() => void clear()}>
          {trustText.contact.clear}
        </button>
      ) : (
        <button
          type="button"
          class="button button-primary button-wide"
          disabled={isDifferent}
          onClick={() => void mark()}
        >
          <Icon name="verified" />
          {trustText.contact.mark}
        </button>
      )}
    </>
  );
}
