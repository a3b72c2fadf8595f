/** What an action of a full run has at hand. */
import type { Client } from "#core/client.ts";
import type { ConversationId } from "#schema/ids.ts";
import type { SeededRandom } from "#test/support/crypto/seeded-random.ts";
import type { World } from "../world.ts";
import type { FullDevice } from "./device.ts";
import type { Web } from "./web.ts";

export interface Stage {
  readonly world: World;
  readonly web: Web;
  readonly random: SeededRandom;
  readonly devices: FullDevice[];
  /** Of each account. */
  readonly recoveryCodes: Map<string, string>;
  readonly newDevice: (account: number) => FullDevice;
  /** So many texts and names were made up. */
  texts: number;
}

/** Says what was done; undefined: there was nothing to do. */
export type Action = (stage: Stage) => string | undefined;
export type Actions = readonly (readonly [weight: number, Action])[];

export function pick<Item>(items: readonly Item[], random: SeededRandom): Item | undefined {
  return items[random.below(items.length)];
}

export const joined = ({ devices }: Stage): FullDevice[] => devices.filter(({ state }) => state === "joined");

/** A person sees the conversation before writing in it. */
export async function writeAll(
  client: Client,
  device: FullDevice,
  conversationId: ConversationId,
  texts: readonly string[],
  isGroup: boolean,
): Promise<void> {
  const known = await client.listConversations();
  if (!known.some((each) => each.conversationId === conversationId)) return;
  for (const text of texts) device.write(conversationId, text, isGroup);
}

/** Waits for something that takes simulated time. */
export async function passing<Result>({ world }: Stage, work: Promise<Result>): Promise<Result> {
  const state = { isDone: false };
  const settled = work.finally(() => {
    state.isDone = true;
  });
  settled.catch(() => undefined); // the caller gets it below
  for (let turn = 0; !state.isDone; turn += 1) {
    if (turn > 20_000) throw new Error("it never came to an end");
    await world.sim.clock.pass(50);
  }
  return settled;
}
