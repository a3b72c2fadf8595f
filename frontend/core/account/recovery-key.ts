/** What the server knows of the recovery code: a key that proves it, signed by the account key (CRYPTO 2.13). */
import { recoveryKeyMessage } from "#schema/envelope/account-statements.ts";
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import type { login } from "#schema/http/auth.ts";
import type { AnswerOf } from "#schema/http/route.ts";
import type { putRecoveryKey } from "#schema/http/vault.ts";
import type { CallInput } from "../api/http.ts";
import type { KeyPair, Provider } from "../crypto/provider.ts";
import { parseRecoveryCode, recoveryAuthKey } from "../crypto/recovery-code.ts";
import { inBackground } from "../sync/lane.ts";
import type { VaultSecret } from "./vault-api.ts";

/** Tells the server of the code that has just opened the vault, for accounts that were made before it knew any. Nobody waits for it. */
export function tellRecoveryKey(
  provider: Provider,
  opened: {
    readonly answer: Pick<AnswerOf<typeof login>, "account" | "vault" | "hasRecoveryKey">;
    readonly salt: Uint8Array;
    readonly aik: KeyPair;
    readonly secret: VaultSecret;
  },
  call: (input: CallInput<typeof putRecoveryKey>) => Promise<unknown>,
): void {
  const { answer, salt, aik, secret } = opened;
  if (answer.hasRecoveryKey || !("recoveryCode" in secret)) return;
  const { version } = answer.vault;
  const recoveryKey = recoveryAuthKey(provider, salt, parseRecoveryCode(provider, secret.recoveryCode));
  const digest = provider.sha256(recoveryKey);
  const message = recoveryKeyMessage(decodeBase64url(answer.account), version, digest);
  const signature = encodeBase64url(provider.sign(aik.secret, message));
  const body = { version, recoveryKey: encodeBase64url(recoveryKey), signature };
  void inBackground(async () => void (await call({ body })));
}
