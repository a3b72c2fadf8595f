import { describe, expect, test } from "vitest";
import { sameBytes } from "#schema/envelope/bytes.ts";
import { type DeviceList, encodeDeviceList, encodeDeviceListTbs } from "#schema/envelope/device-list.ts";
import { deviceListMessage } from "#schema/envelope/device-list.ts";
import {
  certifyDevice,
  createAccountKey,
  createDeviceKeys,
  assertOwnKeys,
  decodeOwnDevice,
  encodeOwnDevice,
  signOut,
  signSessionRenewal,
  verifyDeviceCert,
  verifySignOut,
} from "./device-identity.ts";
import { createGenesisList, createNextList, createResetList, createRotationList } from "./device-list.ts";
import { verifyDevices, verifyListChain } from "./list-chain.ts";
import { nobleProvider as provider } from "./noble-provider.ts";
import { type KeyPair } from "./provider.ts";

const code = (name: string): unknown => expect.objectContaining({ name: "CryptoError", code: name });
const accountId = new Uint8Array(16).fill(1);
const aik = createAccountKey(provider);
const keys = [createDeviceKeys(provider), createDeviceKeys(provider), createDeviceKeys(provider)];
const certOf = (index: number, by: KeyPair = aik) =>
  certifyDevice(provider, by, keys[index]!, { accountId, deviceId: index + 1, createdAtMs: 5 });
const certs = [certOf(0), certOf(1), certOf(2)];
const own = { keys: keys[0]!, cert: certs[0]! };

const first = createGenesisList(provider, aik, { accountId, issuedAtMs: 1, certs: [certs[0]!, certs[1]!] });
const second = createNextList(provider, aik, first, { issuedAtMs: 2, add: [certs[2]!] });
const third = createNextList(provider, aik, second, { issuedAtMs: 3, revoke: [2] });
const bytesOf = (...lists: DeviceList[]): Uint8Array[] => lists.map((list) => list.bytes);
const verify = (lists: DeviceList[], pin?: Parameters<typeof verifyListChain>[3]) =>
  verifyListChain(provider, accountId, bytesOf(...lists), pin);
const pinOf = (list: DeviceList) => verify([list]).pin;

describe("certificates", () => {
  test("a certificate verifies and an own device survives its codec", () => {
    expect(verifyDeviceCert(provider, certs[0]!.bytes, { accountId, aik: aik.pub })).toEqual(certs[0]);
    expect(decodeOwnDevice(encodeOwnDevice(own))).toEqual(own);
  });

  test("BAD_CERT: another account, another account key, either signature", () => {
    const other = createAccountKey(provider);
    const check =
      (bytes: Uint8Array, expected = { accountId, aik: aik.pub }) =>
      () =>
        verifyDeviceCert(provider, bytes, expected);
    expect(check(certs[0]!.bytes, { accountId: new Uint8Array(16), aik: aik.pub })).toThrow(code("BAD_CERT"));
    expect(check(certs[0]!.bytes, { accountId, aik: other.pub })).toThrow(code("BAD_CERT"));
    for (const at of [140, 210]) {
      const changed = Uint8Array.from(certs[0]!.bytes);
      changed[at]! ^= 1;
      expect(check(changed)).toThrow(code("BAD_CERT"));
    }
  });

  test("MALFORMED: an own device with the certificate of another", () => {
    const mixed = encodeOwnDevice({ keys: keys[1]!, cert: certs[0]! });
    expect(() => assertOwnKeys(provider, decodeOwnDevice(mixed))).toThrow(code("MALFORMED"));
    expect(() => assertOwnKeys(provider, own)).not.toThrow();
  });

  test("statements: sign-out is bound to its device, renewal to its challenge", () => {
    const statement = signOut(provider, own, 7);
    expect(verifySignOut(provider, own.cert, statement)).toMatchObject({ deviceId: 1, signedOutAtMs: 7 });
    expect(() => verifySignOut(provider, certs[1]!, statement)).toThrow(code("BAD_BINDING"));
    const changed = Uint8Array.from(statement);
    changed[28]! ^= 1;
    expect(() => verifySignOut(provider, own.cert, changed)).toThrow(code("BAD_SIGNATURE"));
    const challenge = provider.random(32);
    expect(signSessionRenewal(provider, own, challenge)).not.toEqual(
      signSessionRenewal(provider, own, provider.random(32)),
    );
  });
});

