/** Who may see whom online, in plain Node. */
import { expect, test } from "vitest";
import { limits } from "#schema/limits.ts";
import type { AccountId, ConversationId } from "#schema/ids.ts";
import { anna, ben, conversationId, dayMs, InboxRig } from "../support/inbox-rig.ts";
import { ConversationRig, conversationId as room } from "../support/conversation-rig.ts";
import { settle } from "../support/conversation-rig.ts";

const stranger = "XXXXXXXXXXXXXXXXXXXXXA" as AccountId;
const started = "DDDDDDDDDDDDDDDDDDDDDA" as ConversationId;
const minuteMs = 60_000;

/** Anna is online. Ben wrote to her and got no answer; she wrote to nobody. */
function rigWithBen(): InboxRig {
  const rig = new InboxRig();
  rig.enrol(1);
  rig.talkTo(ben);
  rig.advance({ lastSeq: 1 });
  rig.heardAtMs = rig.nowMs;
  return rig;
}

const seenBy = (rig: InboxRig, viewer: AccountId) => rig.presence.seenBy(anna, viewer);

test("[IN40] by default those see someone online whom they wrote to or began with; strangers and unanswered ones do not", () => {
  const rig = rigWithBen();
  const hidden = { account: anna, state: "hidden" };
  expect([seenBy(rig, ben), seenBy(rig, stranger)]).toEqual([hidden, hidden]);
  rig.advance({ lastSeq: 2, hasSent: true });
  expect([seenBy(rig, ben), seenBy(rig, stranger)]).toEqual([{ account: anna, state: "online" }, hidden]);
  rig.advance({ lastSeq: 3, hasSent: false });
  expect(seenBy(rig, ben).state).toBe("online");
  rig.talkTo(stranger, started, true);
  expect(seenBy(rig, stranger).state).toBe("online");
});

test("[IN41] nobody hides from all, everyone shows to all with a common conversation, and it is kept", () => {
  const rig = rigWithBen();
  rig.presence.setAudience("everyone");
  expect([seenBy(rig, ben).state, seenBy(rig, stranger).state]).toEqual(["online", "hidden"]);
  rig.advance({ lastSeq: 2, hasSent: true });
  rig.presence.setAudience("nobody");
  expect([seenBy(rig, ben).state, rig.presence.audience()]).toEqual(["hidden", "nobody"]);
});

test("[IN41] who does not show themselves to someone does not see that one either, and nobody is asked", async () => {
  const rig = rigWithBen();
  const socket = rig.socket(1);
  const get = async () => {
    rig.nowMs += limits.presenceRefillMs;
    rig.receive(socket, { type: "presence:get", accounts: [ben] });
    await settle();
    return socket.take().filter(({ type }) => type !== "conversation:update");
  };
  const hidden = [{ type: "presence:state", presences: [{ account: ben, state: "hidden" }] }];
  expect(await get()).toEqual(hidden);
  rig.advance({ lastSeq: 2, hasSent: true });
  rig.presence.setAudience("nobody");
  expect(await get()).toEqual(hidden);
  expect(rig.asked).toEqual([]);
  rig.presence.setAudience("contacts");
  expect(await get()).toEqual([{ type: "presence:state", presences: [{ account: ben, state: "online" }] }]);
  expect(rig.asked).toEqual([{ account: ben, viewer: anna }]);
});

test("[IN42] silence makes offline in time for a closed lid, and last seen is coarse", () => {
  const rig = rigWithBen();
  rig.advance({ lastSeq: 2, hasSent: true });
  const pingedAtMs = rig.nowMs;
  // The last ping may come just before the lid closes; the asker may have asked just before the limit.
  expect(limits.presenceSilenceMs).toBeGreaterThan(limits.pingIntervalMs);
  expect(limits.presenceSilenceMs + limits.presenceIntervalMs).toBeLessThan(60_000);
  rig.nowMs = pingedAtMs + limits.presenceSilenceMs - 1;
  expect(seenBy(rig, ben).state).toBe("online");
  rig.nowMs += 1;
  expect(seenBy(rig, ben)).toEqual({ account: anna, state: "offline", lastSeenMs: pingedAtMs });
  rig.presence.left(pingedAtMs + 90_000);
  rig.heardAtMs = 0;
  rig.nowMs = pingedAtMs + dayMs;
  expect(seenBy(rig, ben).lastSeenMs).toBe(pingedAtMs + minuteMs);
  rig.presence.left(pingedAtMs);
  rig.nowMs = pingedAtMs + 3 * dayMs;
  expect(seenBy(rig, ben).lastSeenMs).toBe(Math.floor(pingedAtMs / dayMs) * dayMs);
});

test("[IN42] an account that was never seen is offline without a time", () => {
  const rig = rigWithBen();
  rig.advance({ lastSeq: 2, hasSent: true });
  rig.heardAtMs = 0;
  expect(seenBy(rig, ben)).toEqual({ account: anna, state: "offline" });
});

test("[IN43] questions for presence are limited for each device, and by number of accounts", async () => {
  const rig = rigWithBen();
  const socket = rig.socket(1);
  for (let asked = 0; asked <= limits.presenceBurst; asked += 1) {
    rig.receive(socket, { type: "presence:get", accounts: [ben] });
  }
  await settle();
  const kinds = socket.take().map(({ type }) => type);
  expect(kinds.filter((type) => type === "presence:state")).toHaveLength(limits.presenceBurst);
  expect(kinds.filter((type) => type === "error")).toHaveLength(1);
  const many = Array.from({ length: limits.presenceAccounts + 1 }, () => ben);
  rig.receive(socket, { type: "presence:get", accounts: many });
  expect(socket.take()).toMatchObject([{ type: "error", error: { code: "malformed" } }]);
});

test("[IN44] typing reaches inboxes whose devices are not all in the conversation, throttled, and no stranger's", async () => {
  const rig = new ConversationRig();
  const from = rig.socket(anna, 1);
  const typing = (type: string) => ({ type, conversationId: room });
  for (const type of ["typing:stop", "typing:start", "typing:start", "typing:stop", "typing:stop"]) {
    rig.receive(from, typing(type));
  }
  expect(rig.typing.map(({ to, input }) => [to, input.type])).toEqual([
    [ben, "typing:start"],
    [ben, "typing:stop"],
  ]);
  rig.socket(ben, 1);
  rig.receive(from, typing("typing:start"));
  expect(rig.typing).toHaveLength(2);
  const inbox = rigWithBen();
  const socket = inbox.socket(1);
  inbox.channel.typing({ type: "typing:start", conversationId, account: ben });
  inbox.channel.typing({ type: "typing:start", conversationId: started, account: ben });
  expect(socket.take()).toEqual([{ type: "typing:start", conversationId, account: ben }]);
});
