/** The inbox's sockets, queues and summaries in plain Node. */
import { describe, expect, test } from "vitest";
import type { ConversationId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import { anna, ben, conversationId, dayMs, InboxRig, kindOf } from "../support/inbox-rig.ts";
import { settle } from "../support/conversation-rig.ts";

const id = (n: number): string => String(n).padStart(21, "0") + "A";
const conversation = (n: number) => `${String(n).padStart(21, "c")}A` as ConversationId;
const data = "A".repeat(64);
const summary = (change: object = {}) => ({
  conversationId,
  kind: "direct",
  peer: { account: ben, username: "peer" },
  createdAtMs: 20_000 * dayMs,
  lastSeq: 0,
  read: 0,
  unread: 0,
  updatedAtMs: 20_000 * dayMs,
  ...change,
});

function rigWithDevices(...devices: number[]): InboxRig {
  const rig = new InboxRig();
  for (const device of devices) rig.enrol(device);
  return rig;
}

const queue = (rig: InboxRig, n: number, device = 1): string =>
  kindOf(() =>
    rig.core.enqueueDeviceMessage({ device, sender: { account: ben, device: 4 }, id: id(n), data }),
  );
const queued = (position: number, nowMs = 20_000 * dayMs) => ({
  type: "device:message",
  position,
  sender: { account: ben, device: 4 },
  data,
  serverTimeMs: nowMs,
});

describe("summaries", () => {
  test("[IN1] a resume gives every visible conversation, newest first, in frames of limited size, then the stock", () => {
    const rig = rigWithDevices(1);
    const count = limits.conversationsPerFrame + 1;
    for (let n = 0; n < count; n += 1) {
      rig.nowMs += 1;
      rig.talkTo(ben, conversation(n), true);
    }
    const socket = rig.socket(1, undefined, false);
    rig.receive(socket, { type: "inbox:resume" });
    const [first, second, stock] = socket.take();
    const ids = [first, second].flatMap((event) =>
      ((event?.["conversations"] ?? []) as { conversationId: string }[]).map((each) => each.conversationId),
    );
    expect(ids).toEqual(Array.from({ length: count }, (_, n) => conversation(count - 1 - n)));
    expect([first?.["more"], second?.["more"], stock?.type, socket.isLive]).toEqual([
      true,
      false,
      "prekey:stock",
      true,
    ]);
  });

  test("[IN2] a conversation shows for who opened it at once, for the peer with its first message", () => {
    const rig = rigWithDevices(1);
    const socket = rig.socket(1);
    rig.talkTo(ben);
    expect([socket.take(), rig.parts.summaries.page({ limit: 9 }).conversations]).toEqual([[], []]);
    rig.talkTo(ben, conversationId, true);
    rig.talkTo(ben, conversationId, true);
    expect(socket.take()).toEqual([{ type: "conversation:update", summary: summary() }]);
    const other = conversation(1);
    rig.talkTo(ben, other);
    rig.advance({ conversationId: other });
    expect(rig.parts.summaries.page({ limit: 9 }).conversations).toHaveLength(2);
  });

  test("[IN3] a device without a conversation socket gets the message with its own capsule, others the summary", () => {
    const rig = rigWithDevices(1, 2);
    rig.talkTo(ben);
    const [one, two, asleep] = [rig.socket(1), rig.socket(2), rig.socket(2, undefined, false)];
    const record = {
      conversationId,
      seq: 1,
      sender: { account: ben, device: 4 },
      clientMessageId: id(1) as never,
      serverTimeMs: 5,
      body: "body",
    };
    rig.advance({
      messages: [{ record, capsules: { 1: "capsule one", 2: "capsule two" } }],
      liveDevices: [2],
      receipts: [{ account: ben, delivered: 1, read: 0 }],
      newest: record,
    });
    const update = {
      type: "conversation:update",
      summary: summary({ lastSeq: 1, unread: 1 }),
      receipts: [{ type: "receipt", conversationId, account: ben, delivered: 1, read: 0 }],
    };
    const message = { type: "message:new", ...record, capsule: "capsule one" };
    expect(one.take()).toEqual([{ ...update, messages: [message] }]);
    expect([two.take(), asleep.take()]).toEqual([[update], []]);
    expect(rig.parts.summaries.page({ limit: 9 }).conversations).toEqual([
      { ...summary({ lastSeq: 1, unread: 1 }), lastMessage: record },
    ]);
  });

  test("[IN9] an older notice moves nothing back, and one twice changes nothing", () => {
    const rig = rigWithDevices(1);
    rig.talkTo(ben);
    rig.advance({ lastSeq: 3, read: 2, unread: 1 });
    rig.advance({ lastSeq: 2, read: 0, unread: 9 });
    rig.advance({ lastSeq: 3, read: 2, unread: 1 });
    const [known] = rig.parts.summaries.page({ limit: 9 }).conversations;
    expect(known).toEqual(summary({ lastSeq: 3, read: 2, unread: 1 }));
  });

  test("[IN9] a notice of a conversation that is not known is refused", () => {
    const rig = rigWithDevices(1);
    expect(kindOf(() => rig.advance({}))).toBe("not_found");
  });

  test("[CV17] a peer's new device set is told to live devices once", () => {
    const rig = rigWithDevices(1);
    rig.talkTo(ben);
    const socket = rig.socket(1);
    rig.advance({ peerSet: { epoch: 4, version: 2 } });
    rig.advance({ peerSet: { epoch: 4, version: 2 } });
    const changes = socket.take().filter(({ type }) => type === "devices:changed");
    expect(changes).toEqual([{ type: "devices:changed", account: ben, version: 2 }]);
  });

  test("[HT8] pages of conversations follow one another without gap or overlap; a bad cursor is malformed", () => {
    const rig = rigWithDevices(1);
    for (let n = 0; n < 5; n += 1) rig.talkTo(ben, conversation(n), true);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = rig.parts.summaries.page({ limit: 2, cursor });
      seen.push(...page.conversations.map((each) => each.conversationId));
      cursor = page.next;
    } while (cursor !== undefined);
    expect(seen).toEqual([4, 3, 2, 1, 0].map(conversation));
    expect(kindOf(() => rig.parts.summaries.page({ limit: 2, cursor: "1; DROP" }))).toBe("malformed");
  });
});

