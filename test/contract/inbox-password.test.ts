/** Another password, as the inbox sees it, in plain Node: who is told, and who has to go. */
import { describe, expect, test } from "vitest";
import { anna, dayMs, InboxRig, kindOf } from "../support/inbox-rig.ts";

const identity = (session: string, device: number) =>
  ({ account: anna, device, session, username: "anna" }) as never;

function rigWithSessions() {
  const rig = new InboxRig();
  const sessions = [1, 2, 3].map((device) => {
    rig.enrol(device);
    return rig.session(device);
  });
  const sockets = sessions.map((session, index) => rig.socket(index + 1, session));
  const change = (signOutOthers = false) =>
    rig.core.changePassword({ identity: identity(sessions[1] ?? "", 2), signOutOthers });
  const isAlive = () =>
    sessions.map((session, index) => kindOf(() => rig.core.authorize(identity(session, index + 1))));
  return { rig, sessions, sockets, change, isAlive };
}

describe("another password", () => {
  test("[AU82] every live device is told, and every other one when it comes", () => {
    const { rig, sockets, change } = rigWithSessions();
    expect(change()).toEqual({ changedAtMs: rig.nowMs, ended: 0 });
    const told = { type: "account:password", changedAtMs: rig.nowMs, device: 2 };
    for (const socket of sockets) expect(socket.take()).toEqual([told]);
    rig.nowMs += dayMs;
    const late = rig.socket(3, undefined, false);
    rig.receive(late, { type: "inbox:resume" });
    expect(late.take().map(({ type }) => type)).toEqual(["inbox:state", "account:password", "prekey:stock"]);
  });

  test("[AU82] nobody is told of the password of the registration", () => {
    const { rig } = rigWithSessions();
    const socket = rig.socket(1, undefined, false);
    rig.receive(socket, { type: "inbox:resume" });
    expect(socket.take().map(({ type }) => type)).toEqual(["inbox:state", "prekey:stock"]);
  });

  test("[AU83] other devices stay, or lose session, socket and the right to another session", () => {
    const { rig, sockets, change, isAlive } = rigWithSessions();
    change();
    expect(isAlive()).toEqual(["accepted", "accepted", "accepted"]);
    expect(change(true)).toEqual({ changedAtMs: rig.nowMs, ended: 2 });
    expect(isAlive()).toEqual(["session_revoked", "accepted", "session_revoked"]);
    expect(sockets.map(({ closedFor }) => closedFor)).toEqual([
      "session_revoked",
      undefined,
      "session_revoked",
    ]);
    expect(kindOf(() => rig.session(1))).toBe("session_revoked");
    expect(rig.core.deviceSet().devices).toEqual([1, 2, 3]);
    expect(change(true)).toEqual({ changedAtMs: rig.nowMs, ended: 0 });
    expect(kindOf(() => rig.session(2))).toBe("accepted");
  });

  test("[AU81] a session that ended tells nobody anything", () => {
    const { rig, sessions, sockets } = rigWithSessions();
    rig.core.endSessions({ identity: identity(sessions[0] ?? "", 1), scope: "device" });
    const input = { identity: identity(sessions[0] ?? "", 1), signOutOthers: true };
    expect(kindOf(() => rig.core.changePassword(input))).toBe("session_revoked");
    expect(sockets[1]?.take()).toEqual([]);
    expect(rig.parts.password.lastChange()).toBeUndefined();
  });
});
