/** A vault for a new account key, opened by a new recovery code (CRYPTO 2.13). */
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import type { SealedVault } from "#schema/http/auth.ts";
import type { DeviceId } from "#schema/ids.ts";
import type { Provider } from "../crypto/provider.ts";
import {
  createRecoverySecret,
  formatRecoveryCode,
  recoveryAuthKey,
  recoveryKek,
} from "../crypto/recovery-code.ts";
import { sealVault, type VaultAddress, wrapVaultKey } from "../crypto/vault.ts";

export interface NewVault extends Pick<SealedVault, "data" | "wraps"> {
  /** What proves the code to the server, base64url. */
  readonly recoveryKey: string;
  /** 8 groups of 5, shown once. */
  readonly recoveryCode: string;
}

/** `salt` is the account's. The caller overwrites the secrets it gave. */
export function createVault(
  provider: Provider,
  address: VaultAddress,
  salt: Uint8Array,
  content: {
    readonly aikSeed: Uint8Array;
    readonly backupRoot: Uint8Array;
    readonly lastDeviceId: DeviceId;
  },
): NewVault {
  const vaultKey = provider.random(32);
  const recoverySecret = createRecoverySecret(provider);
  const recoveryCode = formatRecoveryCode(provider, recoverySecret);
  const kek = recoveryKek(provider, salt, recoverySecret);
  const recoveryKey = encodeBase64url(recoveryAuthKey(provider, salt, recoverySecret));
  const profileKey = provider.random(32);
  const vault = sealVault(provider, vaultKey, address, { ...content, profileKey, pins: [], epoch: 1 });
  const wrap = wrapVaultKey(provider, kek, "recovery", address, vaultKey);
  for (const secret of [vaultKey, recoverySecret, kek]) secret.fill(0);
  return {
    data: encodeBase64url(vault),
    wraps: [{ kind: "recovery", data: encodeBase64url(wrap) }],
    recoveryKey,
    recoveryCode,
  };
}
