/** The messages of one link in plain Node. */
import { expect, test } from "vitest";
import { Slots } from "#durable-objects/rendezvous/slots.ts";
import { migrate } from "#durable-objects/support/migrate.ts";
import type { AccountId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import { linkSlots } from "#schema/rpc/rendezvous.ts";
import { anna, ben, kindOf } from "../support/inbox-rig.ts";
import { migrationsOf, nodeSql } from "../support/node-sql.ts";

class SlotsRig {
  readonly sql = nodeSql();
  nowMs = 1_000_000;
  readonly slots = new Slots({
    sql: this.sql,
    now: () => this.nowMs,
    migrate: () => migrate(this.sql, migrationsOf("rendezvous")),
  });

  /** What anyone could ask of it, and what it says. */
  outcomes(account: AccountId = anna): string[] {
    return linkSlots.flatMap((slot) => [
      kindOf(() => this.slots.write({ slot, data: "later" })),
      kindOf(() => this.slots.read({ slot, account })),
    ]);
  }

  rows(): unknown {
    const tables = this.sql.all<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'");
    return Object.fromEntries(tables.map(({ name }) => [name, this.sql.all(`SELECT * FROM ${name}`)]));
  }
}

const overEverywhere = linkSlots.flatMap(() => ["link_over", "link_over"]);

test("[LK1] the request opens a link, which then lives two minutes and not a millisecond more", () => {
  const rig = new SlotsRig();
  expect(rig.slots.openedAtMs).toBeUndefined();
  expect(rig.slots.write({ slot: "request", data: "AA" })).toEqual({
    expiresAtMs: rig.nowMs + limits.linkMs,
  });
  rig.nowMs += limits.linkMs - 1;
  expect(rig.slots.read({ slot: "request", account: anna })).toBe("AA");
  rig.nowMs += 1;
  expect(rig.outcomes()).toEqual(overEverywhere);
});

test("[LK2] four messages, each once and in order; the same again is harmless, another one is slot_taken", () => {
  const rig = new SlotsRig();
  for (const slot of linkSlots.slice(1)) {
    expect(kindOf(() => rig.slots.write({ slot, data: slot }))).toBe("not_found");
  }
  expect(rig.rows()).toEqual({});
  for (const [index, slot] of linkSlots.entries()) {
    for (const early of linkSlots.slice(index + 1)) {
      if (index > 0) expect(kindOf(() => rig.slots.write({ slot: early, data: "x" }))).toBe("not_found");
    }
    rig.slots.write({ slot, data: slot });
    expect(kindOf(() => rig.slots.write({ slot, data: slot }))).toBe("accepted");
    expect(kindOf(() => rig.slots.write({ slot, data: "another" }))).toBe("slot_taken");
  }
  const found = linkSlots.map((slot) => rig.slots.read({ slot, account: anna }));
  expect(found).toEqual([...linkSlots]);
});

test("[LK3] a message that is not there yet is no error, and asking for an unknown id stores nothing", () => {
  const rig = new SlotsRig();
  expect(rig.slots.read({ slot: "request", account: anna })).toBeUndefined();
  rig.slots.end();
  expect(rig.rows()).toEqual({});
  rig.slots.write({ slot: "request", data: "AA" });
  expect(rig.slots.read({ slot: "offer" })).toBeUndefined();
});

test("[LK4] the first account that reads or writes is the only one", () => {
  const rig = new SlotsRig();
  rig.slots.write({ slot: "request", data: "AA" });
  rig.slots.read({ slot: "request", account: anna });
  const before = rig.rows();
  expect(kindOf(() => rig.slots.read({ slot: "request", account: ben }))).toBe("forbidden");
  expect(kindOf(() => rig.slots.write({ slot: "offer", data: "AA", account: ben }))).toBe("forbidden");
  expect(rig.rows()).toEqual(before);
  expect(kindOf(() => rig.slots.write({ slot: "offer", data: "AA", account: anna }))).toBe("accepted");
});

test("[LK5] a link that was ended is over for everyone, and its messages are deleted", () => {
  const rig = new SlotsRig();
  rig.slots.write({ slot: "request", data: "AA" });
  rig.slots.write({ slot: "offer", data: "AA", account: anna });
  rig.slots.end();
  expect(rig.outcomes()).toEqual(overEverywhere);
  expect(rig.rows()).toMatchObject({ messages: [], link: [{ account: null, over: 1 }] });
});
