/**
 * One run of one seed with the real client on every device: its engine, its ratchets, its storage, against the real cores
 * of conversations and inboxes, under one virtual clock. The primitives alone are cheap (provider.ts).
 */
// What the client fetches when it is needed would come at the pace of the real world.
import "#core/account/login.ts";
import "#core/account/registration.ts";
import "#core/group-api.ts";
import type { Client } from "#core/client.ts";
import { MemoryStore } from "#core/store/memory-store.ts";
import type { Store } from "#core/store/store.ts";
import type { ConversationId } from "#schema/ids.ts";
import { type SeededRandom, seededRandom } from "#test/support/crypto/seeded-random.ts";
import { SimClock } from "../clock.ts";
import { Faults } from "../faults.ts";
import { Oracle } from "../oracle.ts";
import type { Sim } from "../sim.ts";
import type { RunOptions, RunReport } from "../simulate.ts";
import { intact } from "../variant.ts";
import { usernameOf, World } from "../world.ts";
import { FullDevice } from "./device.ts";
import { disagreements } from "./judge.ts";
import { cheapProvider } from "./provider.ts";
import { Web } from "./web.ts";

const logMax = 400;
const restMs = 60_000;
const restMaxMs = 3 * 3_600_000;
const devicesMax = 4;

interface Stage {
  readonly world: World;
  readonly web: Web;
  readonly random: SeededRandom;
  readonly devices: FullDevice[];
  /** Of each account. */
  readonly recoveryCodes: Map<string, string>;
  readonly newDevice: (account: number) => FullDevice;
  texts: number;
}

export interface FullRunOptions extends RunOptions {
  /** The disk of a device. */
  readonly store?: () => Store;
}

export async function simulateFull({
  seed,
  steps,
  variant = intact,
  store = () => new MemoryStore(),
}: FullRunOptions): Promise<RunReport> {
  const random = seededRandom(seed);
  const log: string[] = [];
  const note = (label: string): void => {
    log.push(`${clock.nowMs - 1_800_000_000_000} ${label}`);
    if (log.length > 2 * logMax) log.splice(0, logMax);
  };
  const clock = new SimClock(note);
  const faults = new Faults(random);
  const oracle = new Oracle((capsule) => capsule.length > 0);
  const sim: Sim = { clock, random, faults, oracle, variant };
  const world = new World(sim, 2 + random.below(2));
  oracle.watch(world);
  const web = new Web(world);
  const provider = cheapProvider(seed);
  const devices: FullDevice[] = [];
  const newDevice = (account: number): FullDevice => {
    const device = new FullDevice(
      { world, web, provider, store },
      world.accounts[account]!.key.account,
      devices.length + 1,
    );
    devices.push(device);
    return device;
  };
  const stage: Stage = { world, web, random, devices, recoveryCodes: new Map(), newDevice, texts: 0 };
  const chosen = 20 + random.below(50);
  const count = steps ?? chosen;
  try {
    await prepare(stage);
    for (let step = 0; step < count && oracle.violations.length === 0; step += 1) {
      const label = act(stage);
      if (label !== undefined) note(`— ${label}`);
      await clock.pass(random.chance(0.08) ? random.below(120_000) : random.below(400));
    }
    if (oracle.violations.length === 0) await rest(stage);
    oracle.finish();
    const logs = [...world.conversations.values()].map(({ journal }) => journal.accepted.length);
    const promised = devices.flatMap(({ written }) => written.filter(({ id }) => id !== undefined));
    return {
      seed,
      steps: count,
      violations: oracle.violations,
      events: clock.count,
      messages: logs.reduce((sum, length) => sum + length, 0),
      acknowledged: promised.length,
      faults: faults.counts,
      log: log.slice(-logMax),
    };
  } finally {
    for (const device of devices) device.crash();
    for (const host of world.hosts) host.disk.release();
  }
}

/** Everyone opens an account, while nothing goes wrong yet. */
async function prepare(stage: Stage): Promise<void> {
  const { world, recoveryCodes } = stage;
  const { faults } = world.sim;
  faults.isOver = true;
  for (const index of world.accounts.keys()) {
    const device = stage.newDevice(index);
    recoveryCodes.set(device.account, await passing(stage, device.join(undefined)));
  }
  const [first] = stage.devices;
  await passing(stage, first!.client!.startConversation(usernameOf(world.accounts[1]!.key.account)));
  faults.isOver = false;
}

