/** What the app may ask about the keys to the vault: a part of `ClientApi`. */

/** A passkey that was used: `output` is what it makes of `salt` (WebAuthn PRF), 32 bytes. */
export interface PasskeySecret {
  readonly credentialId: Uint8Array;
  readonly salt: Uint8Array;
  readonly output: Uint8Array;
}

/** What opens the vault. */
export type VaultSecret = { readonly recoveryCode: string } | { readonly passkey: PasskeySecret };

/** A passkey to ask for. */
export interface PasskeyQuestion {
  readonly credentialId: Uint8Array;
  readonly salt: Uint8Array;
}

export interface PasskeyView extends PasskeyQuestion {
  /** Where it was made. */
  readonly name: string;
  readonly addedAtMs: number;
}

/** Secrets are refused with `wrong_recovery_code` or `wrong_passkey`. */
export interface VaultApi {
  /** The passkeys that open the vault, besides the recovery code. */
  listPasskeys(): Promise<readonly PasskeyView[]>;
  /** Rejects with `too_many_passkeys`. */
  addPasskey(input: { secret: VaultSecret; passkey: PasskeySecret; name: string }): Promise<void>;
  removePasskey(input: { secret: VaultSecret; credentialId: Uint8Array }): Promise<void>;
}
