/** Device lists and prekeys of the inbox in plain Node. Signatures are the Worker's to check. */
import { describe, expect, test } from "vitest";
import { nobleProvider as provider } from "#core/crypto/noble-provider.ts";
import { createAccountKey, deviceCertHash, type OwnDevice } from "#core/crypto/device-identity.ts";
import { createGenesisList, createNextList, deviceListHash } from "#core/crypto/device-list.ts";
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import {
  type DeviceList,
  type DeviceListEntry,
  encodeDeviceList,
  encodeDeviceListTbs,
  parseDeviceList,
} from "#schema/envelope/device-list.ts";
import { limits } from "#schema/limits.ts";
import { prekeysFor } from "../support/raw-account.ts";
import { anna, ben, InboxRig, kindOf } from "../support/inbox-rig.ts";

describe("enrolling", () => {
  test("[DV1] a first device comes with a genesis list, the next ones with the next list", () => {
    const rig = new InboxRig();
    rig.enrol(1);
    rig.enrol(2);
    rig.enrol(5);
    expect(rig.core.deviceSet()).toEqual({ account: anna, epoch: 3, version: 3, devices: [1, 2, 5] });
    expect(rig.core.directory(0).lists).toHaveLength(3);
  });

  test("[DV1] an enrolment whose answer was lost can be repeated", () => {
    const rig = new InboxRig();
    const own = rig.newDevice(1);
    const input = rig.enrolment(own, rig.nextList(own));
    rig.submit(input);
    rig.submit(input);
    expect(rig.core.deviceSet()).toEqual({ account: anna, epoch: 1, version: 1, devices: [1] });
  });

  test("[DV1] a list that does not follow the newest one is refused and changes nothing", () => {
    const rig = new InboxRig();
    rig.enrol(1);
    const first = rig.list!;
    rig.enrol(3, [1]);
    const before = rig.core.directory(0);
    const own = rig.newDevice(4);
    const stranger = createAccountKey(provider);
    const next = (change: Partial<Parameters<typeof createNextList>[3]>, from = rig.list!, aik = rig.aik) =>
      createNextList(provider, aik, from, { issuedAtMs: rig.nowMs, add: [own.cert], ...change });
    const genesis = createGenesisList(provider, rig.aik, {
      accountId: decodeBase64url(anna),
      issuedAtMs: rig.nowMs,
      certs: [own.cert],
    });
    const bad = {
      "a fork of an older list": next({}, first),
      "a second genesis": genesis,
      "two new devices": next({ add: [own.cert, rig.newDevice(6).cert] }),
      "without the joining device": next({ add: [rig.newDevice(7).cert] }),
      "another account key": next({}, rig.list!, stranger),
      "a revoked device active again": unsigned(rig.list!, own, (devices) =>
        devices.map((entry) => ({ ...entry, status: "active" })),
      ),
      "a device left out": unsigned(rig.list!, own, (devices) => devices.slice(1)),
      "another certificate of an old device": unsigned(rig.list!, own, (devices) =>
        devices.map((entry) => ({ ...entry, certHash: new Uint8Array(32) })),
      ),
      "a skipped version": unsigned(rig.list!, own, (devices) => devices, 2),
    };
    for (const [name, list] of Object.entries(bad)) {
      expect([name, kindOf(() => rig.submit(rig.enrolment(own, list)))]).toEqual([
        name,
        "device_list_conflict",
      ]);
    }
    expect(rig.core.directory(0)).toEqual(before);
  });

  test("[DV11] an account that has had sixteen devices takes further ones: each pushes out the one revoked first", () => {
    const rig = new InboxRig();
    rig.enrol(1);
    for (let device = 2; device <= 20; device += 1) rig.enrol(device, device === 2 ? [] : [device - 1]);
    expect(rig.core.deviceSet().devices).toEqual([1, 20]);
    expect(rig.list?.devices.map(({ deviceId }) => deviceId)).toEqual([
      1, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20,
    ]);
    expect(kindOf(() => rig.session(2))).toBe("session_revoked");
    expect(rig.core.directory(0).certificates).toHaveLength(20);
    const back = rig.newDevice(5);
    const list = unsigned(rig.list!, back, (devices) => devices.slice(1));
    expect(kindOf(() => rig.submit(rig.enrolment(back, list)))).toBe("device_list_conflict");
  });

  test("[DV11] nothing else is left out: no active device, none that is revoked just now, none that another one precedes, none without need", () => {
    const rig = new InboxRig();
    rig.enrol(1);
    for (let device = 2; device <= 16; device += 1) rig.enrol(device, device > 4 ? [device - 2] : []);
    const full = rig.list!;
    expect(full.devices.map(({ status }) => status === "active")).toEqual(
      full.devices.map(({ deviceId }) => [1, 2, 15, 16].includes(deviceId)),
    );
    const own = rig.newDevice(17);
    const without = (id: number, kept: (entry: DeviceListEntry) => DeviceListEntry = (entry) => entry) =>
      unsigned(full, own, (devices) => devices.filter(({ deviceId }) => deviceId !== id).map(kept));
    const revoking = (id: number) => (entry: DeviceListEntry) =>
      entry.deviceId === id ? { ...entry, status: "revoked" as const } : entry;
    const bad = {
      "an active one": without(2),
      "one revoked by this very list, in effect": without(15),
      "a later revoked one": without(4),
      "the newest one": without(16),
      "more than has to go": unsigned(full, own, (devices) =>
        devices.filter(({ deviceId }) => deviceId !== 3 && deviceId !== 4),
      ),
    };
    for (const [name, list] of Object.entries(bad)) {
      expect([name, kindOf(() => rig.submit(rig.enrolment(own, list)))]).toEqual([
        name,
        "device_list_conflict",
      ]);
    }
    expect(rig.core.deviceSet().devices).toEqual([1, 2, 15, 16]);
    expect(kindOf(() => rig.submit(rig.enrolment(own, without(3, revoking(15)))))).toBe("accepted");
    expect(rig.core.deviceSet().devices).toEqual([1, 2, 16, 17]);
  });

  test("[DV1] keys of another device of the account are refused", () => {
    const rig = new InboxRig();
    const first = rig.enrol(1);
    const copy = rig.newDevice(2);
    const list = rig.nextList(copy);
    const input = rig.enrolment(copy, list);
    expect(kindOf(() => rig.submit({ ...input, certificate: encodeBase64url(first.cert.bytes) }))).toBe(
      "device_list_conflict",
    );
  });

  test("[DV3] a revoked device loses its session and its place, for good", () => {
    const rig = new InboxRig();
    rig.enrol(1);
    rig.enrol(2);
    const socket = rig.socket(2, rig.session(2));
    rig.enrol(3, [2]);
    expect([socket.closedFor, kindOf(() => rig.session(2)), rig.core.deviceSet().devices]).toEqual([
      "session_revoked",
      "session_revoked",
      [1, 3],
    ]);
    expect(rig.core.claimBundles({ requester: ben, devices: [2] })).toEqual([]);
  });

  test("[DV9] a directory leaves out the lists that are known, but never the newest", () => {
    const rig = new InboxRig();
    for (const device of [1, 2, 3]) rig.enrol(device);
    const counts = [0, 1, 2, 3, 9].map((after) => rig.core.directory(after).lists.length);
    expect(counts).toEqual([3, 2, 1, 1, 1]);
    expect(rig.core.directory(0).certificates.map(({ deviceId }) => deviceId)).toEqual([1, 2, 3]);
  });

  test("[DV8] a signed-out device is left out of the set, and its statement is shown", () => {
    const rig = new InboxRig();
    rig.enrol(1);
    rig.enrol(2);
    const live = rig.socket(1);
    rig.core.signOut(2, "statement");
    rig.core.signOut(2, "statement");
    expect(rig.core.deviceSet()).toEqual({ account: anna, epoch: 3, version: 2, devices: [1] });
    expect(rig.core.directory(9).signOuts).toEqual([{ deviceId: 2, statement: "statement" }]);
    expect(live.take()).toEqual([{ type: "devices:changed", account: anna, version: 2 }]);
    expect(kindOf(() => rig.session(2))).toBe("session_revoked");
    expect(kindOf(() => rig.core.signOut(9, "statement"))).toBe("not_found");
  });

  test("an inbox without an account answers not_found and creates nothing", () => {
    const rig = new InboxRig();
    const kinds = [
      kindOf(() => rig.core.directory(0)),
      kindOf(() => rig.core.certificate(1)),
      kindOf(() => rig.core.claimBundles({ requester: ben, devices: [1] })),
      kindOf(() => rig.core.signOut(1, "statement")),
      kindOf(() => rig.session(1)),
    ];
    expect(kinds).toEqual(Array(5).fill("not_found"));
    expect(rig.sql.all("SELECT name FROM sqlite_master")).toEqual([]);
  });
});

