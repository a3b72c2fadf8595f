/** One run of one seed: a while of everything at once, then no more faults, then the oracle's judgement. */
import { type SeededRandom, seededRandom } from "#test/support/crypto/seeded-random.ts";
import { SimClock } from "./clock.ts";
import type { SimDevice } from "./device.ts";
import { type FaultKind, Faults } from "./faults.ts";
import { change, found, someChange } from "./group-actions.ts";
import { hashAtOnce } from "./hash-at-once.ts";
import { Oracle } from "./oracle.ts";
import type { Sim } from "./sim.ts";
import { intact, type Variant } from "./variant.ts";
import { World } from "./world.ts";

export interface RunOptions {
  readonly seed: number;
  /** How many things people and fate do; as many as the seed says unless given. */
  readonly steps?: number;
  readonly variant?: Variant;
  /** Groups among more accounts, besides direct conversations. */
  readonly groups?: boolean;
}

export interface RunReport {
  readonly seed: number;
  readonly steps: number;
  readonly violations: readonly string[];
  readonly events: number;
  readonly messages: number;
  readonly acknowledged: number;
  readonly faults: ReadonlyMap<FaultKind, number>;
  /** The newest events, oldest first. */
  readonly log: readonly string[];
}

const logMax = 400;
const restMs = 60_000;
/** Everything must have come to rest by then: alarms back off to five minutes, clocks were set back by ten. */
const restMaxMs = 3 * 3_600_000;

export async function simulate({
  seed,
  steps,
  variant = intact,
  groups = false,
}: RunOptions): Promise<RunReport> {
  const random = seededRandom(seed);
  const log: string[] = [];
  const note = (label: string): void => {
    log.push(`${clock.nowMs - 1_800_000_000_000} ${label}`);
    if (log.length > 2 * logMax) log.splice(0, logMax);
  };
  const clock = new SimClock(note);
  const faults = new Faults(random);
  const oracle = new Oracle();
  const sim: Sim = { clock, random, faults, oracle, variant };
  const world = new World(sim, groups ? 3 + random.below(random.chance(0.2) ? 10 : 4) : 2 + random.below(3));
  const restore = hashAtOnce();
  oracle.watch(world);
  const chosen = 30 + random.below(120);
  const count = steps ?? chosen;
  try {
    for (const account of world.accounts) void world.enrol(account, []);
    await clock.pass(2_000);
    if (groups) {
      for (const account of world.accounts) if (random.chance(0.3)) void world.enrol(account, []);
      await clock.pass(2_000);
    }
    const actions = groups ? [...directActions, ...groupActions] : directActions;
    for (let step = 0; step < count && oracle.violations.length === 0; step += 1) {
      const label = act(actions, world, random);
      if (label !== undefined) note(`— ${label}`);
      await clock.pass(random.chance(0.06) ? random.below(120_000) : random.below(400));
    }
    if (oracle.violations.length === 0) await rest(world);
    oracle.finish();
    return {
      seed,
      steps: count,
      violations: oracle.violations,
      events: clock.count,
      messages: [...world.conversations.values()].reduce(
        (sum, host) => sum + host.journal.accepted.length,
        0,
      ),
      acknowledged: oracle.acks,
      faults: faults.counts,
      log: log.slice(-logMax),
    };
  } finally {
    for (const host of world.hosts) host.disk.release();
    restore();
  }
}

/** No more faults; whoever is still there comes online; everything that is owed gets done. */
async function rest(world: World): Promise<void> {
  const { faults, clock, oracle } = world.sim;
  faults.isOver = true;
  for (let passedMs = 0; ; passedMs += restMs) {
    for (const device of world.devices) {
      if (device.isEnded) device.stop();
      else device.goOnline();
    }
    await clock.pass(restMs);
    if (oracle.violations.length > 0) return;
    const isBusy = world.accounts.some((account) => account.isBusy);
    const open = isBusy ? ["someone is still joining or leaving"] : oracle.disagreements();
    if (open.length === 0) return;
    if (passedMs < restMaxMs) continue;
    for (const each of open) oracle.violate(each);
    return;
  }
}

type Action = (world: World, random: SeededRandom) => string | undefined;

function pick<Item>(items: readonly Item[], random: SeededRandom): Item | undefined {
  return items[random.below(items.length)];
}

function someDevice(world: World, random: SeededRandom): SimDevice | undefined {
  return pick(
    world.devices.filter((device) => !device.isEnded),
    random,
  );
}

/** An action of a device in one of its conversations. */
function inCopy(
  act: (device: SimDevice, copy: Parameters<SimDevice["write"]>[0]) => void,
  label: string,
): Action {
  return (world, random) => {
    const device = someDevice(world, random);
    const copy = device && pick([...device.shelf.copies.values()], random);
    if (device === undefined || copy === undefined) return undefined;
    act(device, copy);
    return `${label} ${device.key.charAt(0)}${device.device}`;
  };
}

const burst = inCopy((device, copy) => {
  for (let count = 0; count < 12; count += 1) device.write(copy);
}, "writes twelve");

type Actions = readonly (readonly [weight: number, Action])[];