describe("lists", () => {
  test("a chain verifies from any start, and gives the newest list as pin", () => {
    expect(verify([first, second, third])).toMatchObject({
      list: third,
      identity: "new",
      pin: { version: 3 },
    });
    expect(verify([second, third], pinOf(second))).toMatchObject({ list: third, identity: "same" });
    expect(verify([third], pinOf(third)).identity).toBe("same");
    expect(third.devices.map(({ status }) => status)).toEqual(["active", "revoked", "active"]);
  });

  test("[ATTACK 18] LIST_ROLLBACK: a valid older list", () => {
    expect(() => verify([first, second], pinOf(third))).toThrow(code("LIST_ROLLBACK"));
  });

  test("[ATTACK 43] LIST_FORK: another list at a known version, a gap, a chain that misses the pin", () => {
    const fork = createNextList(provider, aik, first, { issuedAtMs: 9 });
    expect(() => verify([fork], pinOf(second))).toThrow(code("LIST_FORK"));
    expect(() => verify([fork, third])).toThrow(code("LIST_FORK"));
    expect(() => verify([first, third])).toThrow(code("LIST_FORK"));
    expect(() => verify([third], pinOf(first))).toThrow(code("LIST_FORK"));
    expect(() => verify([])).toThrow(code("MALFORMED"));
  });

  test("[ATTACK 18] BAD_SIGNATURE: an extra device without the account key", () => {
    const tbs = encodeDeviceListTbs({
      ...second,
      devices: [...second.devices, { deviceId: 9, status: "active", certHash: new Uint8Array(32) }],
    });
    const forged = encodeDeviceList(tbs, second.sigAik);
    expect(() => verifyListChain(provider, accountId, [first.bytes, forged])).toThrow(code("BAD_SIGNATURE"));
  });

  test("[ATTACK 17] UNTRUSTED_IDENTITY: the account key swapped without a hand-over", () => {
    const mallory = createAccountKey(provider);
    const swapped = createNextList(provider, mallory, first, { issuedAtMs: 2 });
    expect(() => verify([first, swapped], pinOf(first))).toThrow(code("UNTRUSTED_IDENTITY"));
    const fresh = createGenesisList(provider, mallory, {
      accountId,
      issuedAtMs: 1,
      certs: [certOf(0, mallory)],
    });
    expect(() => verify([fresh], pinOf(first))).toThrow(code("LIST_FORK"));
    expect(() => verifyListChain(provider, new Uint8Array(16), [first.bytes])).toThrow(code("BAD_BINDING"));
  });

  test("a rotation is signed by both keys, a reset by the new one alone, and both are told", () => {
    const next = createAccountKey(provider);
    const change = { issuedAtMs: 4, add: [certOf(0, next), certOf(2, next)] };
    const rotation = createRotationList(provider, next, aik, third, change);
    expect(verify([third, rotation], pinOf(third))).toMatchObject({
      identity: "rotated",
      pin: { aik: next.pub },
    });
    const reset = createResetList(provider, next, third, change);
    expect(verify([third, reset], pinOf(third)).identity).toBe("reset");
    const notByUs = createRotationList(provider, next, createAccountKey(provider), third, change);
    expect(() => verify([third, notByUs], pinOf(third))).toThrow(code("BAD_SIGNATURE"));
    expect(
      verifyDevices(
        provider,
        rotation,
        change.add.map((cert) => cert.bytes),
      ).length,
    ).toBe(2);
    expect(() => createResetList(provider, next, third, { issuedAtMs: 4 })).toThrow(RangeError);
  });

  /** Signs any content with the real account key, as a careless owner would. */
  const resign = (content: Parameters<typeof encodeDeviceListTbs>[0]): Uint8Array => {
    const tbs = encodeDeviceListTbs(content);
    return encodeDeviceList(tbs, provider.sign(aik.secret, deviceListMessage(tbs)));
  };
  const after = createNextList(provider, aik, third, { issuedAtMs: 4 });

  test.each([
    ["a revoked device returns", after.devices.map((entry) => ({ ...entry, status: "active" as const }))],
    ["an active device vanishes", after.devices.filter(({ deviceId }) => deviceId !== 1)],
    [
      "a revoked device vanishes though there is room",
      after.devices.filter(({ deviceId }) => deviceId !== 2),
    ],
    ["the newest device vanishes", after.devices.filter(({ deviceId }) => deviceId !== 3)],
    ["a device gets other keys", after.devices.map((entry) => ({ ...entry, certHash: new Uint8Array(32) }))],
  ])("BAD_CERT: %s", (_, devices) => {
    const lists = [third.bytes, resign({ ...after, devices })];
    expect(() => verifyListChain(provider, accountId, lists)).toThrow(code("BAD_CERT"));
  });

  test("BAD_CERT: the newest device vanishes once it is revoked, so that its id could come back", () => {
    const revoked = createNextList(provider, aik, third, { issuedAtMs: 4, revoke: [3] });
    const next = createNextList(provider, aik, revoked, { issuedAtMs: 5 });
    const lists = [
      revoked.bytes,
      resign({ ...next, devices: next.devices.filter(({ deviceId }) => deviceId !== 3) }),
    ];
    expect(() => verifyListChain(provider, accountId, lists)).toThrow(code("BAD_CERT"));
  });

  /** Devices 3 … `last`, each added by the list that revokes the one before it. */
  const grow = (
    last: number,
    each: (list: DeviceList, next: DeviceList) => void = () => undefined,
  ): DeviceList => {
    let list = first;
    for (let deviceId = 3; deviceId <= last; deviceId += 1) {
      const cert = certifyDevice(provider, aik, keys[2]!, { accountId, deviceId, createdAtMs: 1 });
      const revoke = deviceId === 3 ? [] : [deviceId - 1];
      const next = createNextList(provider, aik, list, { issuedAtMs: 1, add: [cert], revoke });
      each(list, next);
      list = next;
    }
    return list;
  };

  test("[DV11] a full list leaves out the device that was revoked first, never active ones", () => {
    const list = grow(23, (before, next) => verify([before, next]));
    expect(list.devices.length).toBe(16);
    expect(list.devices.filter(({ status }) => status === "active").map(({ deviceId }) => deviceId)).toEqual([
      1, 2, 23,
    ]);
    expect(() => createNextList(provider, aik, list, { issuedAtMs: 1, revoke: [22] })).toThrow(RangeError);
    expect(() => createNextList(provider, aik, list, { issuedAtMs: 1, revoke: [99] })).toThrow(RangeError);
  });

  test("BAD_CERT: an id that was left out is used again", () => {
    const list = grow(20);
    const next = createNextList(provider, aik, list, { issuedAtMs: 5 });
    const [, , third = next.devices[0]!] = first.devices;
    const back = { ...third, deviceId: 3, status: "active" as const };
    const devices = [...next.devices.filter(({ deviceId }) => deviceId !== 8), back];
    const lists = [
      list.bytes,
      resign({ ...next, devices: devices.toSorted((a, b) => a.deviceId - b.deviceId) }),
    ];
    expect(() => verifyListChain(provider, accountId, lists)).toThrow(code("BAD_CERT"));
  });

  test("[DV11] a list of active devices has no room: one has to be revoked by a list before, unless all of them are", () => {
    const many = Array.from({ length: 16 }, (_, index) =>
      certifyDevice(provider, aik, keys[2]!, { accountId, deviceId: index + 1, createdAtMs: 1 }),
    );
    const full = createGenesisList(provider, aik, { accountId, issuedAtMs: 1, certs: many });
    const cert = certifyDevice(provider, aik, keys[2]!, { accountId, deviceId: 17, createdAtMs: 1 });
    const change = { issuedAtMs: 2, add: [cert], revoke: [5] };
    expect(() => createNextList(provider, aik, full, change)).toThrow(RangeError);
    const revoked = createNextList(provider, aik, full, { issuedAtMs: 2, revoke: [5] });
    const joined = createNextList(provider, aik, revoked, { issuedAtMs: 3, add: [cert] });
    verify([full, revoked, joined]);
    expect(joined.devices.map(({ deviceId }) => deviceId)).not.toContain(5);
    const fresh = createAccountKey(provider);
    const own = certifyDevice(provider, fresh, keys[2]!, { accountId, deviceId: 17, createdAtMs: 1 });
    const revoke = full.devices.map(({ deviceId }) => deviceId);
    const reset = createResetList(provider, fresh, full, { issuedAtMs: 2, add: [own], revoke });
    verify([full, reset]);
    expect(reset.devices.filter(({ status }) => status === "active").map(({ deviceId }) => deviceId)).toEqual(
      [17],
    );
  });
});