/** The next list as no honest client makes it; the inbox leaves signatures to the Worker. */
function unsigned(
  previous: DeviceList,
  joining: OwnDevice,
  change: (devices: readonly DeviceListEntry[]) => readonly DeviceListEntry[],
  step = 1,
): DeviceList {
  const entry = {
    deviceId: joining.cert.deviceId,
    status: "active" as const,
    certHash: deviceCertHash(provider, joining.cert.bytes),
  };
  const tbs = encodeDeviceListTbs({
    ...previous,
    kind: "change",
    version: previous.version + step,
    prevHash: deviceListHash(provider, previous),
    devices: [...change(previous.devices), entry].toSorted((a, b) => a.deviceId - b.deviceId),
  });
  return parseDeviceList(encodeDeviceList(tbs, new Uint8Array(64)));
}

test("[DV1] a hand-made next list is accepted when it keeps the rules", () => {
  const rig = new InboxRig();
  rig.enrol(1);
  const own = rig.newDevice(2);
  const list = unsigned(rig.list!, own, (devices) => devices);
  expect(kindOf(() => rig.submit(rig.enrolment(own, list)))).toBe("accepted");
});

describe("prekeys", () => {
  test("[DV4] each one-time prekey is handed out once; then the last-resort one, and no other", () => {
    const rig = new InboxRig();
    rig.enrol(1, [], 2);
    const bundles = [1, 2, 3, 4].flatMap(() => rig.core.claimBundles({ requester: ben, devices: [1] }));
    const dh = bundles.map(({ oneTimePrekey }) => oneTimePrekey);
    const pq = bundles.map(({ pqPrekey }) => pqPrekey);
    expect([new Set(dh.slice(0, 2)).size, dh.slice(2)]).toEqual([2, [undefined, undefined]]);
    expect([new Set(pq.slice(0, 3)).size, pq[3]]).toEqual([3, pq[2]]);
    expect(new Set(bundles.map(({ signedPrekey }) => signedPrekey)).size).toBe(1);
  });

  test("[DV4] naming a device twice claims for it once", () => {
    const rig = new InboxRig();
    rig.enrol(1, [], 2);
    expect(rig.core.claimBundles({ requester: ben, devices: [1, 1, 1] })).toHaveLength(1);
    expect(rig.parts.prekeys.stock(1)).toMatchObject({ oneTime: 1, oneTimePq: 1 });
  });

  test("[DV5] a key that was handed out is not handed out again when it is uploaded again", () => {
    const rig = new InboxRig();
    const own = rig.newDevice(1);
    const input = rig.enrolment(own, rig.nextList(own), 2);
    rig.submit(input);
    rig.core.claimBundles({ requester: ben, devices: [1] });
    expect(rig.core.addPrekeys(1, input.prekeys)).toMatchObject({ oneTime: 1, oneTimePq: 1 });
  });

  test("[DV5] an older signed prekey does not replace a newer one", () => {
    const rig = new InboxRig();
    const own = rig.enrol(1);
    const newer = rig.parts.prekeys.stock(1).signedPrekeyCreatedAtMs;
    const older = prekeysFor(own, 1, rig.nowMs - 1);
    expect(rig.core.addPrekeys(1, older).signedPrekeyCreatedAtMs).toBe(newer);
    expect(rig.core.addPrekeys(1, prekeysFor(own, 1, rig.nowMs + 1)).signedPrekeyCreatedAtMs).toBe(newer + 1);
  });

  test("[DV6] one account cannot drain another's prekeys; others are not held up, and an hour later it may again", () => {
    const rig = new InboxRig();
    rig.enrol(1);
    const claim = (requester = ben) => kindOf(() => rig.core.claimBundles({ requester, devices: [1] }));
    for (let count = 0; count < limits.bundleFetchesPerHour; count += 1) claim();
    expect([claim(), claim(anna)]).toEqual(["rate_limited", "accepted"]);
    rig.nowMs += 3_600_000;
    expect(claim()).toBe("accepted");
  });

  test("[DV7] devices that do not exist get no bundle", () => {
    const rig = new InboxRig();
    rig.enrol(1);
    const bundles = rig.core.claimBundles({ requester: ben, devices: [1, 2] });
    expect(bundles.map(({ deviceId }) => deviceId)).toEqual([1]);
  });

  test("[DV10] a device hears that its stock runs low", () => {
    const rig = new InboxRig();
    rig.enrol(1);
    rig.enrol(2);
    const sockets = [rig.socket(1), rig.socket(2)];
    rig.core.claimBundles({ requester: ben, devices: [1] });
    expect(sockets.map((socket) => socket.take())).toEqual([
      [{ type: "prekey:stock", oneTime: 1, oneTimePq: 1, signedPrekeyCreatedAtMs: rig.nowMs }],
      [],
    ]);
  });
});
