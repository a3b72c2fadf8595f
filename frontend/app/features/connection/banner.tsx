import "./banner.css";
import { useEffect, useState } from "preact/hooks";
import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { Icon } from "../../ui/icons.tsx";
import { type BannerView, bannerView, type Spell, spellAt } from "./banner-view.ts";

function useBrowserOnline(): boolean {
  const [online, setOnline] = useState(navigator.onLine);
  useEffect(() => {
    const read = (): void => setOnline(navigator.onLine);
    addEventListener("online", read);
    addEventListener("offline", read);
    return () => {
      removeEventListener("online", read);
      removeEventListener("offline", read);
    };
  }, []);
  return online;
}

function useBanner(): BannerView | undefined {
  const { connection } = useApp();
  const status = connection.value;
  const browserOnline = useBrowserOnline();
  const [nowMs, setNowMs] = useState(() => Date.now());
  const [spell, setSpell] = useState<Spell>({ kind: "fine", sinceMs: nowMs });
  useEffect(() => {
    const now = Date.now();
    const next = (before: Spell): Spell => spellAt({ status, browserOnline, nowMs: now }, before);
    setNowMs(now);
    setSpell(next);
    if (browserOnline && (status.state === "online" || status.state === "idle")) return;
    const timer = setInterval(() => setNowMs(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [status, browserOnline]);
  return bannerView({ status, browserOnline, nowMs }, spell);
}

function sentence(banner: BannerView): string {
  switch (banner.type) {
    case "offline":
      return text.connection.offline;
    case "connecting":
      return text.connection.connecting;
    case "updating":
      return text.connection.updating;
    case "retrying":
      return text.connection.retrying(banner.attempt, banner.inSeconds);
  }
}

export function ConnectionBanner() {
  const { client } = useApp();
  const banner = useBanner();
  if (banner === undefined) return null;
  return (
    <div class={`banner banner-${banner.type}`}>
      {banner.type === "updating" || banner.type === "connecting" ? (
        <span class="spinner" aria-hidden="true" />
      ) : (
        <Icon name="offline" />
      )}
      <span class="banner-text">
        {banner.type === "retrying" && <strong>{text.connection.lost}</strong>}
        {sentence(banner)}
      </span>
      {banner.type === "retrying" && (
        <button
          type="button"
          class="banner-action"
          // A refusal shows as the next attempt of the same banner.
          onClick={() => void client.api.reconnectNow().catch(() => undefined)}
        >
          {text.connection.retryNow}
        </button>
      )}
    </div>
  );
}
