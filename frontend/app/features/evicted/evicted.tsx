import { storageText } from "../../i18n/en-storage.ts";
import { useApp } from "../../state/context.ts";
import { OnboardingFrame } from "../onboarding/frame.tsx";

/** Says plainly what happened, before anybody makes a second account where the first one was. */
export function Evicted() {
  const { router, startAnew } = useApp();
  return (
    <OnboardingFrame title={storageText.evictedTitle} lead={storageText.evictedLead}>
      <p class="onboarding-lead">{storageText.evictedSafe}</p>
      <p class="onboarding-lead">{storageText.evictedDevice}</p>
      <div class="onboarding-form">
        <button
          type="button"
          class="button button-primary button-wide"
          data-autofocus=""
          onClick={() => router.go({ name: "login" })}
        >
          {storageText.logIn}
        </button>
        <button
          type="button"
          class="button button-quiet button-wide"
          onClick={() => router.go({ name: "link" })}
        >
          {storageText.link}
        </button>
      </div>
      <p class="onboarding-other">
        <button type="button" class="text-link" onClick={startAnew}>
          {storageText.somebodyElse}
        </button>
      </p>
    </OnboardingFrame>
  );
}
