import "./reset.css";
import { useEffect, useState } from "preact/hooks";
import type { ResetView } from "#core/client-api.ts";
import { text } from "../../i18n/en.ts";
import { resetText } from "../../i18n/en-reset.ts";
import { useApp } from "../../state/context.ts";
import { errorCode } from "../../state/timeline.ts";
import { Icon, type IconName } from "../../ui/icons.tsx";
import { Notice, OnboardingFrame, WorkingScreen } from "../onboarding/frame.tsx";
import { deviceName } from "../settings/device-name.ts";

/** The way forward for who has neither a device nor the recovery code. Says what it costs before anything is asked for. */
export function ResetAccount(props: { username: string; wasAsked: boolean; onBack: () => void }) {
  const { username, wasAsked, onBack } = props;
  const { client, register, registering, toasts } = useApp();
  const { api } = client;
  const [view, setView] = useState<ResetView>();
  const [failure, setFailure] = useState<string>();
  const [busy, setBusy] = useState(false);

  async function run(work: () => Promise<ResetView | undefined>): Promise<void> {
    setBusy(true);
    setFailure(undefined);
    try {
      const next = await work();
      if (next !== undefined) setView(next);
    } catch (error) {
      setFailure(text.errors[errorCode(error)]);
      // Perhaps it was stopped on a device meanwhile.
      await api.resetStanding().then(setView, () => undefined);
    }
    setBusy(false);
  }
  useEffect(() => {
    api.resetStanding().then(setView, (error: unknown) => setFailure(text.errors[errorCode(error)]));
  }, [api]);

  async function withdraw(): Promise<ResetView> {
    const next = await api.cancelReset();
    toasts.show(resetText.waiting.withdrawn);
    return next;
  }

  async function begin(): Promise<undefined> {
    const input = { deviceName: deviceName(navigator.userAgent) };
    await register((calls) => calls.finishReset(input));
  }

  if (registering.value) return <WorkingScreen title={resetText.making} body={resetText.makingBody} />;
  if (view === undefined && failure === undefined)
    return <main class="booting" aria-busy="true" aria-label={resetText.loading} />;
  const { title, lead } = headOf(view, username);
  const type = view?.state.type;
  const isAsked = type === "waiting" || type === "ready";
  return (
    <OnboardingFrame title={title} lead={lead} onBack={onBack}>
      {failure !== undefined && <Notice>{failure}</Notice>}
      {type === "none" && wasAsked && failure === undefined && <Notice>{resetText.gone}</Notice>}
      {view !== undefined && (type === "none" || type === "ready") && <Cost view={view} />}
      {type === "waiting" && <p class="reset-note">{resetText.waiting.body}</p>}
      {type === "locked" && <p class="reset-note">{resetText.locked.body}</p>}
      <div class="onboarding-form">
        {type === "none" && (
          <button
            type="button"
            class="button button-primary button-wide"
            disabled={busy}
            onClick={() => void run(() => api.requestReset())}
          >
            {busy ? resetText.none.busy : resetText.none.submit}
          </button>
        )}
        {type === "ready" && (
          <button
            type="button"
            class="button button-danger button-wide"
            disabled={busy}
            onClick={() => void run(begin)}
          >
            {resetText.ready.submit}
          </button>
        )}
        <button type="button" class="button button-quiet button-wide" onClick={onBack}>
          {resetText.back}
        </button>
        {isAsked && (
          <button
            type="button"
            class="button button-danger-quiet button-wide"
            disabled={busy}
            onClick={() => void run(withdraw)}
          >
            {resetText.waiting.withdraw}
          </button>
        )}
      </div>
    </OnboardingFrame>
  );
}

function headOf(view: ResetView | undefined, username: string): { title: string; lead?: string } {
  const { none, waiting, ready, locked } = resetText;
  if (view === undefined) return { title: none.title };
  const { state } = view;
  switch (state.type) {
    case "none":
      return { title: none.title, lead: none.lead(username) };
    case "waiting":
      return { title: waiting.title, lead: waiting.lead(state.effectiveAtMs) };
    case "ready":
      return { title: ready.title, lead: ready.lead(state.expiresAtMs) };
    case "locked":
      return { title: locked.title, lead: locked.lead(state.untilMs) };
  }
}

function Cost({ view }: { view: ResetView }) {
  const { cost } = resetText;
  const { conversations, messages, devices, waitMs, state } = view;
  return (
    <ul class="reset-cost" aria-label={cost.label}>
      <Line icon="eyeOff" title={cost.unread(conversations, messages)} body={cost.unreadBody} />
      <Line icon="warning" title={cost.warned} body={cost.warnedBody} />
      {devices > 0 && <Line icon="device" title={cost.devices(devices)} body={cost.devicesBody} />}
      {state.type === "none" && <Line icon="lock" title={cost.wait(waitMs)} body={cost.waitBody} />}
      <Line icon="check" title={cost.kept} body={cost.keptBody} />
    </ul>
  );
}

function Line({ icon, title, body }: { icon: IconName; title: string; body: string }) {
  return (
    <li class={icon === "check" ? "reset-kept" : undefined}>
      <Icon name={icon} />
      <span>
        <strong>{title}</strong>
        <span>{body}</span>
      </span>
    </li>
  );
}
