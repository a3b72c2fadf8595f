/** The reset of an account whose keys are lost, in plain Node: who may ask, wait, stop and carry out. */
import { describe, expect, test } from "vitest";
import { createAccountKey } from "#core/crypto/device-identity.ts";
import { createNextList, createResetList } from "#core/crypto/device-list.ts";
import { nobleProvider as provider } from "#core/crypto/noble-provider.ts";
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { type DeviceList, parseDeviceList } from "#schema/envelope/device-list.ts";
import { limits } from "#schema/limits.ts";
import type { EnrolInput, ResetCommand } from "#schema/rpc/inbox.ts";
import { anna, ben, dayMs, InboxRig, kindOf } from "../support/inbox-rig.ts";

const delayMs = 7 * dayMs;
const lookAs = (claimHash: string): ResetCommand => ({ type: "look", claimHash });

function rigWithDevices(count = 2) {
  const rig = new InboxRig();
  for (let device = 1; device <= count; device += 1) rig.enrol(device);
  const reset = (command: ResetCommand) => rig.core.reset(command);
  const ask = (claimHash = "claim") => reset({ type: "request", claimHash, delayMs });
  return { rig, reset, ask };
}

/** The enrolment that carries a reset out: another account key, every active device revoked. */
function resetEnrolment(
  rig: InboxRig,
  options: { device?: number; claimHash?: string; revoke?: readonly number[]; kind?: "change" } = {},
): EnrolInput {
  const previous = rig.list as DeviceList;
  const active = previous.devices.filter(({ status }) => status === "active").map((one) => one.deviceId);
  const aik = options.kind === "change" ? rig.aik : createAccountKey(provider);
  const fresh = new InboxRig();
  Object.assign(fresh, { aik });
  const own = fresh.newDevice(options.device ?? previous.devices.at(-1)!.deviceId + 1);
  const change = { issuedAtMs: rig.nowMs, add: [own.cert], revoke: options.revoke ?? active };
  const list = (options.kind === "change" ? createNextList : createResetList)(
    provider,
    aik,
    previous,
    change,
  );
  return { ...rig.enrolment(own, list), claimHash: options.claimHash ?? "claim" };
}

const identity = (session: string, device: number) =>
  ({ account: anna, device, session, username: "anna" }) as never;

test("[DV11] [AU73] an account with sixteen active devices can be reset, and none of them is left", () => {
  const { rig, ask } = rigWithDevices(16);
  const session = rig.session(1);
  ask();
  rig.nowMs += delayMs;
  rig.submit(resetEnrolment(rig));
  expect(rig.core.deviceSet().devices).toEqual([17]);
  expect(kindOf(() => rig.core.authorize(identity(session, 1)))).toBe("session_revoked");
  expect(kindOf(() => rig.session(1))).toBe("session_revoked");
});

