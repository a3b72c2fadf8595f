/** Asking a device to tell again all that it has to tell this one, because something did not open (CRYPTO 2.8). */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { type ConversationId, type DeviceAddress, deviceAddressKey } from "#schema/ids.ts";
import type { CryptoErrorCode } from "../crypto/errors.ts";
import { signRetry } from "../crypto/retry.ts";
import type { Transaction } from "../store/records.ts";
import { deviceOutboxTable, repairTable } from "../store/tables.ts";
import { reasonOf } from "./outcome.ts";
import { isHourOver } from "./retry-asking.ts";
import { createMessageId, type Self } from "./self.ts";

/**
 * Stages a request, at most once an hour for each device: of an own one for what own devices tell each other, of another one, with which this
 * account has `group` in common, for keys of earlier messages that it promised.
 */
export async function askForAll(
  transaction: Transaction,
  self: Self,
  { account, device, group }: DeviceAddress & { readonly group?: ConversationId },
  envelope: Uint8Array,
  code: CryptoErrorCode,
): Promise<void> {
  const { provider, own } = self;
  const key = `asked-all/${deviceAddressKey(account, device)}`;
  if (!isHourOver(await transaction.get(repairTable, key), self.nowMs())) return;
  transaction.put(repairTable, key, { atMs: self.nowMs() });
  const none = new Uint8Array(16);
  const request = signRetry(
    provider,
    own,
    { accountId: decodeBase64url(account), deviceId: device },
    {
      reason: reasonOf(code),
      conversationId: none,
      clientMsgId: none,
      envelopeHash: provider.sha256(envelope),
    },
  );
  const id = createMessageId(provider);
  const data = encodeBase64url(request);
  const to = { account, device, ...(group !== undefined && { group }) };
  transaction.insert(deviceOutboxTable, id, { id, ...to, data });
}
