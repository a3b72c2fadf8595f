/** Deliberately broken engines and devices. A simulation that lets one of these live proves nothing. */
import { type AccountId, deviceAddressKey } from "#schema/ids.ts";
import type { MessageSend } from "#schema/protocol/message.ts";
import type { ConversationAlarm } from "#durable-objects/conversation/room.ts";
import { Alarms } from "#durable-objects/support/alarms.ts";
import { rawCapsule } from "#test/support/raw-frames.ts";
import { OutputGate } from "./gate.ts";
import { overriding } from "./journal.ts";
import { type Copy, type Row, StrictShelf } from "./shelf.ts";
import { intact, type Variant } from "./variant.ts";

/** Lets everything out before the disk has it. */
class LeakyGate extends OutputGate {
  override pass(output: () => void): void {
    output();
  }
}

/** Never comes back to tell an inbox again. */
class ForgetfulAlarms extends Alarms<ConversationAlarm> {
  override schedule(name: ConversationAlarm, atMs: number): void {
    if (name !== "fan_out") super.schedule(name, atMs);
  }
}

/** Takes what comes as what is next. */
class HastyShelf extends StrictShelf {
  override apply(copy: Copy, seq: number, row: Row): "applied" | "known" | "gap" {
    if (seq <= copy.cursor) return "known";
    copy.log.set(seq, row);
    copy.cursor = seq;
    return "applied";
  }
}

const someCapsule = rawCapsule();

/** `frame` made to fit the device set, whatever it was made for. */
function fitted(
  frame: MessageSend,
  lists: MessageSend["lists"],
  readers: readonly { readonly account: AccountId; readonly device: number }[],
): MessageSend {
  const capsules = readers.map(({ account, device }) => {
    const own = frame.capsules.find((each) => each.account === account && each.device === device);
    return own ?? { account, device, data: someCapsule };
  });
  return { ...frame, lists, capsules };
}

export interface Mutant {
  readonly name: string;
  readonly variant: Variant;
  /** It must be caught within so many seeds, counted from 1. */
  readonly withinSeeds: number;
}

export const mutants: readonly Mutant[] = [
  {
    name: "acknowledges before the commit is on disk",
    variant: { ...intact, gate: (isDirty) => new LeakyGate(isDirty) },
    withinSeeds: 40,
  },
  {
    name: "awaits between assigning a sequence number and committing it",
    variant: {
      ...intact,
      store: (store, host) =>
        overriding(store, {
          append: (messages) => {
            host.later(host.sim.random.below(50), "late append", () => store.append(messages));
          },
        }),
    },
    withinSeeds: 40,
  },
  {
    name: "moves the archived watermark before the archive confirmed",
    variant: {
      ...intact,
      archive: (archive) => ({
        report: (conversationId, losses) => archive.report(conversationId, losses),
        count: (conversationId, after, upTo) => archive.count(conversationId, after, upTo),
        write: async (conversationId, messages) => {
          archive.write(conversationId, messages).catch(() => undefined); // the mutation: nobody waits
        },
      }),
    },
    withinSeeds: 40,
  },
  {
    name: "forgets inboxes that have not confirmed",
    variant: { ...intact, alarms: (...input) => new ForgetfulAlarms(...input) },
    withinSeeds: 250,
  },
  {
    name: "does not recognise a repeated send",
    variant: {
      ...intact,
      store: (store) => overriding(store, { withIds: () => [] }),
    },
    withinSeeds: 40,
  },
  {
    name: "accepts messages made for another device set",
    variant: {
      ...intact,
      frame: (text, host, { identity }) => {
        const frame = JSON.parse(text) as MessageSend;
        const { room } = host;
        if (frame.type !== "message:send" || room === undefined) return text;
        const members = [...room.state.members.values()];
        const lists = members.map(({ account, listVersion }) => ({ account, version: listVersion }));
        const sender = deviceAddressKey(identity.account, identity.device);
        const readers = members
          .flatMap(({ account, devices }) =>
            [...devices].filter(([, { active }]) => active).map(([device]) => ({ account, device })),
          )
          .filter(({ account, device }) => deviceAddressKey(account, device) !== sender);
        return JSON.stringify(fitted(frame, lists, readers));
      },
    },
    withinSeeds: 40,
  },
  {
    name: "a device says delivered before it has stored",
    variant: { ...intact, isAckEarly: true },
    withinSeeds: 300,
  },
  {
    name: "a device applies messages as they come",
    variant: { ...intact, shelf: () => new HastyShelf() },
    withinSeeds: 80,
  },
];
