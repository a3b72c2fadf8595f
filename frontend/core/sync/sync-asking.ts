/** Asking another own device to tell again what did not open (CRYPTO 2.8). */
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import type { DeviceId } from "#schema/ids.ts";
import type { CryptoErrorCode } from "../crypto/errors.ts";
import { signRetry } from "../crypto/retry.ts";
import type { Transaction } from "../store/records.ts";
import { deviceOutboxTable, repairTable } from "../store/tables.ts";
import { reasonOf } from "./outcome.ts";
import { isHourOver } from "./retry-asking.ts";
import { createMessageId, type Self } from "./self.ts";

/**
 * Stages a request to another own device for everything it has to tell: what it told did not open. At most once an hour for each device.
 */
export async function askForSync(
  transaction: Transaction,
  self: Self,
  deviceId: DeviceId,
  envelope: Uint8Array,
  code: CryptoErrorCode,
): Promise<void> {
  const { provider, own, account } = self;
  const key = `asked-sync/${deviceId}`;
  if (!isHourOver(await transaction.get(repairTable, key), self.nowMs())) return;
  transaction.put(repairTable, key, { atMs: self.nowMs() });
  const none = new Uint8Array(16);
  const request = signRetry(
    provider,
    own,
    { accountId: own.cert.accountId, deviceId },
    {
      reason: reasonOf(code),
      conversationId: none,
      clientMsgId: none,
      envelopeHash: provider.sha256(envelope),
    },
  );
  const id = createMessageId(provider);
  const data = encodeBase64url(request);
  transaction.insert(deviceOutboxTable, id, { id, account, device: deviceId, data });
}
