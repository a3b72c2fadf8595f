import { useCallback, useEffect, useState } from "preact/hooks";
import type { ClientErrorCode, LinkWay } from "#core/client-api.ts";
import { linkText } from "../../i18n/en-link.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { errorCode } from "../../state/timeline.ts";
import { Notice, OnboardingFrame } from "../onboarding/frame.tsx";
import { deviceName } from "../settings/device-name.ts";
import { CodeEntry, EmojiRow, LinkFailed, ShownCode, Waiting } from "./steps.tsx";
import { useLinkStatus } from "./use-link-status.ts";

/** A device without an account: shows a code, or takes that of a device that is signed in. */
export function JoinByLink() {
  const { client, router } = useApp();
  const status = useLinkStatus();
  const [entering, setEntering] = useState(false);
  const [failure, setFailure] = useState<ClientErrorCode>();

  const begin = useCallback(
    async (way: LinkWay): Promise<void> => {
      setFailure(undefined);
      setEntering("code" in way);
      try {
        await client.api.joinByLink({ deviceName: deviceName(navigator.userAgent), ...way });
      } catch (error) {
        setFailure(errorCode(error));
      }
    },
    [client],
  );

  function enter(): void {
    setEntering(true);
    setFailure(undefined);
    void client.api.cancelLink().catch(() => undefined); // it runs out by itself
  }

  useEffect(() => void begin({ show: "scan" }), [begin]);

  return (
    <OnboardingFrame
      title={status.state === "compare" ? linkText.compareTitle : linkText.joinTitle}
      lead={leadFor(status.state, entering)}
      onBack={() => router.go({ name: "welcome" }, { replace: true })}
    >
      {status.state === "showing" && <ShownCode status={status} />}
      {status.state === "connecting" && <Waiting text={linkText.connecting} />}
      {status.state === "compare" && <EmojiRow emoji={status.emoji} />}
      {(status.state === "finishing" || status.state === "done") && <Waiting text={linkText.finishing} />}
      {status.state === "failed" && (
        <LinkFailed reason={status.reason} onAgain={() => void begin({ show: "scan" })} />
      )}
      {status.state === "idle" && entering && (
        <CodeEntry
          wrong={failure === undefined ? undefined : text.errors[failure]}
          onCode={(code) => void begin({ code })}
        />
      )}
      {status.state === "idle" && !entering && failure !== undefined && (
        <Notice>{text.errors[failure]}</Notice>
      )}
      {(status.state === "showing" || (status.state === "idle" && entering)) && (
        <p class="link-other">
          {(entering || (status.state === "showing" && status.form === "type")) && (
            <button type="button" class="text-link" onClick={() => void begin({ show: "scan" })}>
              {linkText.showScanned}
            </button>
          )}
          {!(status.state === "showing" && status.form === "type") && (
            <button type="button" class="text-link" onClick={() => void begin({ show: "type" })}>
              {linkText.showTyped}
            </button>
          )}
          {!entering && (
            <button type="button" class="text-link" onClick={enter}>
              {linkText.enterInstead}
            </button>
          )}
        </p>
      )}
    </OnboardingFrame>
  );
}

function leadFor(state: string, entering: boolean): string | undefined {
  if (state === "compare") return linkText.compareNew;
  return state === "showing" || (state === "idle" && !entering) ? linkText.joinLead : undefined;
}