describe("devices of a list", () => {
  const all = certs.map((cert) => cert.bytes);

  test("gives the active ones", () => {
    expect(verifyDevices(provider, third, all).map(({ deviceId }) => deviceId)).toEqual([1, 3]);
    const broken = Uint8Array.from(certs[0]!.bytes);
    broken[200]! ^= 1;
    expect(() => verifyDevices(provider, third, [broken, certs[2]!.bytes])).toThrow(code("BAD_CERT"));
  });

  test("BAD_CERT: a missing certificate, keys shared by two devices, a key of another account", () => {
    expect(() => verifyDevices(provider, third, [all[0]!])).toThrow(code("BAD_CERT"));
    const twin = certifyDevice(provider, aik, keys[0]!, { accountId, deviceId: 2, createdAtMs: 1 });
    const twins = createGenesisList(provider, aik, { accountId, issuedAtMs: 1, certs: [certs[0]!, twin] });
    expect(() => verifyDevices(provider, twins, [all[0]!, twin.bytes])).toThrow(code("BAD_CERT"));
    const isForeignKey = (key: Uint8Array): boolean => sameBytes(key, certs[2]!.dik);
    expect(() => verifyDevices(provider, third, all, { isForeignKey })).toThrow(code("BAD_CERT"));
  });

  test("a verdict can be cached by certificate hash", () => {
    const counting = { ...provider, verify: () => expect.unreachable() };
    expect(verifyDevices(counting, third, all, { isVerified: () => true }).length).toBe(2);
  });
});