describe("asking", () => {
  test("[AU70] a request waits its time and can then be carried out for a while", () => {
    const { rig, reset, ask } = rigWithDevices();
    const requestedAtMs = rig.nowMs;
    const effectiveAtMs = requestedAtMs + delayMs;
    const own = { requestedAtMs, effectiveAtMs, expiresAtMs: effectiveAtMs + limits.resetWindowMs };
    expect(ask()).toEqual({ conversations: 0, messages: 0, devices: 2, own });
    rig.nowMs += dayMs;
    expect(ask()).toEqual({ conversations: 0, messages: 0, devices: 2, own });
    expect(reset({ type: "look", claimHash: "another" })).toEqual({
      conversations: 0,
      messages: 0,
      devices: 2,
    });
    rig.nowMs = effectiveAtMs - 1;
    const early = resetEnrolment(rig);
    expect(kindOf(() => rig.submit(early))).toBe("reset_waiting");
    rig.nowMs = own.expiresAtMs;
    expect(kindOf(() => rig.submit(early))).toBe("reset_over");
    expect(rig.core.deviceSet().devices).toEqual([1, 2]);
    rig.nowMs = effectiveAtMs;
    expect(kindOf(() => rig.submit(early))).toBe("accepted");
  });

  test("[AU75] before the click it is said what will stay unreadable", () => {
    const { rig, reset } = rigWithDevices(1);
    rig.talkTo(ben);
    expect(reset({ type: "look" })).toEqual({ conversations: 0, messages: 0, devices: 1 });
    rig.advance({ lastSeq: 41 });
    expect(reset({ type: "look" })).toEqual({ conversations: 1, messages: 41, devices: 1 });
  });

  test("[AU76] a lost browser's request blocks no other one, up to three at a time", () => {
    const { rig, ask, reset } = rigWithDevices();
    ask("lost");
    rig.nowMs += dayMs;
    expect(ask("second").own?.effectiveAtMs).toBe(rig.nowMs + delayMs);
    ask("third");
    let refused: unknown;
    try {
      ask("fourth");
    } catch (error) {
      refused = error;
    }
    const lostUntilMs = rig.nowMs - dayMs + delayMs + limits.resetWindowMs;
    expect(refused).toMatchObject({ kind: "reset_locked", retryAfterMs: lostUntilMs - rig.nowMs });
    reset({ type: "cancel", claimHash: "third" });
    expect(ask("fourth").own).toBeDefined();
  });

  test("[AU77] withdrawing takes the claim that asked", () => {
    const { rig, ask, reset } = rigWithDevices();
    ask();
    expect(kindOf(() => reset({ type: "cancel", claimHash: "another" }))).toBe("reset_over");
    expect(reset(lookAs("claim")).own).toBeDefined();
    expect(reset({ type: "cancel", claimHash: "claim" }).own).toBeUndefined();
    rig.nowMs += delayMs;
    expect(kindOf(() => rig.submit(resetEnrolment(rig)))).toBe("reset_over");
  });

  test("[AU70] nothing is asked for of an account that does not exist", () => {
    const rig = new InboxRig();
    expect(kindOf(() => rig.core.reset({ type: "request", claimHash: "claim", delayMs }))).toBe("not_found");
  });
});

describe("the account's devices", () => {
  test("[AU71] every live device is told at once, and each one again when it comes back", () => {
    const { rig, ask, reset } = rigWithDevices();
    const sockets = [rig.socket(1), rig.socket(2)];
    ask();
    const pending = { requestedAtMs: rig.nowMs, effectiveAtMs: rig.nowMs + delayMs };
    for (const socket of sockets) {
      expect(socket.take()).toEqual([{ type: "account:reset", reset: pending }]);
    }
    const back = rig.socket(1, rig.session(1), false);
    rig.receive(back, { type: "inbox:resume" });
    expect(back.take()[0]).toEqual({ type: "inbox:state", conversations: [], more: false, reset: pending });
    reset({ type: "cancel", claimHash: "claim" });
    expect(sockets[1]!.take().at(-1)).toEqual({ type: "account:reset" });
  });

  test("[AU71] one of them stops every request, and for a while none is taken", () => {
    const { rig, ask, reset } = rigWithDevices();
    ask();
    ask("from elsewhere");
    const lockedUntilMs = rig.nowMs + limits.resetLockMs;
    expect(reset({ type: "stop" })).toEqual({ conversations: 0, messages: 0, devices: 2, lockedUntilMs });
    expect(kindOf(() => reset({ type: "stop" }))).toBe("not_found");
    expect([kindOf(() => ask()), kindOf(() => ask("new"))]).toEqual(["reset_locked", "reset_locked"]);
    rig.nowMs += delayMs;
    expect(kindOf(() => rig.submit(resetEnrolment(rig)))).toBe("reset_over");
    expect(kindOf(() => ask())).toBe("accepted");
  });

  test("[AU72] activity ends nothing; letting a device in by the account key does", () => {
    const { rig, ask, reset } = rigWithDevices();
    ask();
    const session = rig.session(1);
    const socket = rig.socket(1, session);
    rig.receive(socket, { type: "inbox:resume" });
    rig.core.authorize(identity(session, 1));
    expect(reset(lookAs("claim")).own).toBeDefined();
    rig.enrol(3);
    expect(reset(lookAs("claim"))).toEqual({ conversations: 0, messages: 0, devices: 3 });
    expect(socket.take()).toContainEqual({ type: "account:reset" });
    rig.nowMs += delayMs;
    expect(kindOf(() => rig.submit(resetEnrolment(rig)))).toBe("reset_over");
  });
});

