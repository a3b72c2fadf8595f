import { useState } from "preact/hooks";
import type { AccountId } from "#schema/ids.ts";
import type { SafetyComparison } from "#core/trust-api.ts";
import { trustText } from "../../i18n/en-trust.ts";
import { useApp } from "../../state/context.ts";
import { errorCode } from "../../state/timeline.ts";
import { Icon } from "../../ui/icons.tsx";
import { canScan, Scanner } from "../../ui/scanner.tsx";

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
      {scanning && <Scanner label={trustText.contact.scanning} onFound={compare} onFailed={cameraFailed} />}
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
          {scanning ? trustText.contact.scanStop : trustText.contact.scan}
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
            aria-label={trustText.contact.field}
            placeholder={trustText.contact.field}
            onInput={(event) => setGiven(event.currentTarget.value)}
          />
        </span>
        <button type="submit" class="button button-quiet" disabled={given.trim() === ""}>
          {trustText.contact.compare}
        </button>
      </form>
      <output class={result === "same" ? "comparing-result comparing-same" : "comparing-result"}>
        {result !== undefined && (
          <>
            <Icon name={result === "same" ? "verified" : "warning"} />
            {result === "camera" ? trustText.contact.cameraFailed : trustText.contact.results[result]}
          </>
        )}
      </output>
    </div>
  );
}
