import "../settings/settings.css";
import { useState } from "preact/hooks";
import type { ClientErrorCode, GroupView, InviteView } from "#core/client-api.ts";
import { formatExact } from "../../i18n/format.ts";
import { inviteText } from "../../i18n/en-invites.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { ConfirmDialog, Dialog } from "../../ui/dialog.tsx";
import { Icon } from "../../ui/icons.tsx";
import { QrCode } from "../../ui/qr-code.tsx";
import { attempt, sayProblem } from "../groups/attempt.ts";
import { type Expiry, expiresAtMs, linkOf } from "./invite-link.ts";

interface InviteDialogProps {
  group: GroupView;
  invite: InviteView;
  mayChange: boolean;
  onChanged: (invite: InviteView | undefined) => void;
  onClose: () => void;
}

export function InviteDialog({ group, invite, mayChange, onChanged, onClose }: InviteDialogProps) {
  const { client } = useApp();
  const { api } = client;
  const { conversationId } = group;
  const [working, setWorking] = useState(false);
  const [asking, setAsking] = useState<"reset" | "off">();
  /** Shown at once, and taken back when it is refused. */
  const [wanted, setWanted] = useState<boolean>();
  const [problem, setProblem] = useState<ClientErrorCode>();

  async function run(operation: () => Promise<void>): Promise<void> {
    setWorking(true);
    setProblem(undefined);
    const done = await attempt(async () => {
      await operation();
      return api.groupInvite(conversationId);
    });
    setWorking(false);
    setAsking(undefined);
    setWanted(undefined);
    if (!done.ok) {
      setProblem(done.code);
      return;
    }
    onChanged(done.value);
    if (done.value === undefined) onClose();
  }
  const change = (terms: Partial<Parameters<typeof api.setInvite>[1]>): void => {
    const { needsApproval } = invite;
    const known = { needsApproval, expiresAtMs: invite.expiresAtMs, reset: false };
    void run(() => api.setInvite(conversationId, { ...known, ...terms }));
  };

  return (
    <Dialog title={inviteText.dialog} kind="sheet" onClose={onClose}>
      <div class="dialog-scroll invite-dialog">
        {invite.code === undefined ? (
          <p>{inviteText.unreadable}</p>
        ) : (
          <SharedLink link={linkOf(location.origin, invite.code)} isExpired={invite.isExpired} />
        )}
        {problem !== undefined && (
          <div class="notice" role="alert">
            <Icon name="warning" />
            {sayProblem(problem)}
          </div>
        )}
        {mayChange && (
          <>
            <label class="check-row switch-row">
              <span>
                {inviteText.approve}
                <small>{inviteText.approveHint}</small>
              </span>
              <input
                type="checkbox"
                role="switch"
                checked={wanted ?? invite.needsApproval}
                aria-checked={wanted ?? invite.needsApproval}
                disabled={working}
                onChange={(event) => {
                  setWanted(event.currentTarget.checked);
                  change({ needsApproval: event.currentTarget.checked });
                }}
              />
            </label>
            <ExpiryChoice
              invite={invite}
              disabled={working}
              onChoice={(choice) => change({ expiresAtMs: expiresAtMs(choice, Date.now()) })}
            />
            <div class="invite-ends">
              <button
                type="button"
                class="button button-quiet"
                disabled={working}
                onClick={() => setAsking("reset")}
              >
                <Icon name="retry" />
                {inviteText.reset}
              </button>
              <button
                type="button"
                class="button button-danger-quiet"
                disabled={working}
                onClick={() => setAsking("off")}
              >
                <Icon name="close" />
                {inviteText.off}
              </button>
            </div>
          </>
        )}
        <p class="info-sealed">
          <Icon name="lock" />
          {inviteText.secret}
        </p>
      </div>
      {asking !== undefined && (
        <ConfirmDialog
          title={asking === "reset" ? inviteText.resetTitle : inviteText.offTitle}
          body={asking === "reset" ? inviteText.resetBody : inviteText.offBody}
          action={asking === "reset" ? inviteText.reset : inviteText.off}
          busy={working}
          onConfirm={() =>
            asking === "reset"
              ? change({ reset: true, ...(invite.isExpired && { expiresAtMs: undefined }) })
              : void run(() => api.endInvite(conversationId))
          }
          onClose={() => setAsking(undefined)}
        />
      )}
    </Dialog>
  );
}

function SharedLink({ link, isExpired }: { link: string; isExpired: boolean }) {
  const { toasts } = useApp();
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(link);
      toasts.show(inviteText.copied);
    } catch {
      toasts.show(text.recovery.copyFailed); // permission refused
    }
  }
  if (isExpired) return <p class="invite-expired">{text.errors.invite_expired}</p>;
  return (
    <div class="invite-link">
      <QrCode text={link} label={inviteText.qr} />
      <textarea
        class="invite-text"
        readOnly
        rows={3}
        aria-label={inviteText.linkLabel}
        value={link}
        onFocus={(event) => event.currentTarget.select()}
      />
      <button type="button" class="button button-primary button-wide" onClick={() => void copy()}>
        <Icon name="copy" />
        {inviteText.copy}
      </button>
    </div>
  );
}

interface ExpiryChoiceProps {
  invite: InviteView;
  disabled: boolean;
  onChoice: (expiry: Expiry) => void;
}

/** A link with a time shows it; choosing again begins anew from now. */
function ExpiryChoice({ invite, disabled, onChoice }: ExpiryChoiceProps) {
  const [chosen, setChosen] = useState<Expiry | undefined>(
    invite.expiresAtMs === undefined ? "never" : undefined,
  );
  return (
    <fieldset class="segments" disabled={disabled}>
      <legend class="section-title">{inviteText.expiry}</legend>
      <div class="segments-row">
        {(["never", "day", "week"] as const).map((value) => (
          <label key={value} class="segment">
            <input
              type="radio"
              name="expiry"
              value={value}
              checked={chosen === value}
              onChange={() => {
                setChosen(value);
                onChoice(value);
              }}
            />
            <span>{inviteText.expiries[value]}</span>
          </label>
        ))}
      </div>
      {invite.expiresAtMs !== undefined && (
        <small>
          {invite.isExpired ? inviteText.expired : inviteText.runs(formatExact(invite.expiresAtMs))}
        </small>
      )}
    </fieldset>
  );
}
