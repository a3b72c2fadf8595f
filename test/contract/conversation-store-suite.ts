/** What any conversation store must do. Runs over memory, Node's SQLite and the object's own storage. */
import { expect, test } from "vitest";
import type { AccountId, ClientMessageId, ConversationId } from "#schema/ids.ts";
import {
  type ConversationStore,
  freshMember,
  type StoredMessage,
} from "#durable-objects/conversation/store.ts";

const anna = "AAAAAAAAAAAAAAAAAAAAAA" as AccountId;
const ben = "BBBBBBBBBBBBBBBBBBBBBA" as AccountId;
const record = {
  conversationId: "CCCCCCCCCCCCCCCCCCCCCA" as ConversationId,
  kind: "direct" as const,
  archiveShard: 0,
  createdAtMs: 5,
  archivedSeq: 0,
  sweptSeq: 0,
  prunedSeq: 0,
  toldSeq: 0,
  countedSeq: 0,
  keyGeneration: 0,
};
const member = (account: AccountId) => ({
  account,
  username: account === anna ? "anna" : "ben",
  listVersion: 1,
  setEpoch: 1,
  ...freshMember,
});
const set = (account: AccountId, devices: number[], epoch = 1) => ({
  account,
  epoch,
  version: epoch,
  devices,
});
const message = (seq: number, id = `id${seq}`): StoredMessage => ({
  seq,
  senderAccount: anna,
  senderDevice: 1,
  clientMessageId: id as ClientMessageId,
  serverTimeMs: seq * 10,
  body: `body${seq}`,
  content: 1,
  silentCount: 0,
  devices: 1,
});

