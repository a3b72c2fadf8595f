/** Copies of a device's store, as the inbox tells them apart, in plain Node. */
import { expect, test } from "vitest";
import { limits } from "#schema/limits.ts";
import { InboxRig } from "../support/inbox-rig.ts";

const [own, other] = ["O", "X"].map((letter) => `${letter.repeat(21)}A`) as [string, string];

function connecting() {
  const rig = new InboxRig();
  rig.enrol(1);
  rig.enrol(2);
  const session = rig.session(1);
  const said = (id: string | undefined, epoch = 1, device = 1): unknown => {
    rig.nowMs += 1;
    const socket = rig.socket(device, session, false);
    const profile = id === undefined ? {} : { profile: { id, epoch } };
    rig.receive(socket, { type: "inbox:resume", ...profile });
    const [first] = socket.take();
    return first?.type === "profile:copied" ? first["reason"] : first?.type;
  };
  return { said };
}

test("[IN70] an epoch that grows is one store, however many it leaves out", () => {
  const { said } = connecting();
  expect([said(own, 1), said(own, 2), said(own, 7), said(own, 8)]).toEqual(Array(4).fill("inbox:state"));
  expect(said(own, 1, 2)).toBe("inbox:state"); // of another device
});

test("[IN70] [ATTACK 38] an epoch that was used is behind, and so is everything under that id from then on", () => {
  const { said } = connecting();
  said(own, 5);
  expect([said(own, 5), said(own, 4), said(own, 6), said(own, 60)]).toEqual(Array(4).fill("epoch_behind"));
  expect([said(other, 1), said(other, 2)]).toEqual(["inbox:state", "inbox:state"]);
});

test("[IN71] [ATTACK 39] two stores that take turns are each told so", () => {
  const { said } = connecting();
  said(own, 5);
  expect(said(own, 5)).toBe("epoch_behind"); // the copy
  expect(said(other, 1)).toBe("inbox:state"); // under a name of its own
  expect(said(own, 6)).toBe("epoch_behind"); // the first one: the copy has its name
  const third = own.replace("O", "T");
  expect(said(third, 1)).toBe("inbox:state");
  expect([said(other, 2), said(third, 2), said(third, 3), said(other, 3)]).toEqual([
    "elsewhere",
    "elsewhere",
    "inbox:state",
    "elsewhere",
  ]);
});

test("[IN71] a copy that gives no name is told of to the one that does; old clients, which never did, to nobody", () => {
  const { said } = connecting();
  expect([said(undefined), said(undefined), said(own, 1)]).toEqual(Array(3).fill("inbox:state"));
  expect([said(undefined), said(own, 2), said(own, 3)]).toEqual(["inbox:state", "elsewhere", "inbox:state"]);
});

test("[IN71] of one device a limited number of names is remembered, the newest ones", () => {
  const { said } = connecting();
  said(own, 5);
  for (let at = 0; at < limits.profilesRemembered; at += 1) said(`${"N".repeat(20)}${at}A`, 1);
  expect([said(`${"N".repeat(20)}7A`, 1), said(own, 1)]).toEqual(["epoch_behind", "inbox:state"]);
});