/** Waits for something that takes simulated time. */
async function passing<Result>({ world }: Stage, work: Promise<Result>): Promise<Result> {
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

/** No more faults; everyone comes back; everything that is owed gets done. */
async function rest(stage: Stage): Promise<void> {
  const { world, devices } = stage;
  const { faults, clock, oracle } = world.sim;
  faults.isOver = true;
  // Those that are up would still die at a step that was chosen for them.
  for (const device of devices) if (device.state === "joined") device.crash();
  for (let passedMs = 0; ; passedMs += restMs) {
    for (const device of devices) device.start(Number.MAX_SAFE_INTEGER);
    await clock.pass(restMs);
    if (oracle.violations.length > 0) return;
    const open = devices.some(({ state }) => state === "joining")
      ? ["someone is still joining"]
      : [...oracle.disagreements(), ...(await passing(stage, disagreements(world, devices)))];
    if (open.length === 0) return;
    if (passedMs < restMaxMs) continue;
    for (const each of open) oracle.violate(each);
    return;
  }
}

type Action = (stage: Stage) => string | undefined;

function pick<Item>(items: readonly Item[], random: SeededRandom): Item | undefined {
  return items[random.below(items.length)];
}

const joined = ({ devices }: Stage): FullDevice[] => devices.filter(({ state }) => state === "joined");

/** A conversation that this device knows, if its process is up. */
function someChat({ world, random }: Stage, device: FullDevice): ConversationId | undefined {
  const own = [...world.conversations.values()].filter(({ journal }) => journal.sets.has(device.account));
  return pick(own, random)?.id;
}

function write(stage: Stage, messages: number): string | undefined {
  const device = pick(joined(stage), stage.random);
  const { client } = device ?? {};
  if (device === undefined || client === undefined) return undefined;
  const conversationId = someChat(stage, device);
  if (conversationId === undefined) return undefined;
  const texts = Array.from({ length: messages }, () => `${device.name} says ${(stage.texts += 1)}`);
  void writeAll(client, device, conversationId, texts);
  return `${device.name} writes ${messages}`;
}

/** A person sees the conversation before writing in it. */
async function writeAll(
  client: Client,
  device: FullDevice,
  conversationId: ConversationId,
  texts: readonly string[],
): Promise<void> {
  const known = await client.listConversations();
  if (!known.some((each) => each.conversationId === conversationId)) return;
  for (const text of texts) device.write(conversationId, text);
}

const actions: readonly (readonly [number, Action])[] = [
  [30, (stage) => write(stage, 1)],
  [5, (stage) => write(stage, 8)],
  [
    8,
    (stage) => {
      const device = pick(joined(stage), stage.random);
      const peer = pick(
        stage.world.accounts.filter(({ key }) => key.account !== device?.account),
        stage.random,
      );
      if (device?.client === undefined || peer === undefined) return undefined;
      const username = usernameOf(peer.key.account);
      device.client.startConversation(username).catch(() => undefined); // a person tries again
      return `${device.name} talks to ${username}`;
    },
  ],
  [
    6,
    (stage) => {
      const device = pick(joined(stage), stage.random);
      const conversationId = device && someChat(stage, device);
      if (device?.client === undefined || conversationId === undefined) return undefined;
      const { client } = device;
      const seq = stage.world.conversations.get(conversationId)?.journal.accepted.length ?? 0;
      const looks = stage.random.chance(0.7)
        ? client.openConversation(conversationId)
        : client.closeConversation(conversationId);
      looks.then(() => client.markRead(conversationId, seq)).catch(() => undefined); // not known here yet
      return `${device.name} looks`;
    },
  ],
  [
    7,
    ({ world, devices, random }) => {
      const link = pick(
        devices.flatMap(({ network }) => network?.links ?? []),
        random,
      );
      if (link === undefined || link.isCut) return undefined;
      link.cut("network");
      world.sim.faults.count("link_cut");
      return "cut";
    },
  ],
  [
    6,
    ({ world, random }) => {
      const host = pick(world.hosts, random);
      host?.evict();
      return `evict ${host?.name}`;
    },
  ],
  [
    2,
    ({ world }) => {
      for (const host of world.hosts) host.crash();
      world.sim.faults.count("process_crash");
      return "crash of the process";
    },
  ],
  [
    2,
    ({ world, random }) => {
      const host = pick(world.hosts, random);
      if (host === undefined) return undefined;
      host.skewMs = random.chance(0.5) ? -random.below(600_000) : random.below(3_600_000);
      host.armAlarm();
      world.sim.faults.count("clock_jump");
      return `clock of ${host.name} jumps`;
    },
  ],
  [
    3,
    (stage) => {
      const device = pick(joined(stage), stage.random);
      if (device === undefined) return undefined;
      device.skewMs = stage.random.below(12 * 3_600_000) - 6 * 3_600_000;
      stage.world.sim.faults.count("clock_jump");
      return `clock of ${device.name} jumps`;
    },
  ],
  [
    9,
    (stage) => {
      const device = pick(joined(stage), stage.random);
      if (device === undefined) return undefined;
      if (device.isUp) device.crash();
      else device.start(20 + stage.random.below(400));
      stage.world.sim.faults.count("device_crash");
      return `${device.name} ${device.isUp ? "starts" : "dies"}`;
    },
  ],
  [
    2,
    (stage) => {
      const { world, random, devices } = stage;
      const account = random.below(world.accounts.length);
      const id = world.accounts[account]!.key.account;
      const own = devices.filter((device) => device.account === id && device.state !== "gone");
      if (own.length >= devicesMax || own.some(({ state }) => state === "joining")) return undefined;
      const device = stage.newDevice(account);
      world.sim.faults.count("device_joined");
      device.join(stage.recoveryCodes.get(id)).catch(() => {
        device.state = "gone"; // it has wiped itself; a person tries again with another one
        device.crash();
      });
      return `${device.name} joins`;
    },
  ],
  [
    1,
    (stage) => {
      const device = pick(joined(stage), stage.random);
      const siblings = joined(stage).filter(({ account }) => account === device?.account);
      if (device?.client === undefined || siblings.length < 2) return undefined;
      stage.world.sim.faults.count("signed_out");
      device.state = "gone";
      device.client.logout("device").catch(() => undefined); // wiped here; the server may not hear of it
      return `${device.name} signs out`;
    },
  ],
];

const weights = actions.reduce((sum, [weight]) => sum + weight, 0);

function act(stage: Stage): string | undefined {
  let at = stage.random.below(weights);
  for (const [weight, action] of actions) {
    if (at < weight) return action(stage);
    at -= weight;
  }
  return undefined;
}
