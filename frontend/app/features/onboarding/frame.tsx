import "./onboarding.css";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { text } from "../../i18n/en.ts";
import { Icon } from "../../ui/icons.tsx";
import { LogoMark } from "../../ui/logo.tsx";

interface FrameProps {
  title: string;
  lead?: ComponentChildren;
  onBack?: () => void;
  children: ComponentChildren;
}

/** One calm column for everything that happens before the chats. */
export function OnboardingFrame({ title, lead, onBack, children }: FrameProps) {
  const ref = useRef<HTMLElement>(null);
  useEffect(() => {
    ref.current?.querySelector<HTMLElement>("[data-autofocus]")?.focus();
  }, [title]);
  return (
    <main class="onboarding" ref={ref}>
      <div class="onboarding-card">
        <div class="onboarding-top">
          {onBack === undefined ? (
            <LogoMark size={40} />
          ) : (
            <button
              type="button"
              class="icon-button onboarding-back"
              aria-label={text.common.back}
              onClick={onBack}
            >
              <Icon name="back" />
            </button>
          )}
        </div>
        <h1>{title}</h1>
        {lead !== undefined && <p class="onboarding-lead">{lead}</p>}
        {children}
      </div>
    </main>
  );
}

export function Notice({ children }: { children: ComponentChildren }) {
  return (
    <div class="notice" role="alert">
      <Icon name="warning" />
      <span>{children}</span>
    </div>
  );
}

/** Shown while keys are derived: seconds of honest work without a known share done. */
export function WorkingScreen({ title, body }: { title: string; body: string }) {
  return (
    <main class="onboarding">
      <div class="onboarding-card working">
        <LogoMark size={64} />
        <h1>{title}</h1>
        <output class="onboarding-lead">{body}</output>
        <div class="working-bar" aria-hidden="true" />
      </div>
    </main>
  );
}
