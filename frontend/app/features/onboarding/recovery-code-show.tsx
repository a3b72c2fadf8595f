import { useEffect, useState } from "preact/hooks";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { downloadFile } from "../../ui/download-file.ts";
import { Icon } from "../../ui/icons.tsx";
import { OnboardingFrame } from "./frame.tsx";
import { formatRecoveryCode, groupsOf } from "./recovery-code.ts";

/** The only time the code is ever shown; leaving by accident is held up. */
export function RecoveryCodeShow({ code }: { code: string }) {
  const { account, forgetRecoveryCode, router, toasts } = useApp();
  const [saved, setSaved] = useState(false);
  const [copied, setCopied] = useState(false);
  const status = account.value;
  const username = status?.state === "signed_in" ? status.username : "";
  const written = formatRecoveryCode(code);

  useEffect(() => {
    const hold = (event: BeforeUnloadEvent): void => event.preventDefault();
    addEventListener("beforeunload", hold);
    return () => removeEventListener("beforeunload", hold);
  }, []);

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(written);
      setCopied(true);
      setTimeout(() => setCopied(false), 2_500);
    } catch {
      toasts.show(text.recovery.copyFailed); // permission refused: the code stays selectable
    }
  }

  return (
    <OnboardingFrame title={text.recovery.title} lead={text.recovery.lead}>
      <section class="code-card" aria-label={text.recovery.label}>
        <ol class="code-groups" dir="ltr">
          {groupsOf(code).map((group, index) => (
            // Groups of a code have no identity but their place.
            // oxlint-disable-next-line react/no-array-index-key
            <li key={index}>{group}</li>
          ))}
        </ol>
        <div class="code-actions">
          <button type="button" class="button button-plain" onClick={() => void copy()}>
            <Icon name={copied ? "check" : "copy"} />
            {copied ? text.common.copied : text.recovery.copy}
          </button>
          <button
            type="button"
            class="button button-plain"
            onClick={() =>
              downloadFile(text.recovery.fileName, text.recovery.file(username, written), "text/plain")
            }
          >
            <Icon name="download" />
            {text.recovery.download}
          </button>
          <button type="button" class="button button-plain" onClick={() => print()}>
            <Icon name="print" />
            {text.recovery.print}
          </button>
        </div>
      </section>
      <p class="code-consequence">{text.recovery.consequence}</p>
      <label class="check-row">
        <input type="checkbox" checked={saved} onChange={(event) => setSaved(event.currentTarget.checked)} />
        <span>{text.recovery.saved}</span>
      </label>
      <button
        type="button"
        class="button button-primary button-wide"
        disabled={!saved}
        onClick={() => {
          forgetRecoveryCode();
          router.go({ name: router.invite() === "" ? "home" : "join" }, { replace: true });
        }}
      >
        {text.recovery.submit}
      </button>
    </OnboardingFrame>
  );
}
