/** Every signature of a joining device and of its prekeys (CRYPTO 2.1). What follows from earlier lists is for the inbox. */
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { sameBytes } from "#schema/envelope/bytes.ts";
import {
  type DeviceCert,
  deviceCertMessage,
  devicePopMessage,
  parseDeviceCert,
} from "#schema/envelope/device-cert.ts";
import { deviceListMessage, parseDeviceList } from "#schema/envelope/device-list.ts";
import { encodePrekeyUpload, parsePrekeyUpload } from "#schema/envelope/prekey-upload.ts";
import {
  parseOneTimePrekey,
  parsePqPrekey,
  parseSignedPrekey,
  pqPrekeyMessage,
  prekeyUploadMessage,
  signedPrekeyMessage,
} from "#schema/envelope/prekeys.ts";
import { SottoError } from "#schema/errors.ts";
import type { DeviceEnrolment, PrekeyUpload } from "#schema/http/devices.ts";
import type { AccountId } from "#schema/ids.ts";
import { assertSignatures, type Signed } from "./ed25519.ts";
import { sha256 } from "./secrets.ts";

/** Throws `bad_signature` unless the certificate, the list and the prekeys are this account's and this device's. */
export async function verifyEnrolment(account: AccountId, enrolment: DeviceEnrolment): Promise<void> {
  const accountId = decodeBase64url(account);
  const cert = parseDeviceCert(decodeBase64url(enrolment.certificate));
  const list = parseDeviceList(decodeBase64url(enrolment.deviceList));
  const isOneDevice =
    sameBytes(cert.accountId, accountId) &&
    sameBytes(list.accountId, accountId) &&
    sameBytes(cert.aik, list.aik) &&
    cert.deviceId === enrolment.deviceId;
  if (!isOneDevice) throw new SottoError("bad_signature", "The certificate names another device.");
  if (enrolment.prekeys.signed === undefined) {
    throw new SottoError("malformed", "A joining device needs a signed prekey.");
  }
  await assertSignatures([
    { key: cert.aik, message: deviceCertMessage(cert.tbs), signature: cert.sigAik },
    { key: cert.dsk, message: devicePopMessage(cert.tbs, cert.sigAik), signature: cert.sigDsk },
    { key: list.aik, message: deviceListMessage(list.tbs), signature: list.sigAik },
  ]);
  await verifyPrekeys(cert, enrolment.prekeys);
}

/** Throws `bad_signature` unless the list is the account's and signed by the key it names; the inbox knows that key. */
export async function verifyListSignature(account: AccountId, deviceList: string): Promise<void> {
  const list = parseDeviceList(decodeBase64url(deviceList));
  if (!sameBytes(list.accountId, decodeBase64url(account))) {
    throw new SottoError("bad_signature", "The list is of another account.");
  }
  await assertSignatures([{ key: list.aik, message: deviceListMessage(list.tbs), signature: list.sigAik }]);
}

/** Throws `bad_signature` unless `cert`'s device signed each prekey and the upload as a whole. */
export async function verifyPrekeys(cert: DeviceCert, request: PrekeyUpload): Promise<void> {
  const { signed } = request;
  const parsed = {
    ...(signed && {
      signed: parseSignedPrekey(decodeBase64url(signed.signedPrekey)),
      lastResort: parsePqPrekey(decodeBase64url(signed.lastResort)),
    }),
    oneTime: request.oneTime.map((data) => parseOneTimePrekey(decodeBase64url(data))),
    oneTimePq: request.oneTimePq.map((data) => parsePqPrekey(decodeBase64url(data))),
  };
  const encoded = encodePrekeyUpload(parsed);
  const upload = parsePrekeyUpload(encoded);
  const key = cert.dsk;
  const pqPrekeys =
    upload.lastResort === undefined ? upload.oneTimePq : [...upload.oneTimePq, upload.lastResort];
  const checks: Signed[] = await Promise.all(
    pqPrekeys.map(async (prekey) => ({
      key,
      message: pqPrekeyMessage(cert, prekey, await sha256(prekey.pub)),
      signature: prekey.sig,
    })),
  );
  if (upload.signed !== undefined) {
    checks.push({ key, message: signedPrekeyMessage(cert, upload.signed), signature: upload.signed.sig });
  }
  checks.push({
    key,
    message: prekeyUploadMessage(cert, await sha256(encoded)),
    signature: decodeBase64url(request.signature),
  });
  await assertSignatures(checks);
}
