import { useState } from "preact/hooks";
import { ClientError, type LockQuestion, type LockSecret } from "#core/client-api.ts";
import { lockText } from "../../i18n/en-lock.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { errorCode } from "../../state/timeline.ts";
import { PasswordField } from "../../ui/field.tsx";
import { FormDialog } from "../../ui/form-dialog.tsx";
import { PasskeyError, askPasskey } from "../../ui/passkeys.ts";
import { Notice } from "../onboarding/frame.tsx";
import { passwordMinChars } from "../onboarding/password-strength.ts";
import { useSecondsUntil } from "./use-seconds-until.ts";

interface LockDialogProps {
  purpose: "set" | "change" | "remove";
  /** How the present lock is opened. */
  question: LockQuestion | undefined;
  onClose: () => void;
  onDone: () => void;
}

const words = {
  set: { title: lockText.setTitle, lead: lockText.setLead, action: lockText.save, done: lockText.isOn },
  change: {
    title: lockText.changeTitle,
    lead: lockText.setLead,
    action: lockText.saveChange,
    done: lockText.isChanged,
  },
  remove: {
    title: lockText.removeTitle,
    lead: lockText.removeBody,
    action: lockText.turnOff,
    done: lockText.isOff,
  },
} as const;

/** Sets, changes or removes the lock: the present secret first, where there is one. */
export function LockDialog({ purpose, question, onClose, onDone }: LockDialogProps) {
  const { client, toasts } = useApp();
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [seconds, waitFor] = useSecondsUntil(0);
  const { title, lead, action, done } = words[purpose];
  const needsCurrent = question?.type === "passphrase";
  const isLongEnough = purpose === "remove" || Array.from(next).length >= passwordMinChars;
  const isReady = isLongEnough && (!needsCurrent || current !== "") && !busy && seconds === 0;

  async function present(): Promise<LockSecret | undefined> {
    if (question === undefined) return undefined;
    if (question.type === "passphrase") return { type: "passphrase", passphrase: current };
    return { type: "passkey", ...(await askPasskey([question])) };
  }

  async function run(): Promise<void> {
    setBusy(true);
    setFailure(undefined);
    try {
      const secret = await present();
      if (purpose !== "remove") {
        const chosen = { type: "passphrase", passphrase: next } as const;
        await client.api.setAppLock({ next: chosen, ...(secret !== undefined && { current: secret }) });
      } else if (secret !== undefined) await client.api.removeAppLock(secret);
      toasts.show(done);
      onDone();
    } catch (error) {
      setBusy(false);
      setFailure(explain(error));
      if (error instanceof ClientError) waitFor(error.retryAfterMs ?? 0);
    }
  }

  return (
    <FormDialog
      title={title}
      lead={lead}
      action={busy ? lockText.working : action}
      isDanger={purpose === "remove"}
      isReady={isReady}
      onSubmit={() => void run()}
      onClose={onClose}
    >
      {failure !== undefined && <Notice>{seconds > 0 ? lockText.wrongWait(seconds) : failure}</Notice>}
      {needsCurrent && (
        <PasswordField
          label={lockText.current}
          value={current}
          onValue={setCurrent}
          autocomplete="off"
          autofocus
        />
      )}
      {purpose !== "remove" && (
        <PasswordField
          label={purpose === "set" ? lockText.passphrase : lockText.next}
          value={next}
          onValue={setNext}
          hint={lockText.hint}
          autocomplete="off"
          autofocus={!needsCurrent}
        />
      )}
    </FormDialog>
  );
}

function explain(error: unknown): string {
  if (error instanceof PasskeyError) return lockText.passkeyRefused;
  const code = errorCode(error);
  return code === "wrong_passphrase" ? lockText.wrong : text.errors[code];
}