describe("to-device messages", () => {
  test("[IN4] a message waits through every resume until it is acknowledged, in order", () => {
    const rig = rigWithDevices(1);
    rig.talkTo(ben);
    expect([queue(rig, 1), queue(rig, 2)]).toEqual(["accepted", "accepted"]);
    const socket = rig.socket(1, undefined, false);
    const resume = () => {
      rig.receive(socket, { type: "inbox:resume" });
      return socket.take().filter(({ type }) => type === "device:message");
    };
    for (let times = 0; times < 2; times += 1) expect(resume()).toEqual([queued(1), queued(2)]);
    rig.receive(socket, { type: "device:ack", position: 1 });
    expect(resume()).toEqual([queued(2)]);
    expect([queue(rig, 3), socket.take()]).toEqual(["accepted", [queued(3)]]);
  });

  test("[IN4] the same id from the same sender is queued once, also after its acknowledgement", () => {
    const rig = rigWithDevices(1);
    rig.talkTo(ben);
    const socket = rig.socket(1);
    queue(rig, 1);
    queue(rig, 1);
    rig.receive(socket, { type: "device:ack", position: 1 });
    queue(rig, 1);
    expect(socket.take()).toEqual([queued(1)]);
  });

  test("[IN5] strangers may not write, and nobody to a device that is not there", () => {
    const rig = rigWithDevices(1);
    expect(queue(rig, 1)).toBe("forbidden");
    rig.talkTo(ben);
    expect(queue(rig, 1, 9)).toBe("not_found");
    rig.core.signOut(1, "statement");
    expect(queue(rig, 1)).toBe("not_found");
  });

  test("[IN4] a sender is told once the message is durable; own devices are reached without a conversation", async () => {
    const rig = rigWithDevices(1, 2);
    const [from, to] = [rig.socket(1), rig.socket(2)];
    rig.receive(from, { type: "device:send", id: id(1), account: anna, device: 2, data });
    await settle();
    rig.receive(from, { type: "device:send", id: id(2), account: anna, device: 7, data });
    await settle();
    expect(from.take()).toEqual([
      { type: "device:sent", id: id(1) },
      {
        type: "error",
        error: { code: "not_found", message: expect.any(String), requestId: expect.any(String) },
        id: id(2),
      },
    ]);
    expect(to.take()).toMatchObject([{ type: "device:message", sender: { account: anna, device: 1 } }]);
  });

  test("[IN6] a queue keeps its newest messages, and none older than the limit", () => {
    const rig = rigWithDevices(1);
    rig.talkTo(ben);
    for (let n = 1; n <= limits.deviceMessagesQueued + 2; n += 1) queue(rig, n);
    const positions = () => [...rig.parts.queue.pending(1)].flat().map(({ position }) => position);
    expect([positions()[0], positions().length]).toEqual([3, limits.deviceMessagesQueued]);
    rig.nowMs += limits.capsuleAgeMs + 1;
    rig.core.clean();
    expect(positions()).toEqual([]);
  });

  test("[IN6] a sender that floods a queue pushes out its own messages, not those of others", () => {
    const rig = rigWithDevices(1);
    rig.talkTo(ben);
    const own = { device: 1, sender: { account: anna, device: 1 }, id: id(0), data };
    rig.core.enqueueDeviceMessage(own);
    for (let n = 1; n <= limits.deviceMessagesQueued + 2; n += 1) queue(rig, n);
    const pending = [...rig.parts.queue.pending(1)].flat();
    expect(pending.length).toBe(limits.deviceMessagesQueued);
    expect(pending.slice(0, 2).map(({ senderAccount, position }) => [senderAccount, position])).toEqual([
      [anna, 1],
      [ben, 5],
    ]);
  });

  test("[IN60] acknowledging what was never sent is malformed and takes nothing away", () => {
    const rig = rigWithDevices(1);
    rig.talkTo(ben);
    queue(rig, 1);
    const socket = rig.socket(1);
    rig.receive(socket, { type: "device:ack", position: 2 });
    expect(socket.take()).toMatchObject([{ type: "error", error: { code: "malformed" } }]);
    expect([...rig.parts.queue.pending(1)]).toEqual([[expect.objectContaining({ position: 1 })]]);
  });
});

