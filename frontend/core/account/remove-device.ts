/** Taking a device out of the account's list, which needs the account key and so the recovery code or a passkey. */
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { publishDeviceList } from "#schema/http/devices.ts";
import type { DeviceId } from "#schema/ids.ts";
import { createNextList } from "../crypto/device-list.ts";
import type { Environment } from "../environment.ts";
import type { Records } from "../store/records.ts";
import type { Engine } from "../sync/engine.ts";
import { lock, unlockAccount } from "./unlock.ts";
import type { VaultSecret } from "./vault-api.ts";

/**
 * Takes a device out of the list: its session ends, and nobody encrypts to it any more. Throws `ClientError` wrong_recovery_code or wrong_passkey,
 * `SottoError`, `CryptoError`.
 */
export async function removeOwnDevice(
  environment: Environment,
  records: Records,
  engine: Engine,
  input: { readonly deviceId: DeviceId } & VaultSecret,
): Promise<void> {
  const unlocked = await unlockAccount(environment, records, engine, input);
  try {
    const { aik, list, signedOut } = unlocked;
    const isActive = list.devices.some(
      ({ deviceId, status }) => deviceId === input.deviceId && status === "active",
    );
    if (isActive) {
      const revoke = [...new Set([...signedOut, input.deviceId])];
      const next = createNextList(environment.provider, aik, list, {
        issuedAtMs: environment.nowMs(),
        revoke,
      });
      await engine.call(publishDeviceList, { body: { deviceList: encodeBase64url(next.bytes) } });
    }
  } finally {
    lock(unlocked);
  }
  await engine.directory.refresh(engine.self.account);
}
