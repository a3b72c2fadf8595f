import { text } from "../../i18n/en.ts";
import { passwordMinChars, passwordStrength, type PasswordStrength } from "./password-strength.ts";

const strengthSteps: Record<PasswordStrength, number> = { too_short: 0, weak: 1, fair: 2, strong: 3 };

/** What a password that is being chosen is worth, below its field. */
export function StrengthHint({ password, username }: { password: string; username: string }) {
  if (password === "") return <>{text.signUp.passwordHint}</>;
  const strength = passwordStrength(password, username);
  return (
    <span class={`strength strength-${strengthSteps[strength]}`}>
      <span class="strength-bar" aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      {strength === "too_short"
        ? text.signUp.strength.too_short(passwordMinChars - Array.from(password).length)
        : text.signUp.strength[strength]}
    </span>
  );
}
