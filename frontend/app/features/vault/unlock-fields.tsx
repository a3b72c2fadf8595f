import type { PasskeyQuestion, VaultSecret } from "#core/client-api.ts";
import { vaultText } from "../../i18n/en-vault.ts";
import { text } from "../../i18n/en.ts";
import { errorCode } from "../../state/timeline.ts";
import { Icon } from "../../ui/icons.tsx";
import { hasPasskeys, PasskeyError, askPasskey } from "../../ui/passkeys.ts";
import { Notice } from "../onboarding/frame.tsx";
import { RecoveryCodeField } from "../onboarding/recovery-code-field.tsx";

interface UnlockFieldsProps {
  typed: string;
  onTyped: (value: string) => void;
  passkeys: readonly PasskeyQuestion[] | "loading" | "failed" | undefined;
  /** A passkey was used. */
  onSecret: (secret: VaultSecret) => void;
  failure: string | undefined;
  onFailure: (failure: string | undefined) => void;
}

/** The recovery code, or a passkey where the account has one. */
export function UnlockFields(props: UnlockFieldsProps) {
  const { typed, onTyped, passkeys, onSecret, failure, onFailure } = props;

  async function ask(known: readonly PasskeyQuestion[]): Promise<void> {
    onFailure(undefined);
    try {
      onSecret({ passkey: await askPasskey(known) });
    } catch (error) {
      onFailure(explainUnlock(error));
    }
  }

  return (
    <>
      {failure !== undefined && <Notice>{failure}</Notice>}
      <RecoveryCodeField
        typed={typed}
        onTyped={(value) => {
          onTyped(value);
          onFailure(undefined);
        }}
      />
      {Array.isArray(passkeys) && passkeys.length > 0 && hasPasskeys() && (
        <button type="button" class="button button-quiet button-wide" onClick={() => void ask(passkeys)}>
          <Icon name="key" />
          {vaultText.insteadOfCode}
        </button>
      )}
    </>
  );
}

export function explainUnlock(error: unknown): string {
  return error instanceof PasskeyError ? vaultText.failures[error.reason] : text.errors[errorCode(error)];
}