describe("carrying it out", () => {
  test("[AU73] one step revokes every device, ends their sessions, takes the new one and its prekeys", () => {
    const { rig, ask } = rigWithDevices();
    ask();
    const session = rig.session(1, "old");
    const socket = rig.socket(1, session);
    rig.nowMs += delayMs;
    const input = resetEnrolment(rig);
    rig.submit(input);
    expect(rig.core.deviceSet()).toMatchObject({ version: 3, devices: [3] });
    expect(socket.closedFor).toBe("session_revoked");
    expect(kindOf(() => rig.core.authorize(identity(session, 1)))).toBe("session_revoked");
    expect(kindOf(() => rig.session(1))).toBe("session_revoked");
    expect(rig.core.claimBundles({ requester: ben, devices: [1, 2, 3] }).map((one) => one.deviceId)).toEqual([
      3,
    ]);
    expect(rig.session(3)).toBeDefined();
    expect(rig.notices).toBeGreaterThan(0);
  });

  test("[AU73] the same call again is the same reset; its list under another claim is not", () => {
    const { rig, ask } = rigWithDevices();
    ask();
    ask("thief");
    rig.nowMs += delayMs;
    const input = resetEnrolment(rig);
    rig.submit(input);
    const { epoch } = rig.core.deviceSet();
    rig.submit(input);
    expect(rig.core.deviceSet().epoch).toBe(epoch);
    expect(kindOf(() => rig.submit({ ...input, claimHash: "thief" }))).toBe("reset_over");
    rig.receive(rig.socket(3, rig.session(3), false), { type: "inbox:resume" });
    ask("thief again");
    rig.nowMs += delayMs;
    expect(kindOf(() => rig.submit({ ...input, claimHash: "thief again" }))).toBe("device_list_conflict");
    expect(rig.core.reset(lookAs("thief again")).own).toBeDefined();
  });

  test("[AU79] an answer that was lost costs no second wait: the claim is good until the new device has come", () => {
    const { rig, ask } = rigWithDevices();
    ask();
    rig.nowMs += delayMs;
    const lost = resetEnrolment(rig);
    rig.submit(lost);
    rig.list = parseDeviceList(decodeBase64url(lost.deviceList));
    rig.submit(resetEnrolment(rig, { device: 4 }));
    expect(rig.core.deviceSet()).toMatchObject({ version: 4, devices: [4] });
    rig.receive(rig.socket(4, rig.session(4), false), { type: "inbox:resume" });
    expect(kindOf(() => rig.submit(resetEnrolment(rig, { device: 5 })))).toBe("reset_over");
    expect(rig.core.reset(lookAs("claim")).own).toBeUndefined();
  });

  test("[AU74] a list that is no reset, leaves a device, keeps the account key, or comes without a claim changes nothing", () => {
    const { rig, ask } = rigWithDevices();
    ask();
    rig.nowMs += delayMs;
    const { claimHash: _, ...withoutClaim } = resetEnrolment(rig);
    const spoilt = [
      resetEnrolment(rig, { kind: "change" }),
      resetEnrolment(rig, { device: 9, claimHash: "never asked" }),
      withoutClaim,
    ];
    expect(spoilt.map((input) => kindOf(() => rig.submit(input)))).toEqual([
      "device_list_conflict",
      "reset_over",
      "device_list_conflict",
    ]);
    expect(rig.core.deviceSet()).toMatchObject({ version: 2, devices: [1, 2] });
    expect(rig.core.reset(lookAs("claim")).own).toBeDefined();
  });

  test("[AU74] whichever comes first, the stop or the reset, wins", () => {
    const { rig, ask, reset } = rigWithDevices();
    ask();
    rig.nowMs += delayMs;
    const input = resetEnrolment(rig);
    reset({ type: "stop" });
    expect(kindOf(() => rig.submit(input))).toBe("reset_over");
    rig.nowMs += limits.resetLockMs;
    ask("again");
    rig.nowMs += delayMs;
    rig.submit({ ...input, claimHash: "again" });
    expect(kindOf(() => reset({ type: "stop" }))).toBe("not_found");
  });
});
