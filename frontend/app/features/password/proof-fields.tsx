import "./password.css";
import { useEffect, useRef, useState } from "preact/hooks";
import type { VaultSecret } from "#core/client-api.ts";
import { passwordText } from "../../i18n/en-password.ts";
import { PasswordField } from "../../ui/field.tsx";
import { Icon } from "../../ui/icons.tsx";
import { checkRecoveryCode } from "../onboarding/recovery-code.ts";
import { UnlockFields } from "../vault/unlock-fields.tsx";
import { usePasskeys } from "../vault/use-passkeys.ts";

/** The password in force, or what unlocks the account where that is forgotten; undefined while it is not complete. */
export type Proof = string | VaultSecret | undefined;

interface ProofProps {
  isForgotten: boolean;
  onForgotten: (isForgotten: boolean) => void;
  onProof: (proof: Proof) => void;
  onFailure: (failure: string | undefined) => void;
}

export function ProofFields({ isForgotten, onForgotten, onProof, onFailure }: ProofProps) {
  const [current, setCurrent] = useState("");
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    ref.current?.querySelector<HTMLElement>("[data-autofocus]")?.focus();
  }, [isForgotten]);
  const change = (forgotten: boolean): void => {
    setCurrent("");
    onForgotten(forgotten);
  };
  return (
    <div class="password-proof" ref={ref}>
      {isForgotten ? (
        <UnlockingProof onProof={onProof} onFailure={onFailure} />
      ) : (
        <PasswordField
          label={passwordText.current}
          value={current}
          onValue={(value) => {
            setCurrent(value);
            onProof(value === "" ? undefined : value);
          }}
          autocomplete="current-password"
          autofocus
        />
      )}
      <button type="button" class="text-link" onClick={() => change(!isForgotten)}>
        {isForgotten ? passwordText.known : passwordText.forgotten}
      </button>
    </div>
  );
}

function UnlockingProof({ onProof, onFailure }: Pick<ProofProps, "onProof" | "onFailure">) {
  const [passkeys] = usePasskeys();
  const [typed, setTyped] = useState("");
  const [isByPasskey, setByPasskey] = useState(false);
  if (isByPasskey) {
    return (
      <p class="password-proved">
        <Icon name="check" />
        {passwordText.byPasskey}
      </p>
    );
  }
  return (
    <UnlockFields
      typed={typed}
      onTyped={(value) => {
        setTyped(value);
        const entry = checkRecoveryCode(value);
        onProof(entry.state === "complete" ? { recoveryCode: entry.code } : undefined);
      }}
      passkeys={passkeys}
      onSecret={(secret) => {
        setByPasskey(true);
        onProof(secret);
      }}
      failure={undefined}
      onFailure={onFailure}
    />
  );
}
