/** What a link shows on its way, on either side. */
import "./link.css";
import { useEffect, useState } from "preact/hooks";
import type { LinkFailure, LinkStatus } from "#core/client-api.ts";
import { linkText } from "../../i18n/en-link.ts";
import { TextField } from "../../ui/field.tsx";
import { QrCode } from "../../ui/qr-code.tsx";
import { canScan, Scanner } from "../../ui/scanner.tsx";
import { Notice } from "../onboarding/frame.tsx";

type Of<State extends LinkStatus["state"]> = Extract<LinkStatus, { state: State }>;

function Countdown({ untilMs }: { untilMs: number }) {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(0, Math.ceil((untilMs - nowMs) / 1_000));
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  return <span class="link-countdown">{linkText.validFor(time)}</span>;
}

export function ShownCode({ status }: { status: Of<"showing"> }) {
  return (
    <div class="link-code">
      {status.form === "scan" ? (
        <QrCode text={status.code} label={linkText.qr} />
      ) : (
        <p class="link-typed" aria-label={linkText.typed}>
          {status.code}
        </p>
      )}
      <Waiting text={linkText.waiting} />
      <Countdown untilMs={status.expiresAtMs} />
    </div>
  );
}

export function Waiting({ text }: { text: string }) {
  return (
    <output class="link-waiting">
      <span class="spinner" aria-hidden="true" />
      {text}
    </output>
  );
}

export function EmojiRow({ emoji }: { emoji: Of<"compare">["emoji"] }) {
  return (
    <ul class="link-emoji">
      {emoji.map(({ emoji: picture, name }, index) => (
        <li key={index}>
          <span aria-hidden="true">{picture}</span>
          <small>{name}</small>
        </li>
      ))}
    </ul>
  );
}

interface CodeEntryProps {
  wrong: string | undefined;
  onCode: (code: string) => void;
}

/** Scanned where the browser can, typed everywhere. */
export function CodeEntry({ wrong, onCode }: CodeEntryProps) {
  const [typed, setTyped] = useState("");
  const [camera, setCamera] = useState<"off" | "on" | "failed">("off");
  return (
    <div class="link-entry">
      {camera === "on" ? (
        <Scanner
          label={linkText.scanning}
          onFound={(code) => {
            setCamera("off");
            onCode(code);
          }}
          onFailed={() => setCamera("failed")}
        />
      ) : (
        canScan() && (
          <button type="button" class="button button-quiet button-wide" onClick={() => setCamera("on")}>
            {linkText.scan}
          </button>
        )
      )}
      {camera === "failed" && <Notice>{linkText.scanFailed}</Notice>}
      {wrong !== undefined && <Notice>{wrong}</Notice>}
      <form
        class="link-entry"
        onSubmit={(event) => {
          event.preventDefault();
          if (typed.trim() !== "") onCode(typed.trim());
        }}
      >
        <TextField
          label={linkText.enterLabel}
          hint={linkText.enterHint}
          autocomplete="off"
          value={typed}
          autofocus
          onValue={setTyped}
        />
        <button type="submit" class="button button-primary button-wide" disabled={typed.trim() === ""}>
          {linkText.enterSubmit}
        </button>
      </form>
    </div>
  );
}

export function LinkFailed({ reason, onAgain }: { reason: LinkFailure; onAgain: () => void }) {
  return (
    <div class="link-entry">
      <Notice>{linkText.failures[reason]}</Notice>
      <button type="button" class="button button-primary button-wide" onClick={onAgain}>
        {linkText.again}
      </button>
    </div>
  );
}
