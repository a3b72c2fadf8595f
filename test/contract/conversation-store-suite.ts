/** What any conversation store must do. Runs over memory, Node's SQLite and the object's own storage. */
import { expect, test } from "vitest";
import type { AccountId, ClientMessageId, ConversationId } from "#schema/ids.ts";
import {
  type CapsulePack,
  type ConversationStore,
  freshMember,
  type StoredMessage,
} from "#durable-objects/conversation/store.ts";

const anna = "AAAAAAAAAAAAAAAAAAAAAA" as AccountId;
const ben = "BBBBBBBBBBBBBBBBBBBBBA" as AccountId;
export const record = {
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
export const member = (account: AccountId) => ({
  account,
  username: account === anna ? "anna" : "ben",
  listVersion: 1,
  setEpoch: 1,
  ...freshMember,
});
const swept = (lost: number, oldest?: CapsulePack) => ({ lost, oldest });
const set = (account: AccountId, devices: number[], epoch = 1) => ({
  account,
  epoch,
  version: epoch,
  devices,
});
export const message = (seq: number, id = `id${seq}`): StoredMessage => ({
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
      const sealed = (seq: number) => ({ ...message(seq), capsules: { [`${ben}.1`]: `capsule${seq}` } });
      store.append([sealed(1)]);
      store.append([2, 3, 4].map(sealed));
      const ids = ["id3", "id1", "none"].map((id) => id as ClientMessageId);
      expect(store.withIds(ids).sort((a, b) => a.seq - b.seq)).toEqual([message(1), message(3)]);
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
      store.append([{ ...message(5), content: 0, silentCount: 1, capsules: {} }]);
      expect([0, 3, 5, 9].map((seq) => store.silentCountAt(seq))).toEqual([0, 0, 1, undefined]);
      expect([store.ownContent(anna, 1, 5), store.ownContent(ben, 0, 5)]).toEqual([3, 0]);
      expect(store.load()?.newest?.seq).toBe(5);
      expect(store.load()?.uncounted).toEqual([1, 2, 3, 4].map((seq) => ({ seq, account: anna })));
    }));

  test(`${name}: a transaction that throws leaves nothing behind`, () =>
    created((store) => {
      expect(() =>
        store.transaction(() => {
          store.append([{ ...message(1), capsules: { [`${ben}.1`]: "capsule" } }]);
          store.saveRead(ben, 1, 1, 1);
          throw new Error("stop");
        }),
      ).toThrow("stop");
      expect(store.load()?.newest).toBeUndefined();
      expect(store.sweep({ upTo: 0, olderThanMs: 0, limit: 9 })).toEqual(swept(0));
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

  test(`${name}: a sweep clears packs of capsules up to the watermark or by age, bounded, and keeps bodies`, () =>
    created((store) => {
      const capsules = { [`${ben}.1`]: "capsule" };
      const packs = [[1], [2, 3], [4], [5], [6]];
      for (const seqs of packs) store.append(seqs.map((seq) => ({ ...message(seq), capsules })));
      store.append([{ ...message(7), capsules: {} }]);
      const pack = (firstSeq: number, lastSeq: number) => ({
        firstSeq,
        lastSeq,
        serverTimeMs: firstSeq * 10,
      });
      expect(store.sweep({ upTo: 2, olderThanMs: 0, limit: 9 })).toEqual(swept(0, pack(2, 3)));
      expect(store.sweep({ upTo: 9, olderThanMs: 0, limit: 2 })).toEqual(swept(0, pack(4, 4)));
      expect(store.sweep({ upTo: 3, olderThanMs: 41, limit: 9 })).toEqual(swept(1, pack(5, 5)));
      expect(store.sweep({ upTo: 0, olderThanMs: 0, limit: 9 })).toEqual(swept(0, pack(5, 5)));
      store.saveSwept(4);
      expect(store.load()?.record.sweptSeq).toBe(4);
      const rows = store.page({ after: 0, limit: 9, capsulesOf: `${ben}.1` });
      expect(rows.map(({ capsule, body }) => [capsule, body])).toEqual(
        [1, 2, 3, 4, 5, 6, 7].map((seq) => [[5, 6].includes(seq) ? "capsule" : null, `body${seq}`]),
      );
      expect(store.sweep({ upTo: 9, olderThanMs: 0, limit: 9 })).toEqual(swept(0));
    }));

  test(`${name}: more messages than fit one row of capsules`, () =>
    created((store) => {
      const seqs = Array.from({ length: 150 }, (_, index) => index + 1);
      const sealed = (seq: number) => ({ ...message(seq), capsules: { [`${ben}.1`]: `capsule${seq}` } });
      store.append(seqs.map(sealed));
      expect(store.withCapsules(60, 80)).toEqual(seqs.slice(60, 140).map(sealed));
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
      store.append([1, 2, 3].map((seq) => ({ ...message(seq), capsules: {} })));
      store.append([{ ...message(4), senderAccount: ben, capsules: {} }]);
      store.prune(2);
      expect(store.load()?.record).toEqual({ ...record, prunedSeq: 2 });
      expect(store.page({ limit: 9 }).map(({ seq }) => seq)).toEqual([3, 4]);
      expect(store.silentCountAt(2)).toBeUndefined();
      expect([store.firstForeign(anna, 1, 2), store.firstForeign(anna, 1, 4)]).toEqual([4, undefined]);
      expect(store.firstForeign(anna, 2, 2)).toBe(3);
    }));
}
