import { useState } from "preact/hooks";
import type { AccountId } from "#schema/ids.ts";
import type { SafetyComparison } from "#core/trust-api.ts";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { errorCode } from "../../state/timeline.ts";
import { Icon } from "../../ui/icons.tsx";
import { canScan, Scanner } from "./scanner.tsx";

interface ComparingProps {
  account: AccountId;
  onResult: (result: SafetyComparison) => void;
}

/** Camera where the browser reads codes, text everywhere. It says what it found; marking stays the person's own act. */
export function Comparing({ account, onResult }: ComparingProps) {
  const { client, reportError } = useApp();
  const [scanning, setScanning] = useState(false);
  const [given, setGiven] = useState("");
  const [result, setResult] = useState<SafetyComparison | "camera">();

  function compare(found: string): void {
    setScanning(false);
    client.api
      .compareSafetyNumber(account, found)
      .then(told, (error: unknown) => reportError(errorCode(error)));
  }

  function told(found: SafetyComparison): void {
    setResult(found);
    onResult(found);
  }

  function cameraFailed(): void {
    setScanning(false);
    setResult("camera");
  }

  return (
    <div class="comparing">
      {scanning && <Scanner onFound={compare} onFailed={cameraFailed} />}
      {canScan() && (
        <button
          type="button"
          class="button button-quiet button-wide"
          onClick={() => {
            setResult(undefined);
            setScanning(!scanning);
          }}
        >
          <Icon name={scanning ? "close" : "scan"} />
          {scanning ? text.contact.scanStop : text.contact.scan}
        </button>
      )}
      <form
        class="comparing-text"
        onSubmit={(event) => {
          event.preventDefault();
          compare(given);
        }}
      >
        <span class="field-box">
          <input
            value={given}
            inputMode="numeric"
            autocomplete="off"
            spellcheck={false}
            aria-label={text.contact.field}
            placeholder={text.contact.field}
            onInput={(event) => setGiven(event.currentTarget.value)}
          />
        </span>
        <button type="submit" class="button button-quiet" disabled={given.trim() === ""}>
          {text.contact.compare}
        </button>
      </form>
      <output class={result === "same" ? "comparing-result comparing-same" : "comparing-result"}>
        {result !== undefined && (
          <>
            <Icon name={result === "same" ? "verified" : "warning"} />
            {result === "camera" ? text.contact.cameraFailed : text.contact.results[result]}
          </>
        )}
      </output>
    </div>
  );
}
