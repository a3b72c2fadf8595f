/** Fetches prekey bundles for devices without a session and verifies them (CRYPTO 2.2). */
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { claimBundles } from "#schema/http/devices.ts";
import type { AccountId } from "#schema/ids.ts";
import type { SessionCall } from "../api/session-api.ts";
import { type VerifiedBundle, verifyBundle } from "../crypto/bundle.ts";
import { runNative } from "../crypto/native/run-native.ts";
import { type Recipient, recipientKey } from "./capsules.ts";
import { inParallel } from "./lane.ts";
import type { Self } from "./self.ts";

/**
 * Claims one bundle for each recipient. A device the server has no bundle for is left out.
 * Throws `SottoError` when the server refuses, `CryptoError` for a bundle that does not verify.
 */
export async function claimVerifiedBundles(
  self: Self,
  call: SessionCall,
  recipients: readonly Recipient[],
): Promise<Map<string, VerifiedBundle>> {
  const verified = new Map<string, VerifiedBundle>();
  const byAccount = Map.groupBy(recipients, ({ directory }) => directory.account);
  const claim = async ([account, wanted]: [AccountId, Recipient[]]): Promise<void> => {
    const devices = wanted.map(({ device }) => device.deviceId);
    const { bundles } = await call(claimBundles, { params: { account }, body: { devices } });
    for (const bundle of bundles) {
      const recipient = wanted.find(({ device }) => device.deviceId === bundle.deviceId);
      if (recipient === undefined) continue;
      const { signedPrekey, pqPrekey, oneTimePrekey } = bundle;
      const parts = {
        signed: decodeBase64url(signedPrekey),
        pq: decodeBase64url(pqPrekey),
        ...(oneTimePrekey !== undefined && { oneTime: decodeBase64url(oneTimePrekey) }),
      };
      const nowMs = self.nowMs();
      const result = await runNative(self.provider, self.native, (provider) =>
        verifyBundle(provider, recipient.device, parts, nowMs),
      );
      verified.set(recipientKey(recipient), result);
    }
  };
  await inParallel([...byAccount], claim);
  return verified;
}
