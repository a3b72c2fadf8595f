import { expect, test } from "vitest";
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { certifyDevice, createAccountKey, createDeviceKeys } from "../crypto/device-identity.ts";
import { createGenesisList, createNextList, createResetList } from "../crypto/device-list.ts";
import { nobleProvider as provider } from "../crypto/noble-provider.ts";
import { verifyDirectory } from "./directory.ts";

const accountId = new Uint8Array(16).fill(7);
const account = encodeBase64url(accountId) as Parameters<typeof verifyDirectory>[1];

function certificate(aik: ReturnType<typeof createAccountKey>, deviceId: number) {
  return certifyDevice(provider, aik, createDeviceKeys(provider), { accountId, deviceId, createdAtMs: 1 });
}

test("[CL182] devices from before a reset are known by the key that certified them; what no such key signed is not", () => {
  const [before, after, stranger] = [1, 2, 3].map(() => createAccountKey(provider)) as [
    ReturnType<typeof createAccountKey>,
    ReturnType<typeof createAccountKey>,
    ReturnType<typeof createAccountKey>,
  ];
  const [first, forged, next] = [certificate(before, 1), certificate(stranger, 2), certificate(after, 3)];
  const certs = [first, forged];
  const genesis = createGenesisList(provider, before, { accountId, issuedAtMs: 1, certs });
  const reset = createResetList(provider, after, genesis, { issuedAtMs: 2, add: [next], revoke: [1, 2] });
  const text = (cert: { readonly bytes: Uint8Array }): string => encodeBase64url(cert.bytes);
  const certificates = [first, forged, next].map((cert) => ({
    deviceId: cert.deviceId,
    certificate: text(cert),
  }));
  const answer = { account, username: "ben", certificates, signOuts: [] };
  const lists = [genesis, reset].map(text);
  const seenFirst = verifyDirectory(provider, account, { ...answer, lists }, undefined);
  expect(seenFirst.certificates).toEqual([text(next), text(first)]);

  const known = { ...seenFirst, pin: { ...seenFirst.pin }, certificates: [text(next), text(first)] };
  const later = { ...answer, certificates: certificates.slice(2), lists: [text(reset)] };
  expect(verifyDirectory(provider, account, later, known).certificates).toEqual([text(next), text(first)]);
});

test("[DV11] devices that a full list has no room for stay known, to who saw them, who comes later and who was handed a pin", () => {
  const aik = createAccountKey(provider);
  const certs = Array.from({ length: 20 }, (_, index) => certificate(aik, index + 1));
  const lists = [createGenesisList(provider, aik, { accountId, issuedAtMs: 1, certs: certs.slice(0, 1) })];
  for (const cert of certs.slice(1)) {
    const revoke = [cert.deviceId - 1];
    lists.push(createNextList(provider, aik, lists.at(-1)!, { issuedAtMs: 1, add: [cert], revoke }));
  }
  const text = ({ bytes }: { readonly bytes: Uint8Array }): string => encodeBase64url(bytes);
  const certificates = certs.map((cert) => ({ deviceId: cert.deviceId, certificate: text(cert) }));
  const answer = { account, username: "ben", certificates, signOuts: [] };
  const everyone = certs.map(text).toSorted();
  const of = (record: { readonly certificates: readonly string[] }) => record.certificates.toSorted();

  const whole = verifyDirectory(provider, account, { ...answer, lists: lists.map(text) }, undefined);
  expect(of(whole)).toEqual(everyone);
  const early = verifyDirectory(
    provider,
    account,
    { ...answer, lists: lists.slice(0, 10).map(text) },
    undefined,
  );
  expect(
    of(verifyDirectory(provider, account, { ...answer, lists: lists.slice(9).map(text) }, early)),
  ).toEqual(everyone);
  const handed = { pin: whole.pin, certificates: [] };
  expect(of(verifyDirectory(provider, account, { ...answer, lists: lists.map(text) }, handed))).toEqual(
    everyone,
  );

  const stranger = certificate(createAccountKey(provider), 30);
  const foreign = [
    ...certificates,
    { deviceId: 30, certificate: text(stranger) },
    { deviceId: 31, certificate: "AAAA" },
  ];
  const spoilt = { ...answer, certificates: foreign, lists: lists.map(text) };
  expect(of(verifyDirectory(provider, account, spoilt, undefined))).toEqual(everyone);
});
