/** What a server has after somebody lost the vault and began anew: a reset list, a new device, prekeys (CRYPTO 2.1 kind 4). */
import { createFirstPrekeys, createOwnDevice, toEnrolment } from "#core/account/enrolment.ts";
import { createAccountKey } from "#core/crypto/device-identity.ts";
import { createNextList, createResetList } from "#core/crypto/device-list.ts";
import type { KeyPair } from "#core/crypto/provider.ts";
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { parseDeviceList } from "#schema/envelope/device-list.ts";
import type { DeviceEnrolment } from "#schema/http/devices.ts";
import type { AccountId } from "#schema/ids.ts";
import { quickProvider } from "./fake-server.ts";

/** The enrolment of device `deviceId` by a list on top of `newest`; without `aik` that list is a reset to a new account key. */
export function enrolmentOnTop(
  { account, username, newest }: { account: AccountId; username: string; newest: string },
  deviceId: number,
  aik?: KeyPair,
): DeviceEnrolment {
  const provider = quickProvider;
  const key = aik ?? createAccountKey(provider);
  const own = createOwnDevice(provider, key, account, deviceId, Date.now());
  const previous = parseDeviceList(decodeBase64url(newest));
  const change = { issuedAtMs: Date.now(), add: [own.cert] };
  const revoke = previous.devices.filter(({ status }) => status === "active").map((entry) => entry.deviceId);
  const list =
    aik === undefined
      ? createResetList(provider, key, previous, { ...change, revoke })
      : createNextList(provider, key, previous, change);
  const prekeys = createFirstPrekeys(provider, own, Date.now());
  return toEnrolment({
    account,
    username,
    own,
    list,
    prekeys,
    certificates: [],
    signOuts: [],
    backupRoot: "",
  });
}
