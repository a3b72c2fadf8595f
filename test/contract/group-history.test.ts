/** What members read of the time before they came in, in plain Node. */
import { expect, test } from "vitest";
import type { GroupChange } from "#schema/envelope/group-change.ts";
import { SottoError } from "#schema/errors.ts";
import { historyPage } from "#durable-objects/conversation/history.ts";
import { createChange } from "../support/group-changes.ts";
import { accountOf, GroupRig, identityOf } from "../support/group-rig.ts";
import { newKeyId } from "../support/raw-group.ts";

const { add, remove } = createChange;

function addWith(fromSeq: number, ...letters: readonly string[]): GroupChange {
  const change = add(...letters.map(accountOf));
  return change.type === "add" ? { ...change, history: { fromSeq, messages: 1 } } : change;
}

/** A group of a, b and c with the log: creation, four messages of a; d and e are not in it. */
async function openRig(): Promise<GroupRig> {
  const rig = await GroupRig.open({ a: ["owner", 1], b: ["admin", 1], c: ["member", 1] });
  const keyId = newKeyId();
  const messages = [1, 2, 3].map(() => rig.groupMessage(keyId));
  rig.turn(rig.socket(accountOf("a"), 1), rig.groupMessage(keyId, rig.others("a")), ...messages);
  for (const letter of "de") rig.setDevices(letter, 1);
  return rig;
}

function page(rig: GroupRig, letter: string, range: object = {}) {
  const member = rig.room.state.members.get(accountOf(letter))!;
  const input = { identity: identityOf(letter), limit: 50, ...range };
  const { messages, more, archive } = historyPage(rig.room.state, rig.store, member, input);
  return { seqs: messages.map(({ seq }) => seq), more, from: archive.after };
}

async function refusalOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => "accepted",
    (error: unknown) => (error instanceof SottoError ? error.kind : error),
  );
}

test("[GR40] pages begin where the operation says, also after the object slept; nothing else does", async () => {
  const rig = await openRig();
  await rig.change("a", addWith(4, "d"));
  await rig.change("a", add(accountOf("e")));
  for (const wake of [() => undefined, () => rig.wake()]) {
    wake();
    expect(page(rig, "d")).toEqual({ seqs: [4, 5, 6, 7], more: false, from: 3 });
    expect(page(rig, "d", { before: 6 })).toEqual({ seqs: [4, 5], more: false, from: 3 });
    expect(page(rig, "d", { after: 0 })).toEqual({ seqs: [4, 5, 6, 7], more: false, from: 3 });
    expect(page(rig, "e")).toEqual({ seqs: [7], more: false, from: 6 });
    expect(rig.room.summaryFor(accountOf("d"))).toMatchObject({ read: 5, unread: 0 });
  }
  const comer = rig.socket(accountOf("d"), 1, false);
  rig.receive(comer, { type: "conversation:resume", conversationId: rig.id, after: 0 });
  expect(comer.take().map(({ type, seq }) => [type, seq])).toEqual([
    ["message:new", 6],
    ["message:new", 7],
    ["conversation:resumed", undefined],
  ]);
});

test("[GR41] nobody gives along what is not theirs or not said yet; what was given to them is theirs to give", async () => {
  const rig = await openRig();
  const before = rig.storedBodies();
  for (const fromSeq of [6, 7, 1_000_000]) {
    expect(await refusalOf(rig.change("a", addWith(fromSeq, "d")))).toBe("forbidden");
  }
  expect([rig.storedBodies(), rig.room.state.members.has(accountOf("d"))]).toEqual([before, false]);
  await rig.change("a", addWith(3, "d"));
  await rig.change("a", createChange.role(accountOf("d"), "admin"));
  expect(await refusalOf(rig.change("d", addWith(2, "e")))).toBe("forbidden");
  expect(await refusalOf(rig.change("d", addWith(3, "e")))).toBe("accepted");
  expect(page(rig, "e").from).toBe(2);
});

test("[GR41] who comes in anew has what that operation gives along, and nothing of the one before", async () => {
  const rig = await openRig();
  await rig.change("a", addWith(2, "d"));
  await rig.change("a", remove(accountOf("d")));
  await rig.change("a", add(accountOf("d")));
  expect(page(rig, "d")).toEqual({ seqs: [8], more: false, from: 7 });
});