describe("frames", () => {
  test("[IN7] receipts wait, merged, for their conversation; those of an unknown one are refused", () => {
    const rig = rigWithDevices(1);
    rig.talkTo(ben);
    const socket = rig.socket(1);
    for (const seq of [2, 1]) rig.receive(socket, { type: "message:delivered", conversationId, seq });
    rig.receive(socket, { type: "message:read", conversationId, seq: 1 });
    rig.receive(socket, { type: "message:read", conversationId: conversation(1), seq: 1 });
    expect(socket.take()).toMatchObject([{ type: "error", error: { code: "not_found" } }]);
    const owed = rig.parts.notices.owedReceipts(9);
    expect([owed, rig.receipts]).toEqual([[{ conversationId, device: 1, delivered: 2, read: 1 }], 3]);
    rig.parts.notices.receiptTold({ ...owed[0]!, read: 0 });
    expect(rig.parts.notices.owedReceipts(9)).toEqual(owed);
    rig.parts.notices.receiptTold(owed[0]!);
    expect(rig.parts.notices.owedReceipts(9)).toEqual([]);
  });

  test("[WS4] what is not understood is answered, and the socket stays open", () => {
    const rig = rigWithDevices(1);
    const socket = rig.socket(1);
    rig.channel.receive(socket, "no json");
    rig.receive(socket, { type: "inbox:resume", extra: 1 });
    rig.channel.receive(socket, new ArrayBuffer(3));
    expect(socket.take().map(({ error }) => (error as { code: string }).code)).toEqual(
      Array(3).fill("malformed"),
    );
    expect(socket.closedFor).toBeUndefined();
  });

  test("[WS5] a frame above the limit closes the socket", () => {
    const rig = rigWithDevices(1);
    const socket = rig.socket(1);
    rig.channel.receive(socket, "x".repeat(limits.frameBytes + 1));
    expect(socket.closedFor).toBe("too_large");
  });
});

describe("groups", () => {
  const group = conversation(9);
  const joined = (rig: InboxRig, joinedEpoch: number, lastSeq = joinedEpoch): void => {
    const standing = { epoch: joinedEpoch, members: 5, joinedEpoch };
    const { peerSet: _, ...input } = rig.advance({});
    rig.core.advance({ ...input, conversationId: group, lastSeq, group: standing });
  };
  function rigInGroup(): InboxRig {
    const rig = rigWithDevices(1);
    rig.talkTo(ben);
    rig.core.registerConversation({ conversationId: group, kind: "group", createdAtMs: 5, visible: false });
    return rig;
  }
  const standing = (rig: InboxRig): unknown =>
    rig.parts.summaries.page({ limit: 9 }).conversations.find(({ kind }) => kind === "group");

  test("[GR9] a group shows once it is told of, as left once it is told so, and again when one comes back", () => {
    const rig = rigInGroup();
    expect(standing(rig)).toBeUndefined();
    joined(rig, 2);
    const summary = { conversationId: group, kind: "group", lastSeq: 2, unread: 1 };
    expect(standing(rig)).toMatchObject({ ...summary, group: { epoch: 2, members: 5, left: false } });
    const socket = rig.socket(1);
    rig.core.departed(group, 4);
    rig.core.departed(group, 4);
    expect(socket.take()).toMatchObject([
      { type: "conversation:update", summary: { group: { left: true } } },
    ]);
    joined(rig, 3);
    expect(standing(rig)).toMatchObject({ unread: 0, group: { left: true } });
    joined(rig, 6);
    rig.core.departed(group, 5);
    expect(standing(rig)).toMatchObject({ group: { left: false } });
  });

  test("[GR17] members of a common group write to each other's devices, strangers and former members do not", () => {
    const rig = rigInGroup();
    const write = (group?: ConversationId): string =>
      kindOf(() =>
        rig.core.enqueueDeviceMessage({
          device: 1,
          sender: { account: conversation(7) as unknown as typeof ben, device: 4 },
          id: id(1),
          data,
          group,
        }),
      );
    expect([write(), write(group)]).toEqual(["forbidden", "forbidden"]);
    joined(rig, 2);
    expect([write(), write(group), write(conversation(8))]).toEqual(["forbidden", "accepted", "forbidden"]);
    rig.core.departed(group, 3);
    expect(write(group)).toBe("forbidden");
  });
});
