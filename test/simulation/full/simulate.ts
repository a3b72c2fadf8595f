/**
 * One run of one seed with the real client on every device: its engine, its ratchets, its storage, against the real cores
 * of conversations and inboxes, under one virtual clock. The primitives alone are cheap (provider.ts).
 */
// What the client fetches when it is needed would come at the pace of the real world.
import "#core/account/login.ts";
import "#core/account/registration.ts";
import "#core/account/remove-device.ts";
import "#core/account/revocations.ts";
import "#core/account/tell-groups.ts";
import "#core/add-members.ts";
import "#core/attachments/group-pictures.ts";
import "#core/attachments/sealing.ts";
import "#core/group-api.ts";
import "#core/group-settings-api.ts";
import "#core/invites/invites.ts";
import "#core/sync/claim-clerk.ts";
import "#core/sync/groups/group-placing.ts";
import "#core/sync/queue-parts.ts";
import { MemoryStore } from "#core/store/memory-store.ts";
import type { Store } from "#core/store/store.ts";
import { SottoError } from "#schema/errors.ts";
import { type AccountId, type ConversationId, type DeviceId, deviceAddressKey } from "#schema/ids.ts";
import { seededRandom } from "#test/support/crypto/seeded-random.ts";
import { SimClock } from "../clock.ts";
import { Faults } from "../faults.ts";
import { hashAtOnce } from "../hash-at-once.ts";
import { Oracle } from "../oracle.ts";
import type { Sim } from "../sim.ts";
import type { RunOptions, RunReport } from "../simulate.ts";
import { intact } from "../variant.ts";
import { usernameOf, World } from "../world.ts";
import { blobsAtOnce } from "./blobs-at-once.ts";
import { FullDevice } from "./device.ts";
import { countDeaths, foundGroup, groupLife, groupsOf, linkLife } from "./group-life.ts";
import { disagreements } from "./judge.ts";
import { cheapProvider } from "./provider.ts";
import { type Actions, joined, passing, pick, type Stage, writeAll } from "./stage.ts";
import { Web } from "./web.ts";

const logMax = 100_000;
const restMs = 60_000;
const restMaxMs = 3 * 3_600_000;
/** Rounds of rest before the last words, and after them. */
const calmRounds = 2;
const devicesMax = 4;

export interface FullRunOptions extends RunOptions {
  /** People come into groups by links above all. */
  readonly links?: boolean;
  /** The disk of a device. */
  readonly store?: () => Store;
}

export async function simulateFull({
  seed,
  steps,
  variant = intact,
  groups = false,
  links = false,
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
  const world = new World(sim, (groups ? 3 : 2) + random.below(2));
  const restore = groups ? [hashAtOnce(), blobsAtOnce()] : [];
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
    await prepare(stage, groups);
    const actions = [...directLife, ...(groups ? groupLife : []), ...(links ? linkLife : [])];
    for (let step = 0; step < count && oracle.violations.length === 0; step += 1) {
      const label = act(stage, actions);
      countDeaths(world);
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
    for (const undo of restore) undo();
  }
}

/** Everyone opens an account, while nothing goes wrong yet. */
async function prepare(stage: Stage, groups: boolean): Promise<void> {
  const { world, recoveryCodes } = stage;
  const { faults } = world.sim;
  faults.isOver = true;
  for (const index of world.accounts.keys()) {
    const device = stage.newDevice(index);
    recoveryCodes.set(device.account, await passing(stage, device.join(undefined)));
  }
  const [first] = stage.devices;
  await passing(stage, first!.client!.startConversation(usernameOf(world.accounts[1]!.key.account)));
  if (groups) await foundGroup(stage);
  faults.isOver = false;
}

/** No more faults; everyone comes back; everything that is owed gets done. */
async function rest(stage: Stage): Promise<void> {
  const { world, devices } = stage;
  const { faults, clock, oracle } = world.sim;
  faults.isOver = true;
  // Those that are up would still die at a step that was chosen for them.
  for (const device of devices) if (device.state === "joined") device.crash();
  const closing = { calmRounds: 0 };
  for (let passedMs = 0; ; passedMs += restMs) {
    for (const device of devices) device.start(Number.MAX_SAFE_INTEGER);
    await clock.pass(restMs);
    if (oracle.violations.length > 0) return;
    dismissRevoked(stage);
    if (passedMs < restMaxMs && !(await haveClosed(stage, closing))) continue;
    const open = devices.some(({ state }) => state === "joining")
      ? ["someone is still joining"]
      : [...oracle.disagreements(), ...(await passing(stage, disagreements(world, devices)))];
    if (open.length === 0) return;
    if (passedMs < restMaxMs) continue;
    for (const each of open) oracle.violate(each);
    return;
  }
}

/** Their own accounts have put them out, though nobody heard that it was done. */
function dismissRevoked(stage: Stage): void {
  for (const device of joined(stage)) {
    const devices = activeDevices(stage, device.account);
    if (devices === undefined) stage.world.sim.oracle.violate(`the account of ${device.key} is gone`);
    else if (!devices.some((each) => deviceAddressKey(device.account, each) === device.key))
      device.state = "gone";
  }
}

/** Undefined when the server has lost the account. */
function activeDevices(stage: Stage, account: AccountId): readonly DeviceId[] | undefined {
  const { inbox } = stage.world.accountOf(account);
  try {
    return inbox.turn(() => inbox.core.deviceSet()).devices;
  } catch (error) {
    if (error instanceof SottoError && error.kind === "not_found") return undefined;
    throw error;
  }
}

/** Whether the last words of groups are over; they are said once everyone has come in and is connected. */
async function haveClosed(stage: Stage, closing: { calmRounds: number }): Promise<boolean> {
  if (groupsOf(stage.world).length === 0) return true;
  const states = joined(stage).map(async ({ client }) => (await client?.connectionStatus())?.state);
  const areOnline = (await passing(stage, Promise.all(states))).every((state) => state === "online");
  const isCalm = areOnline && stage.devices.every(({ state }) => state !== "joining");
  if (isCalm || closing.calmRounds > calmRounds) closing.calmRounds += 1;
  if (closing.calmRounds === calmRounds && isCalm) lastWords(stage);
  return closing.calmRounds > 2 * calmRounds;
}

/** Everyone says a last thing in every group: whatever key was owed to others goes with it. */
function lastWords(stage: Stage): void {
  for (const { id, journal } of groupsOf(stage.world)) {
    for (const device of joined(stage)) {
      const { client } = device;
      if (client === undefined || !journal.sets.has(device.account)) continue;
      void writeAll(client, device, id, [`${device.name} says ${(stage.texts += 1)}`], true);
    }
  }
}

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
  const isGroup = (stage.world.conversations.get(conversationId)?.journal.stays.size ?? 0) > 0;
  void writeAll(client, device, conversationId, texts, isGroup);
  return `${device.name} writes ${messages}`;
}

const directLife: Actions = [
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

function act(stage: Stage, actions: Actions): string | undefined {
  let at = stage.random.below(actions.reduce((sum, [weight]) => sum + weight, 0));
  for (const [weight, action] of actions) {
    if (at < weight) return action(stage);
    at -= weight;
  }
  return undefined;
}
