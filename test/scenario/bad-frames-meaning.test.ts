/**
 * Frames that are well-formed and wrong in what they say, over real sockets, with the same checks after each case as in
 * bad-frames.test.ts. What this does not show: what members may do to each other with frames the server cannot judge.
 */
import { afterAll, beforeAll, expect, test } from "vitest";
import { limits } from "#schema/limits.ts";
import type { MessageSend } from "#schema/protocol/message.ts";
import { addressesOf, expectError, expectErrorBody, FrameStage, someId } from "../support/frame-stage.ts";
import { rawBody, rawCapsule } from "../support/raw-frames.ts";

let stage: FrameStage;

beforeAll(async () => {
  stage = await FrameStage.open();
});
afterAll(() => stage.server.close());

test("[WS4] a body or capsule above its limit, or too many capsules, is malformed", async () => {
  const { anna } = stage.cast;
  const { annas } = stage.sockets;
  const base64 = (bytes: number): string => Buffer.alloc(bytes, 1).toString("base64url");
  const [capsule] = stage.message().capsules;
  const frames = [
    stage.message({ body: base64(limits.bodyBytes + 1) }),
    stage.message({ capsules: [{ ...capsule, data: base64(limits.capsuleBytes + 1) }] }),
    stage.message({ capsules: Array.from({ length: limits.capsulesPerMessage + 1 }, () => capsule) }),
    stage.message({
      lists: Array.from({ length: limits.capsulesPerMessage + 1 }, () => ({
        account: anna.account,
        version: 1,
      })),
    }),
  ];
  for (const frame of frames) {
    annas.send(frame);
    await expectError(annas, "oversized", "malformed");
    await stage.expectUnharmed("oversized");
  }
});

test("[CV7] two capsules for one device are malformed", async () => {
  const { capsules } = stage.message();
  const twice = capsules.map((capsule) => ({ ...capsule, device: 1 }));
  await stage.expectRefused(stage.message({ capsules: [...capsules, capsules[0]] }), "malformed");
  await stage.expectRefused(stage.message({ capsules: twice }), "malformed");
});

test("[CV7] a body made for another conversation or message, or of another layout, is malformed", async () => {
  const { id, othersId } = stage.cast;
  const valid = stage.message();
  const bytes = Buffer.from(valid.body, "base64url");
  const spoil = (position: number, value: number): string => {
    const spoilt = Buffer.from(bytes);
    spoilt[position] = value;
    return spoilt.toString("base64url");
  };
  const bodies = [
    rawBody(othersId, valid.clientMessageId),
    rawBody(id, someId),
    rawBody(id, valid.clientMessageId, 257),
    spoil(0, 2),
    spoil(1, 0x10),
    bytes.subarray(0, -1).toString("base64url"),
    Buffer.concat([bytes, Buffer.alloc(3)]).toString("base64url"),
  ];
  for (const body of bodies) await stage.expectRefused({ ...valid, body }, "malformed");
});

test("[CV7] a capsule of another version, type, flag or length is malformed", async () => {
  const valid = stage.message();
  const [capsule, ...others] = valid.capsules;
  if (capsule === undefined) throw new Error("no capsule");
  const bytes = Buffer.from(capsule.data, "base64url");
  const spoilt = [0, 1, 2, 3, 4].map((position) => {
    const copy = Buffer.from(bytes);
    copy[position]! ^= 0x81;
    return copy;
  });
  spoilt.push(bytes.subarray(0, -1), Buffer.concat([bytes, Buffer.alloc(1)]), bytes.subarray(0, 64));
  for (const data of spoilt) {
    const bad = { ...capsule, data: data.toString("base64url") };
    await stage.expectRefused({ ...valid, capsules: [bad, ...others] }, "malformed");
  }
});

test("[CV60] a frame that names another conversation is malformed, also one of the sender's own", async () => {
  const { othersId, annasOtherId } = stage.cast;
  const { annas } = stage.sockets;
  for (const conversationId of [othersId, annasOtherId, someId]) {
    await stage.expectRefused(stage.message({ conversationId }), "malformed");
    for (const frame of stage.conversationFrames().slice(1)) {
      annas.send({ ...frame, conversationId });
      await expectError(annas, `${frame.type} elsewhere`, "malformed");
      await stage.expectUnharmed(frame.type);
    }
  }
});

