import { text } from "../../i18n/en.ts";
import { useApp } from "../../state/context.ts";
import { Icon, type IconName } from "../../ui/icons.tsx";
import { LogoMark } from "../../ui/logo.tsx";
import "./onboarding.css";

const pointIcons: readonly IconName[] = ["lock", "key", "device"];

export function Welcome() {
  const { router } = useApp();
  return (
    <main class="onboarding welcome">
      <div class="welcome-column">
        <div class="welcome-brand">
          <LogoMark size={52} />
          <span class="wordmark">{text.app.name}</span>
        </div>
        <h1>{text.welcome.title}</h1>
        <p class="onboarding-lead">{text.welcome.lead}</p>
        <div class="welcome-actions">
          <button type="button" class="button button-primary" onClick={() => router.go({ name: "signup" })}>
            {text.welcome.signUp}
          </button>
          <button type="button" class="button button-quiet" onClick={() => router.go({ name: "login" })}>
            {text.welcome.logIn}
          </button>
          <button type="button" class="button button-plain" onClick={() => router.go({ name: "link" })}>
            {text.welcome.link}
          </button>
        </div>
        <ul class="welcome-points">
          {text.welcome.points.map((point, index) => (
            <li key={point.title}>
              <span class="welcome-point-icon">
                <Icon name={pointIcons[index] ?? "lock"} />
              </span>
              <span>
                <strong>{point.title}</strong>
                <span>{point.body}</span>
              </span>
            </li>
          ))}
        </ul>
      </div>
      <div class="welcome-picture" aria-hidden="true">
        {text.welcome.picture.map((line) => (
          <p key={line}>{line}</p>
        ))}
      </div>
    </main>
  );
}
