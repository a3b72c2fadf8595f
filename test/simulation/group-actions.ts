/** What people do with groups, from devices that are behind, at the same time, and again when they were not first. */
import { createChange } from "#test/support/group-changes.ts";
import type { SeededRandom } from "#test/support/crypto/seeded-random.ts";
import { grants } from "#test/support/raw-group.ts";
import type { GroupChange, GroupRole } from "#schema/envelope/group-change.ts";
import { type GroupHead, GroupRefusal } from "#schema/envelope/group-rules.ts";
import type { AccountId } from "#schema/ids.ts";
import type { SimDevice } from "./device.ts";
import { accountsOf, type MadeOperation } from "./operations.ts";
import type { Copy } from "./shelf.ts";
import type { World } from "./world.ts";

/** Pauses in which a device may catch up with whoever was first. */
const patience = 200;

/** Founds a group with others; goes on until it is done. */
export async function found(world: World, device: SimDevice, others: readonly AccountId[]): Promise<void> {
  const { random } = world.sim;
  const roles: Record<string, GroupRole> = { [device.account]: "owner" };
  for (const account of others) {
    roles[account] = random.chance(0.2) ? "owner" : random.chance(0.4) ? "admin" : "member";
  }
  const settings = new Uint8Array(32).fill(world.nextId());
  const change = { type: "create", settings, members: grants(roles) } as const;
  const made = world.operations.make(undefined, device, change);
  for (;;) {
    const result = await world.attempt(() => world.createGroup(device, made));
    if (result?.ok === true) {
      // A late answer is no news.
      if (!device.shelf.copies.has(made.groupId)) device.learn(result.value);
      return;
    }
    // Somebody was quicker to revoke the device, or to remove whoever asks again.
    if (result?.kind === "forbidden") return;
    if (result?.kind === "not_found" && world.sim.oracle.wasOut(device.account, made.groupId)) return;
    if (result !== undefined && result.kind !== "unavailable" && result.kind !== "internal") {
      world.sim.oracle.violate(`a new group was refused as ${result.kind}`);
      return;
    }
    await world.pause();
  }
}

/** Makes a change on top of what the device knows, and again on top of what came first. */
export async function change(
  world: World,
  device: SimDevice,
  copy: Copy,
  wanted: (head: GroupHead) => GroupChange | undefined,
): Promise<void> {
  const { faults, oracle } = world.sim;
  for (let made = tryMake(world, device, copy, wanted); made !== undefined;) {
    const operation: MadeOperation = made;
    const result = await world.attempt(() => world.postOperation(device, operation));
    if (result === undefined) {
      await world.pause(); // the same bytes again
    } else if (result.ok) {
      return oracle.operationAnswered(copy.conversationId, operation.operation, result.value);
    } else if (result.kind === "group_conflict") {
      faults.count("operation_conflict");
      if (!(await hasCaughtUp(world, device, copy, operation))) return;
      faults.count("operation_rebased");
      made = tryMake(world, device, copy, wanted);
    } else {
      return; // no longer allowed
    }
  }
}

async function hasCaughtUp(
  world: World,
  device: SimDevice,
  { group }: Copy,
  { head }: MadeOperation,
): Promise<boolean> {
  for (let count = 0; count < patience && !device.isEnded; count += 1) {
    if ((group?.head?.state.epoch ?? 0) >= head.state.epoch) return true;
    await world.pause();
  }
  return false;
}

function tryMake(
  world: World,
  device: SimDevice,
  { group }: Copy,
  wanted: (head: GroupHead) => GroupChange | undefined,
): MadeOperation | undefined {
  const head = group?.head;
  const change = head && wanted(head);
  if (change === undefined) return undefined;
  try {
    return world.operations.make(head, device, change);
  } catch (error) {
    if (error instanceof GroupRefusal) return undefined;
    throw error;
  }
}

/** Something that may be done to a group, chosen once; against the members of whatever state it is done on. */
export function someChange(
  world: World,
  random: SeededRandom,
  device: SimDevice,
): (head: GroupHead) => GroupChange | undefined {
  const kind = random.below(100);
  const [first, second] = [random.next(), random.next()];
  const some = (accounts: readonly AccountId[]): AccountId[] => {
    const chosen = [first, second].map((at) => accounts[Math.floor(at * accounts.length)]);
    return [...new Set(chosen.flatMap((account) => account ?? []))].slice(0, kind % 2 === 0 ? 1 : 2);
  };
  const everyone = world.accounts.filter(({ devices }) => devices.length > 0).map(({ key }) => key.account);
  const byte = world.nextId() % 256;
  return (head) => {
    const members = accountsOf(head);
    const others = some([...members].filter((account) => account !== device.account));
    const strangers = some(everyone.filter((account) => !members.has(account)));
    if (kind < 36) return strangers.length === 0 ? undefined : createChange.add(...strangers);
    if (kind < 60) return others.length === 0 ? undefined : createChange.remove(...others);
    if (kind < 72) return createChange.leave;
    if (kind < 82) {
      const roles = ["member", "admin", "owner"] as const;
      return others[0] === undefined ? undefined : createChange.role(others[0], roles[byte % 3]!);
    }
    if (kind < 91) return createChange.settings(byte);
    return kind < 98 ? createChange.deviceEpoch(1 + byte) : createChange.dissolve;
  };
}
