/** Sessions and refresh tokens of the inbox in plain Node. Tokens themselves are the Worker's. */
import { describe, expect, test } from "vitest";
import { limits } from "#schema/limits.ts";
import type { SessionId } from "#schema/ids.ts";
import { anna, dayMs, InboxRig, kindOf } from "../support/inbox-rig.ts";

function rigWithSession(): {
  rig: InboxRig;
  session: SessionId;
  rotate: (from: string, to: string) => string;
} {
  const rig = new InboxRig();
  rig.enrol(1);
  const session = rig.session(1, "t1");
  const rotate = (presentedHash: string, nextHash: string): string =>
    kindOf(() =>
      rig.core.rotateSession({ session, presentedHash, nextHash, expiresAtMs: rig.nowMs + 7 * dayMs }),
    );
  return { rig, session, rotate };
}

const identity = (session: SessionId, device = 1) => ({ account: anna, device, session, username: "anna" });

describe("rotation", () => {
  test("[AU5] each refresh gives a successor, and a spent token ends the session", () => {
    const { rig, session, rotate } = rigWithSession();
    const socket = rig.socket(1, session);
    expect([rotate("t1", "t2"), rotate("t2", "t3")]).toEqual(["accepted", "accepted"]);
    expect(rotate("t1", "x")).toBe("session_revoked");
    expect([rotate("t3", "t4"), socket.closedFor]).toEqual(["unauthenticated", "session_revoked"]);
    expect(kindOf(() => rig.core.authorize(identity(session)))).toBe("session_revoked");
    expect(rig.notices).toBeGreaterThan(0);
  });

  test("[AU6] the token before works for a while, as long as no successor was used", () => {
    const { rig, rotate } = rigWithSession();
    expect([rotate("t1", "t2"), rotate("t1", "t3")]).toEqual(["accepted", "accepted"]);
    rig.nowMs += limits.refreshGraceMs - 1;
    expect([rotate("t1", "t4"), rotate("t2", "t5")]).toEqual(["accepted", "accepted"]);
    expect(rotate("t1", "x")).toBe("session_revoked");
  });

  test("[AU6] after its while the token before is spent", () => {
    const { rig, rotate } = rigWithSession();
    rotate("t1", "t2");
    rig.nowMs += limits.refreshGraceMs;
    expect(rotate("t1", "t3")).toBe("session_revoked");
  });

  test("[AU6] a successor that lost the race is spent once another one is used", () => {
    const { rotate } = rigWithSession();
    rotate("t1", "t2");
    rotate("t1", "t3");
    expect([rotate("t3", "t4"), rotate("t2", "x")]).toEqual(["accepted", "session_revoked"]);
  });

  test("[AU5] a rotation that is repeated by its caller is one rotation", () => {
    const { rotate } = rigWithSession();
    expect([rotate("t1", "t2"), rotate("t1", "t2"), rotate("t2", "t3")]).toEqual(Array(3).fill("accepted"));
  });

  test("[AU5] a session lasts as long as it is refreshed, and no longer", () => {
    const { rig, rotate } = rigWithSession();
    rig.nowMs += 6 * dayMs;
    expect(rotate("t1", "t2")).toBe("accepted");
    rig.nowMs += 6 * dayMs;
    expect(rotate("t2", "t3")).toBe("accepted");
    rig.nowMs += 7 * dayMs;
    expect(rotate("t3", "t4")).toBe("unauthenticated");
  });

  test("[AU14] no refresh token is stored, only hashes", () => {
    const { rig } = rigWithSession();
    const rows = rig.sql.all("SELECT current_hashes, previous_hash FROM sessions");
    expect(rows).toEqual([{ current_hashes: '["t1"]', previous_hash: null }]);
  });
});

describe("ending", () => {
  test("[AU10] signing out ends the device's session and its key opens no other", () => {
    const { rig, session } = rigWithSession();
    const socket = rig.socket(1, session);
    expect(rig.core.endSessions({ identity: identity(session), scope: "device" })).toBe(1);
    expect([socket.closedFor, kindOf(() => rig.session(1))]).toEqual(["session_revoked", "session_revoked"]);
    expect(kindOf(() => rig.core.authorize(identity(session)))).toBe("session_revoked");
    expect(rig.core.deviceSet().devices).toEqual([1]);
  });

  test("[AU11] signing out everywhere ends every session and bars every device", () => {
    const { rig, session } = rigWithSession();
    rig.enrol(2);
    const other = rig.socket(2, rig.session(2));
    expect(rig.core.endSessions({ identity: identity(session), scope: "everywhere" })).toBe(2);
    expect([other.closedFor, kindOf(() => rig.session(1)), kindOf(() => rig.session(2))]).toEqual(
      Array(3).fill("session_revoked"),
    );
    expect([rig.core.deviceSet().devices, rig.parts.sessions.list()]).toEqual([[1, 2], []]);
  });

  test("[AU10] [WS8] a new session of a device takes the place of its old one", () => {
    const { rig, session } = rigWithSession();
    const socket = rig.socket(1, session);
    const next = rig.session(1);
    expect(socket.closedFor).toBe("replaced");
    expect([session, next].map((each) => kindOf(() => rig.core.authorize(identity(each))))).toEqual([
      "session_revoked",
      "accepted",
    ]);
  });

  test("[AU10] conversations hear which sessions ended until they have confirmed", () => {
    const { rig, session } = rigWithSession();
    rig.talkTo("BBBBBBBBBBBBBBBBBBBBBA" as typeof anna);
    rig.core.endSessions({ identity: identity(session), scope: "device" });
    const { epoch } = rig.core.deviceSet();
    expect(rig.parts.notices.owedChanges(epoch)).toEqual([
      { conversationId: "CCCCCCCCCCCCCCCCCCCCCA", endedSessions: [session] },
    ]);
    rig.parts.notices.changeTold("CCCCCCCCCCCCCCCCCCCCCA" as never, epoch);
    expect(rig.parts.notices.owedChanges(epoch)).toEqual([]);
  });

  test("[AU10] a session stands for its own device and account alone", () => {
    const { rig, session } = rigWithSession();
    rig.enrol(2);
    expect(kindOf(() => rig.core.authorize(identity(session, 2)))).toBe("session_revoked");
    expect(kindOf(() => new InboxRig().core.authorize(identity(session)))).toBe("session_revoked");
  });

  test("the day of the last use is kept, and nothing finer", () => {
    const { rig, session } = rigWithSession();
    rig.nowMs += dayMs + 12_345;
    rig.core.authorize(identity(session));
    expect(rig.parts.sessions.list()).toEqual([
      { sessionId: session, deviceId: 1, deviceName: "device 1", lastActiveDayMs: 20_001 * dayMs },
    ]);
  });
});

test("[AU42] a late repetition does not open a session that is over, and ends none", () => {
  const { rig, session } = rigWithSession();
  const next = rig.session(1, "t2");
  const again = { device: 1, tokenHash: "t1", session, expiresAtMs: rig.nowMs + 7 * dayMs };
  expect(kindOf(() => rig.core.openSession(again))).toBe("unavailable");
  expect(kindOf(() => rig.core.authorize(identity(next)))).toBe("accepted");
  expect(kindOf(() => rig.session(1, "t3"))).toBe("accepted");
});