const directActions: Actions = [
  [40, inCopy((device, copy) => device.write(copy), "writes")],
  [5, burst],
  [8, inCopy((device, copy) => device.read(copy), "reads")],
  [6, inCopy((device, copy) => device.toggleScreen(copy), "screen")],
  [
    6,
    (world, random) => {
      const device = someDevice(world, random);
      const peer = pick(
        world.accounts.filter(({ key, devices }) => key.account !== device?.account && devices.length > 0),
        random,
      );
      if (device === undefined || peer === undefined) return undefined;
      void world.converse(device, peer);
      return `${device.key.charAt(0)} talks to ${peer.key.account.charAt(0)}`;
    },
  ],
  [
    7,
    (world, random) => {
      const link = pick(someDevice(world, random)?.links ?? [], random);
      if (link === undefined || link.isCut) return undefined;
      link.cut("network");
      world.sim.faults.count("link_cut");
      return "cut";
    },
  ],
  [
    8,
    (world, random) => {
      const host = pick(world.hosts, random);
      host?.evict();
      return `evict ${host?.name}`;
    },
  ],
  [
    2,
    (world) => {
      for (const host of world.hosts) host.crash();
      world.sim.faults.count("process_crash");
      return "crash of the process";
    },
  ],
  [
    2,
    (world, random) => {
      const host = pick(world.hosts, random);
      if (host === undefined) return undefined;
      host.skewMs = random.chance(0.5) ? -random.below(600_000) : random.below(3_600_000);
      host.armAlarm();
      world.sim.faults.count("clock_jump");
      return `clock of ${host.name} jumps`;
    },
  ],
  [
    6,
    (world, random) => {
      const device = someDevice(world, random);
      if (device === undefined) return undefined;
      if (!device.isOnline) device.goOnline();
      else {
        device.stop();
        world.sim.faults.count("device_crash");
        if (random.chance(0.6)) device.goOnline();
      }
      return `device ${device.key.charAt(0)}${device.device} stops or starts`;
    },
  ],
  [
    3,
    (world, random) => {
      const account = pick(world.accounts, random);
      const active = account?.devices.filter((device) => !device.isEnded) ?? [];
      if (account === undefined || account.isBusy || account.devices.length > 8) return undefined;
      const revoked = active.length > 2 || random.chance(0.3) ? active.slice(0, 1) : [];
      world.sim.faults.count("device_joined");
      for (const _device of revoked) world.sim.faults.count("device_revoked");
      void world.enrol(account, revoked);
      return `${account.key.account.charAt(0)} adds a device, revokes ${revoked.length}`;
    },
  ],
  [
    1,
    (world, random) => {
      const device = someDevice(world, random);
      if (device === undefined) return undefined;
      const scope = random.chance(0.25) ? "everywhere" : "device";
      world.sim.faults.count(scope === "device" ? "signed_out" : "signed_out_everywhere");
      void world.signOut(device, scope);
      return `${device.key.charAt(0)}${device.device} signs out (${scope})`;
    },
  ],
  [
    1,
    (world, random) => {
      const device = someDevice(world, random);
      if (device?.isOnline !== true) return undefined;
      device.renew();
      return `${device.key.charAt(0)}${device.device} renews its session`;
    },
  ],
  [
    5,
    (world, random) => {
      const from = someDevice(world, random);
      const to = someDevice(world, random);
      if (from === undefined || to === undefined || from === to) return undefined;
      from.writeLetter(to.account, to.device);
      return "letter";
    },
  ],
];

const groupActions: Actions = [
  [
    6,
    (world, random) => {
      const device = someDevice(world, random);
      const others = world.accounts
        .filter(({ key, devices }) => key.account !== device?.account && devices.length > 0)
        .map(({ key }) => key.account)
        .filter(() => random.chance(0.7));
      if (device === undefined || world.conversations.size > 4) return undefined;
      world.sim.faults.count("group_founded");
      void found(world, device, others);
      return `${device.key.charAt(0)} founds a group with ${others.length}`;
    },
  ],
  [16, (world, random) => changeSome(world, random, 1)],
  [5, (world, random) => changeSome(world, random, 3)],
];

/** Several devices of one group change something at once. */
function changeSome(world: World, random: SeededRandom, devices: number): string | undefined {
  const isRevokedToo = random.chance(0.15);
  const known = world.devices.filter(
    ({ isEnded, shelf }) =>
      (isRevokedToo || !isEnded) && [...shelf.copies.values()].some(({ group }) => group?.head !== undefined),
  );
  const groups = pick(known, random)?.shelf.copies.values();
  const id = pick(
    [...(groups ?? [])].filter(({ group }) => group?.head !== undefined),
    random,
  )?.conversationId;
  const names: string[] = [];
  for (let count = 0; id !== undefined && count < devices; count += 1) {
    const device = pick(
      known.filter(({ shelf }) => shelf.copies.get(id)?.group?.head !== undefined),
      random,
    );
    const copy = device?.shelf.copies.get(id);
    if (device === undefined || copy === undefined) break;
    if (device.isEnded) world.sim.faults.count("operation_by_revoked");
    names.push(`${device.key.charAt(0)}${device.device}`);
    void change(world, device, copy, someChange(world, random, device));
  }
  return names.length === 0 ? undefined : `${names.join(" and ")} change a group`;
}

function act(actions: Actions, world: World, random: SeededRandom): string | undefined {
  let at = random.below(actions.reduce((sum, [weight]) => sum + weight, 0));
  for (const [weight, action] of actions) {
    if (at < weight) return action(world, random);
    at -= weight;
  }
  return undefined;
}