test("[CV5] [CV6] capsules for other devices than those of the conversation are refused with the exact difference", async () => {
  const { anna, ben, stranger } = stage.cast;
  const { annas } = stage.sockets;
  const valid = stage.message();
  const all = valid.capsules;
  const forBen = all.filter(({ account }) => account === ben.account);
  const extra = [
    { account: ben.account, device: 9 },
    { account: anna.account, device: 1 },
    { account: stranger.account, device: 1 },
  ];
  const none = { missing: [], extra: [], stale: [] };
  const withCapsules = (capsules: unknown): MessageSend => stage.message({ capsules });
  const withVersions = (...lists: [string, number][]): MessageSend =>
    stage.message({ lists: lists.map(([account, version]) => ({ account, version })) });
  const cases: [MessageSend, object][] = [
    [withCapsules([]), { ...none, missing: addressesOf(anna).slice(1).concat(addressesOf(ben)) }],
    [withCapsules(forBen), { ...none, missing: addressesOf(anna).slice(1) }],
    [
      withCapsules([...all, ...extra.map((address) => ({ ...address, data: rawCapsule() }))]),
      { ...none, extra },
    ],
    [
      withVersions([anna.account, 1], [ben.account, 2]),
      { ...none, stale: [{ account: anna.account, version: 2 }] },
    ],
    [withVersions([anna.account, 2]), { ...none, stale: [{ account: ben.account, version: 2 }] }],
    [
      withVersions([anna.account, 2], [stranger.account, 1]),
      { ...none, stale: [{ account: ben.account, version: 2 }] },
    ],
  ];
  for (const [frame, difference] of cases) {
    annas.send(frame);
    const event = await annas.next();
    const { missing, extra: more, stale } = event["difference"] as Record<string, { account: string }[]>;
    const sorted = (list: unknown): string[] => (list as object[]).map((each) => JSON.stringify(each)).sort();
    const wanted = difference as Record<string, unknown>;
    expect([missing, more, stale].map(sorted)).toEqual(
      [wanted["missing"], wanted["extra"], wanted["stale"]].map(sorted),
    );
    expect(Object.keys(event).sort()).toEqual([
      "clientMessageId",
      "conversationId",
      "difference",
      "error",
      "type",
    ]);
    expectErrorBody(event["error"], "device_set_mismatch");
    await stage.expectUnharmed("device set");
  }
  await stage.expectRefused(withVersions([anna.account, 3], [ben.account, 2]), "unavailable");
});

test("[CV9] a receipt or a resume beyond what there is", async () => {
  const { id } = stage.cast;
  const { annas } = stage.sockets;
  for (const type of ["message:delivered", "message:read"]) {
    annas.send({ type, conversationId: id, seq: 2 });
    await expectError(annas, `${type} beyond`, "malformed");
    await stage.expectUnharmed(type);
  }
  annas.send({ type: "conversation:resume", conversationId: id, after: 1_000 });
  expect(await annas.next()).toMatchObject({ type: "conversation:resumed", lastSeq: 1, more: false });
  await stage.expectUnharmed("resume beyond");
});

test("[IN7] a receipt for a conversation of others is not found", async () => {
  const { othersId } = stage.cast;
  const { annasInbox } = stage.sockets;
  for (const conversationId of [othersId, someId]) {
    for (const type of ["message:delivered", "message:read"]) {
      annasInbox.send({ type, conversationId, seq: 1 });
      await expectError(annasInbox, type, "not_found");
      await stage.expectInboxUnharmed(type);
    }
  }
});

test("[IN5] a to-device message to a stranger is forbidden, to an unknown device not found", async () => {
  const { anna, ben, hermit } = stage.cast;
  const { annasInbox } = stage.sockets;
  const data = rawCapsule();
  const unknown = Buffer.alloc(16, 6).toString("base64url");
  const cases = [
    [hermit.account, 1, "forbidden"],
    [unknown, 1, "forbidden"],
    [ben.account, 9, "not_found"],
    [anna.account, 9, "not_found"],
  ] as const;
  for (const [account, device, code] of cases) {
    annasInbox.send({ type: "device:send", id: someId, account, device, data });
    await expectError(annasInbox, `${account}.${device}`, code, { id: someId });
    await stage.expectInboxUnharmed(code);
  }
});

test("[IN60] acknowledging what was never sent is malformed and takes nothing away", async () => {
  const { annasInbox } = stage.sockets;
  for (const position of [1, 7, Number.MAX_SAFE_INTEGER]) {
    annasInbox.send({ type: "device:ack", position });
    await expectError(annasInbox, `position ${position}`, "malformed");
    await stage.expectInboxUnharmed("early acknowledgement");
  }
});

test("[CV1] [CV3] [CV4] after all of that the next message gets the next number, and a repeat the same", async () => {
  const { id } = stage.cast;
  const { annas, bens } = stage.sockets;
  const next = stage.message();
  annas.send(next);
  const ack = await annas.next();
  expect(ack).toMatchObject({ type: "message:ack", clientMessageId: next.clientMessageId, seq: 2 });
  expect(await bens.next()).toMatchObject({ type: "message:new", seq: 2, body: next.body });
  annas.send(next);
  expect(await annas.next()).toEqual(ack);
  const { conversationId, clientMessageId } = next;
  annas.send({ ...next, body: rawBody(id, clientMessageId) });
  const reused = await annas.next();
  expect({ ...reused, error: "" }).toEqual({
    type: "message:refused",
    conversationId,
    clientMessageId,
    error: "",
  });
  expectErrorBody(reused["error"], "client_message_reused");
  annas.send({ type: "conversation:resume", conversationId: id, after: 0 });
  const log = [await annas.next(), await annas.next()].map(({ seq, body }) => ({ seq, body }));
  expect(log).toEqual([
    { seq: 1, body: stage.first.body },
    { seq: 2, body: next.body },
  ]);
});
