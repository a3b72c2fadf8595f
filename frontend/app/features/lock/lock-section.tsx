import "./lock.css";
import { useCallback, useEffect, useState } from "preact/hooks";
import type { LockView } from "#core/client-api.ts";
import { lockText } from "../../i18n/en-lock.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { errorCode } from "../../state/timeline.ts";
import { Icon } from "../../ui/icons.tsx";
import { createPasskey, hasPasskeys, PasskeyError } from "../../ui/passkeys.ts";
import { LockDialog } from "./lock-dialog.tsx";

const minuteMs = 60_000;
const choices = [
  [0, lockText.autoLockShort.hidden],
  [1, lockText.autoLockShort[1]],
  [5, lockText.autoLockShort[5]],
  [15, lockText.autoLockShort[15]],
  [60, lockText.autoLockShort[60]],
] as const;

/** The app lock in the settings. */
export function LockSection() {
  const { client, account, toasts, reportError, lock } = useApp();
  const { api } = client;
  const [view, setView] = useState<LockView | "off">();
  const [open, setOpen] = useState<"set" | "change" | "remove">();
  const read = useCallback(async () => setView((await api.appLock()) ?? "off"), [api]);
  useEffect(() => void read().catch((error: unknown) => reportError(errorCode(error))), [read, reportError]);
  const status = account.value;
  const username = status?.state === "signed_in" ? status.username : "";

  async function attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      await read();
    } catch (error) {
      if (!(error instanceof PasskeyError)) reportError(errorCode(error));
      else toasts.show(error.reason === "refused" ? lockText.passkeyRefused : lockText.passkeyMissing);
    }
  }

  async function lockWithPasskey(): Promise<void> {
    const made = await createPasskey(lockText.passkeyName(username));
    await api.setAppLock({ next: { type: "passkey", ...made } });
    toasts.show(lockText.isOn);
  }

  return (
    <section>
      <h3 class="section-title">{lockText.title}</h3>
      <LockState view={view} onLock={() => void lock()} />
      {view === "off" && (
        <div class="lock-actions">
          <button type="button" class="button button-quiet" onClick={() => setOpen("set")}>
            <Icon name="lock" />
            {lockText.setPassphrase}
          </button>
          {hasPasskeys() && (
            <button type="button" class="button button-quiet" onClick={() => void attempt(lockWithPasskey)}>
              <Icon name="key" />
              {lockText.setPasskey}
            </button>
          )}
        </div>
      )}
      {view !== undefined && view !== "off" && (
        <>
          <AutoLockChoice
            autoLockMs={view.autoLockMs}
            onChoose={(autoLockMs) => void attempt(() => api.setAutoLock(autoLockMs))}
          />
          <div class="lock-actions">
            <button type="button" class="button button-quiet" onClick={() => setOpen("change")}>
              {lockText.change}
            </button>
            <button type="button" class="button button-danger-quiet" onClick={() => setOpen("remove")}>
              {lockText.turnOff}
            </button>
          </div>
        </>
      )}
      {open !== undefined && (
        <LockDialog
          purpose={open}
          question={view === "off" ? undefined : view?.question}
          onClose={() => setOpen(undefined)}
          onDone={() => {
            setOpen(undefined);
            void attempt(async () => undefined);
          }}
        />
      )}
    </section>
  );
}

function LockState({ view, onLock }: { view: LockView | "off" | undefined; onLock: () => void }) {
  if (view === undefined) {
    return (
      <div class="session" aria-busy="true" aria-label={text.common.loading}>
        <span class="skeleton skeleton-name" />
      </div>
    );
  }
  return (
    <div class="session backup-state">
      <span class="session-icon">
        <Icon name="lock" />
      </span>
      <span>
        {view === "off" ? lockText.off : lockText.on[view.question.type]}
        <small>{view === "off" ? lockText.offBody : lockText.onBody}</small>
      </span>
      {view !== "off" && (
        <button type="button" class="button button-plain" onClick={onLock}>
          {lockText.lockNow}
        </button>
      )}
    </div>
  );
}

function AutoLockChoice(props: { autoLockMs: number | undefined; onChoose: (autoLockMs: number) => void }) {
  const { autoLockMs, onChoose } = props;
  return (
    <fieldset class="segments lock-auto">
      <legend class="section-title">{lockText.autoLock}</legend>
      <div class="segments-row">
        {choices.map(([minutes, label]) => (
          <label key={minutes} class="segment">
            <input
              type="radio"
              name="auto-lock"
              value={minutes}
              checked={autoLockMs === minutes * minuteMs}
              onChange={() => onChoose(minutes * minuteMs)}
            />
            <span>{label}</span>
          </label>
        ))}
      </div>
      {autoLockMs !== undefined && <small>{lockText.autoLockHint(autoLockMs / minuteMs)}</small>}
    </fieldset>
  );
}