export function registerConversationStoreSuite(
  name: string,
  withStore: (work: (store: ConversationStore) => void) => Promise<void> | void,
): void {
  const created = (work: (store: ConversationStore) => void) =>
    withStore((store) => {
      store.create(record, [member(anna), member(ben)], [set(anna, [1, 2]), set(ben, [1])]);
      work(store);
    });

  test(`${name}: a store without a conversation loads nothing`, () =>
    withStore((store) => expect(store.load()).toBeUndefined()));

  test(`${name}: a created conversation loads as it was created`, () =>
    created((store) => {
      expect(store.load()).toEqual({
        record,
        members: [member(anna), member(ben)],
        devices: [
          { account: anna, device: 1, active: true, deliveredSeq: 0, slot: null },
          { account: anna, device: 2, active: true, deliveredSeq: 0, slot: null },
          { account: ben, device: 1, active: true, deliveredSeq: 0, slot: null },
        ],
        newest: undefined,
        group: undefined,
        uncounted: [],
      });
    }));

  test(`${name}: appended messages are found by sender and id, and paged both ways`, () =>
    created((store) => {
      for (const seq of [1, 2, 3, 4]) store.append(message(seq), { [`${ben}.1`]: `capsule${seq}` });
      expect(store.find(anna, 1, "id2" as ClientMessageId)).toEqual(message(2));
      expect(store.find(anna, 2, "id2" as ClientMessageId)).toBeUndefined();
      const withCapsule = (seq: number) => ({ ...message(seq), capsule: `capsule${seq}` });
      expect(store.page({ after: 1, limit: 2, capsulesOf: `${ben}.1` })).toEqual([
        withCapsule(2),
        withCapsule(3),
      ]);
      expect(store.page({ before: 4, limit: 2, capsulesOf: `${ben}.1` })).toEqual([
        withCapsule(2),
        withCapsule(3),
      ]);
      expect(store.page({ limit: 1, capsulesOf: `${anna}.1` })).toEqual([{ ...message(4), capsule: null }]);
      expect(store.withCapsules(3, 9)).toEqual([{ ...message(4), capsules: { [`${ben}.1`]: "capsule4" } }]);
      store.append({ ...message(5), content: 0, silentCount: 1 }, {});
      expect([0, 3, 5, 9].map((seq) => store.silentCountAt(seq))).toEqual([0, 0, 1, undefined]);
      expect([store.ownContent(anna, 1, 5), store.ownContent(ben, 0, 5)]).toEqual([3, 0]);
      expect(store.load()?.newest?.seq).toBe(5);
      expect(store.load()?.uncounted).toEqual([1, 2, 3, 4].map((seq) => ({ seq, account: anna })));
    }));

  test(`${name}: a transaction that throws leaves nothing behind`, () =>
    created((store) => {
      expect(() =>
        store.transaction(() => {
          store.append(message(1), {});
          store.saveRead(ben, 1, 1, 1);
          throw new Error("stop");
        }),
      ).toThrow("stop");
      expect(store.load()?.newest).toBeUndefined();
      expect(store.load()?.members[1]?.readSeq).toBe(0);
    }));

  test(`${name}: watermarks and device sets survive`, () =>
    created((store) => {
      store.saveRead(ben, 3, 2, 3);
      store.saveDelivered(anna, 2, 4);
      store.saveProgress({ upTo: 4, toldSeq: 2, senders: [{ account: anna, unreadBase: 7, sentSeq: 4 }] });
      store.saveArchived(1);
      store.saveSet(set(anna, [2, 3], 2));
      expect(store.load()).toEqual({
        record: { ...record, archivedSeq: 1, countedSeq: 4, toldSeq: 2 },
        members: [
          { ...member(anna), listVersion: 2, setEpoch: 2, unreadBase: 7, baseSeq: 4, sentSeq: 4 },
          { ...member(ben), readSeq: 3, unreadBase: 2, baseSeq: 3 },
        ],
        devices: [
          { account: anna, device: 1, active: false, deliveredSeq: 0, slot: null },
          { account: anna, device: 2, active: true, deliveredSeq: 4, slot: null },
          { account: anna, device: 3, active: true, deliveredSeq: 0, slot: null },
          { account: ben, device: 1, active: true, deliveredSeq: 0, slot: null },
        ],
        newest: undefined,
        group: undefined,
        uncounted: [],
      });
    }));

  test(`${name}: a sweep clears capsules up to the watermark or by age, bounded, and keeps bodies`, () =>
    created((store) => {
      for (const seq of [1, 2, 3, 4]) store.append(message(seq), { [`${ben}.1`]: "capsule" });
      expect(store.sweep({ after: 0, upTo: 3, olderThanMs: 0, limit: 2 })).toBe(2);
      expect(store.sweep({ after: 2, upTo: 2, olderThanMs: 31, limit: 9 })).toBe(3);
      expect(store.sweep({ after: 3, upTo: 0, olderThanMs: 0, limit: 9 })).toBe(3);
      const capsules = store.page({ after: 0, limit: 9, capsulesOf: `${ben}.1` });
      expect(capsules.map(({ capsule, body }) => [capsule, body])).toEqual([
        [null, "body1"],
        [null, "body2"],
        [null, "body3"],
        ["capsule", "body4"],
      ]);
      expect(store.load()?.record.sweptSeq).toBe(3);
    }));

  test(`${name}: ended sessions are remembered until they are forgotten`, () =>
    created((store) => {
      store.endSession("one", 10);
      store.endSession("two", 20);
      store.forgetSessions(15);
      expect([store.isSessionEnded("one"), store.isSessionEnded("two")]).toEqual([false, true]);
    }));

  test(`${name}: pruned messages are gone, the rest and the mark stay`, () =>
    created((store) => {
      for (const seq of [1, 2, 3]) store.append(message(seq), {});
      store.append({ ...message(4), senderAccount: ben }, {});
      store.prune(2);
      expect(store.load()?.record).toEqual({ ...record, prunedSeq: 2 });
      expect(store.page({ limit: 9, capsulesOf: "" }).map(({ seq }) => seq)).toEqual([3, 4]);
      expect(store.silentCountAt(2)).toBeUndefined();
      expect([store.firstForeign(anna, 1, 2), store.firstForeign(anna, 1, 4)]).toEqual([4, undefined]);
      expect(store.firstForeign(anna, 2, 2)).toBe(3);
    }));
}
