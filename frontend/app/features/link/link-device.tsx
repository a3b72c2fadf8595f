import { useState } from "preact/hooks";
import type { LinkStatus, LinkWay, VaultSecret } from "#core/client-api.ts";
import { linkText } from "../../i18n/en-link.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { errorCode } from "../../state/timeline.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { checkRecoveryCode } from "../onboarding/recovery-code.ts";
import { UnlockFields } from "../vault/unlock-fields.tsx";
import { usePasskeys } from "../vault/use-passkeys.ts";
import { CodeEntry, EmojiRow, LinkFailed, ShownCode, Waiting } from "./steps.tsx";
import { useLinkStatus } from "./use-link-status.ts";

type Step = "unlock" | "code";

/** A device of the account lets another one in. The recovery code or passkey stays in this sheet. */
export function LinkDevice({ onClose }: { onClose: () => void }) {
  const { client, reportError } = useApp();
  const status = useLinkStatus();
  const [step, setStep] = useState<Step>("unlock");
  const [typed, setTyped] = useState("");
  const [used, setUsed] = useState<VaultSecret>();
  const [passkeys] = usePasskeys();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string>();
  const entry = checkRecoveryCode(typed);
  const secret = entry.state === "complete" ? { recoveryCode: entry.code } : used;

  async function begin(way: LinkWay): Promise<void> {
    if (secret === undefined || busy) return;
    setBusy(true);
    setFailure(undefined);
    try {
      await client.api.linkDevice({ ...secret, ...way });
    } catch (error) {
      const code = errorCode(error);
      setFailure(text.errors[code]);
      if (code === "wrong_recovery_code" || code === "wrong_passkey") setStep("unlock");
    }
    setBusy(false);
  }

  async function again(): Promise<void> {
    setStep("code");
    setFailure(undefined);
    await client.api.cancelLink().catch(() => undefined); // it runs out by itself
  }

  const approve = (): void => {
    client.api.approveLink().catch((error: unknown) => reportError(errorCode(error)));
  };
  return (
    <Dialog title={titleFor(status)} kind="sheet" onClose={onClose}>
      <div class="dialog-scroll">
        {status.state === "idle" && step === "unlock" && (
          <form
            class="link-entry"
            onSubmit={(event) => {
              event.preventDefault();
              if (entry.state === "complete") setStep("code");
            }}
          >
            <p class="link-note">{linkText.linkLead}</p>
            <UnlockFields
              typed={typed}
              onTyped={setTyped}
              passkeys={passkeys}
              onSecret={(passkey) => {
                setUsed(passkey);
                setStep("code");
              }}
              failure={failure}
              onFailure={setFailure}
            />
            <button
              type="submit"
              class="button button-primary button-wide"
              disabled={entry.state !== "complete"}
            >
              {linkText.unlock}
            </button>
          </form>
        )}
        {status.state === "idle" && step === "code" && busy && <Waiting text={linkText.unlocking} />}
        {status.state === "idle" && step === "code" && !busy && (
          <>
            <CodeEntry wrong={failure} onCode={(code) => void begin({ code })} />
            <p class="link-other">
              <button type="button" class="text-link" onClick={() => void begin({ show: "scan" })}>
                {linkText.showInstead}
              </button>
            </p>
          </>
        )}
        {status.state === "showing" && (
          <>
            <ShownCode status={status} />
            <p class="link-other">
              <button
                type="button"
                class="text-link"
                onClick={() => void begin({ show: status.form === "scan" ? "type" : "scan" })}
              >
                {status.form === "scan" ? linkText.showTyped : linkText.showScanned}
              </button>
            </p>
          </>
        )}
        {status.state === "connecting" && <Waiting text={linkText.connecting} />}
        {status.state === "confirm" && (
          <Question
            body={linkText.confirmBody}
            yes={linkText.confirmYes}
            no={linkText.confirmNo}
            onYes={approve}
            onNo={onClose}
          />
        )}
        {status.state === "compare" && (
          <>
            <EmojiRow emoji={status.emoji} />
            <Question
              body=""
              yes={linkText.compareYes}
              no={linkText.compareNo}
              onYes={approve}
              onNo={onClose}
            />
          </>
        )}
        {status.state === "finishing" && <Waiting text={linkText.finishing} />}
        {status.state === "done" && (
          <div class="link-entry">
            <p class="link-note">{linkText.doneBody}</p>
            <button type="button" class="button button-primary button-wide" onClick={onClose}>
              {linkText.done}
            </button>
          </div>
        )}
        {status.state === "failed" && <LinkFailed reason={status.reason} onAgain={() => void again()} />}
      </div>
    </Dialog>
  );
}

interface QuestionProps {
  body: string;
  yes: string;
  no: string;
  onYes: () => void;
  onNo: () => void;
}

function Question({ body, yes, no, onYes, onNo }: QuestionProps) {
  return (
    <div class="link-entry">
      {body !== "" && <p class="link-note">{body}</p>}
      <button type="button" class="button button-primary button-wide" onClick={onYes}>
        {yes}
      </button>
      <button type="button" class="button button-quiet button-wide" onClick={onNo}>
        {no}
      </button>
    </div>
  );
}

function titleFor(status: LinkStatus): string {
  if (status.state === "confirm") return linkText.confirmTitle(status.deviceName);
  if (status.state === "compare") return linkText.compareTitle;
  return status.state === "done" ? linkText.doneTitle : linkText.linkTitle;
}
