/** Setting and opening the app lock: the secret opens the device master key, and nothing else changes (CRYPTO 2.12). */
import { ClientError } from "../client-api.ts";
import { type LockWay, sealMasterKey, stretchPassphrase, tryOpenMasterKey } from "../crypto/app-lock.ts";
import { defaultPasswordParams } from "../crypto/password.ts";
import type { Provider } from "../crypto/provider.ts";
import type { Environment } from "../environment.ts";
import type { AppLock, AppLockStore } from "../store/app-lock-store.ts";
import type { LockSecret } from "./lock-api.ts";

/** Typing errors are free; guessing is not. */
const freeTries = 3;
const firstDelayMs = 5_000;
const longestDelayMs = 5 * 60_000;

/** How long the next try has to wait after that many wrong ones in a row. */
export function delayAfter(failures: number): number {
  return failures < freeTries ? 0 : Math.min(firstDelayMs * 2 ** (failures - freeTries), longestDelayMs);
}

export async function createLock(
  provider: Provider,
  masterKey: Uint8Array,
  secret: LockSecret,
  autoLockMs: number | undefined,
): Promise<AppLock> {
  const way: LockWay =
    secret.type === "passphrase"
      ? { type: "passphrase", salt: provider.random(16), params: defaultPasswordParams }
      : { type: "passkey", credentialId: secret.credentialId, salt: secret.salt };
  const bytes = await secretBytes(provider, way, secret);
  const sealedKey = sealMasterKey(provider, way.type, bytes, masterKey);
  bytes.fill(0);
  return { way, sealedKey, autoLockMs, failures: 0, nextTryAtMs: 0 };
}

/**
 * Opens the master key; the caller owns it. A try is counted before it is made, so that ending the page saves nothing. Throws
 * `ClientError` wrong_passphrase, rate_limited (both with `retryAfterMs`), `StoreError`.
 */
export async function openLock(
  { provider, nowMs }: Pick<Environment, "provider" | "nowMs">,
  store: AppLockStore,
  secret: LockSecret,
): Promise<Uint8Array> {
  const lock = await store.read();
  if (lock === undefined) throw new ClientError("internal");
  const waitMs = Math.min(lock.nextTryAtMs - nowMs(), longestDelayMs);
  if (waitMs > 0) throw new ClientError("rate_limited", { retryAfterMs: waitMs });
  if (secret.type !== lock.way.type) throw new ClientError("wrong_passphrase");
  const failures = lock.failures + 1;
  const retryAfterMs = delayAfter(failures);
  await store.write({ ...lock, failures, nextTryAtMs: nowMs() + retryAfterMs });
  const bytes = await secretBytes(provider, lock.way, secret);
  const masterKey = tryOpenMasterKey(provider, lock.way.type, bytes, lock.sealedKey);
  bytes.fill(0);
  if (masterKey === undefined) throw new ClientError("wrong_passphrase", { retryAfterMs });
  await store.write({ ...lock, failures: 0, nextTryAtMs: 0 });
  return masterKey;
}

async function secretBytes(provider: Provider, way: LockWay, secret: LockSecret): Promise<Uint8Array> {
  if (secret.type === "passkey") return Uint8Array.from(secret.output);
  if (way.type !== "passphrase") throw new ClientError("wrong_passphrase");
  return stretchPassphrase(provider, secret.passphrase, way);
}
