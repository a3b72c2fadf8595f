/** What people do with groups on real clients: at the same time, from devices that are behind, and with processes that die in between. */
import { ClientError, type HistoryChoice } from "#core/client-api.ts";
import type { Client } from "#core/client.ts";
import type { GroupState } from "#schema/envelope/group-state.ts";
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import type { GroupRole } from "#schema/envelope/group-change.ts";
import { SottoError } from "#schema/errors.ts";
import type { AccountId, ConversationId } from "#schema/ids.ts";
import { jpegOf } from "#test/support/square-jpeg.ts";
import type { ConversationHost } from "../conversation-host.ts";
import type { FaultKind } from "../faults.ts";
import { usernameOf, type World } from "../world.ts";
import type { FullDevice } from "./device.ts";
import { type Action, type Actions, joined, passing, pick, type Stage } from "./stage.ts";

const roles: readonly GroupRole[] = ["member", "admin", "admin", "owner"];
const choices: readonly HistoryChoice[] = ["none", "recent", "all"];
/** Steps of its storage after which a process dies that is renaming a group. */
const fatalSteps = 60;

/** A renaming that has not come to its end. */
interface Renaming {
  readonly host: ConversationHost;
  readonly device: FullDevice;
  readonly client: Client;
  readonly operationsBefore: number;
}

const renamings = new WeakMap<World, Set<Renaming>>();
/** The code of the link that was made last. */
const codes = new WeakMap<World, string>();

export const groupsOf = ({ conversations }: World): ConversationHost[] =>
  [...conversations.values()].filter(({ journal }) => journal.stays.size > 0);

/** The state after the newest operation of the log. */
export function stateOf({ operations }: World, { journal }: ConversationHost): GroupState | undefined {
  const newest = journal.accepted.findLast(({ message }) => operations.of(message.body) !== undefined);
  return newest && operations.of(newest.message.body)?.head.state;
}

/** Everyone but the last is in the first group from the beginning, while nothing goes wrong yet. */
export async function foundGroup(stage: Stage): Promise<void> {
  const { world, random } = stage;
  const [first] = stage.devices;
  const others = world.accounts.slice(1, -1).map(({ key }) => usernameOf(key.account));
  const { client } = first!;
  const name = nextName(stage);
  const { conversationId } = await passing(stage, client!.createGroup({ name, usernames: others }));
  await world.sim.clock.pass(3_000);
  const second = world.accounts[1]?.key.account;
  if (second !== undefined && random.chance(0.8))
    await passing(
      stage,
      client!.setMemberRole(conversationId, second, random.chance(0.7) ? "admin" : "owner"),
    );
  await world.sim.clock.pass(2_000);
}

/** Counts the renamings whose process died under way. */
export function countDeaths(world: World): void {
  for (const renaming of renamings.get(world) ?? []) {
    const { host, device, client, operationsBefore } = renaming;
    if (device.client === client) continue;
    renamings.get(world)?.delete(renaming);
    const isPosted = settingsBy(world, host, device) > operationsBefore;
    world.sim.faults.count(isPosted ? "died_after_post" : "died_before_post");
  }
}

function settingsBy({ operations }: World, { journal }: ConversationHost, { key }: FullDevice): number {
  return journal.accepted.filter(
    ({ message: { body, senderAccount, senderDevice } }) =>
      operations.of(body)?.change.type === "settings" && `${senderAccount}.${senderDevice}` === key,
  ).length;
}

const nextName = (stage: Stage): string => `name ${(stage.texts += 1)}`;

interface Chosen {
  readonly host: ConversationHost;
  readonly id: ConversationId;
  readonly device: FullDevice;
  readonly client: Client;
  readonly state: GroupState;
}

/** Somebody in a group, as the server knows it. */
function choose(
  stage: Stage,
  isRight: (role: GroupRole) => boolean,
  besides?: FullDevice,
): Chosen | undefined {
  const { world, random } = stage;
  const host = pick(groupsOf(world), random);
  const state = host && stateOf(world, host);
  if (host === undefined || state === undefined) return undefined;
  const may = new Set(
    state.members.filter(({ role }) => isRight(role)).map(({ accountId }) => encodeBase64url(accountId)),
  );
  const device = pick(
    joined(stage).filter((each) => may.has(each.account) && each.client !== undefined && each !== besides),
    random,
  );
  if (device?.client === undefined) return undefined;
  return { host, id: host.id, device, client: device.client, state };
}

const isAdmin = (role: GroupRole): boolean => role !== "member";
const isAnyone = (): boolean => true;

/** `kind` is counted when it was done. What people are refused is their matter; a fault of the client is not. */
function doing(
  { world }: Stage,
  { device, host }: Chosen,
  kind: FaultKind,
  work: Promise<unknown>,
): Promise<void> {
  return work.then(
    () => world.sim.faults.count(kind),
    (error: unknown) => {
      const isFault =
        error instanceof ClientError
          ? error.code === "internal" && !wasListFirst(error.cause)
          : !isExpected(error);
      if (isFault && device.state === "joined")
        world.sim.oracle.violate(
          `${host.name}: ${device.name} (${kind}): ${String(error instanceof ClientError ? (error.cause ?? error) : error)}`,
        );
    },
  );
}

/** Another device of the account came in or was put out at the same moment: a person tries again. */
const wasListFirst = (cause: unknown): boolean =>
  cause instanceof SottoError && cause.kind === "device_list_conflict";
const isExpected = (error: unknown): boolean => error instanceof SottoError;

function rename(stage: Stage, chosen: Chosen, kind: FaultKind): void {
  const { world, random } = stage;
  const { host, id, device, client } = chosen;
  const underWay = renamings.get(world) ?? new Set();
  renamings.set(world, underWay);
  const renaming = { host, device, client, operationsBefore: settingsBy(world, host, device) };
  underWay.add(renaming);
  const work = client.renameGroup(id, nextName(stage)).finally(() => underWay.delete(renaming));
  if (random.chance(0.3)) device.dieIn(1 + random.below(fatalSteps));
  void doing(stage, chosen, kind, work);
}

const renames: Action = (stage) => {
  const chosen = choose(stage, isAdmin);
  if (chosen === undefined) return undefined;
  rename(stage, chosen, "renamed");
  return `${chosen.device.name} renames`;
};

const renameAtOnce: Action = (stage) => {
  const first = choose(stage, isAdmin);
  const second = first && choose(stage, isAdmin, first.device);
  if (first === undefined || second?.host !== first.host) return undefined;
  rename(stage, first, "renamed_at_once");
  rename(stage, second, "renamed_at_once");
  return `${first.device.name} and ${second.device.name} rename`;
};

function otherMember(stage: Stage, { state, device }: Chosen): AccountId | undefined {
  const accounts = state.members.map(({ accountId }) => encodeBase64url(accountId) as AccountId);
  return pick(
    accounts.filter((account) => account !== device.account),
    stage.random,
  );
}

const removeAndRename: Action = (stage) => {
  const chosen = choose(stage, isAdmin);
  const account = chosen && otherMember(stage, chosen);
  if (chosen === undefined || account === undefined) return undefined;
  const remove = async (): Promise<void> => {
    await chosen.client.removeMember(chosen.id, account);
    if (chosen.device.client === chosen.client) rename(stage, chosen, "renamed_after_removal");
  };
  void doing(stage, chosen, "member_removed", remove());
  return `${chosen.device.name} removes ${account.charAt(0)} and renames`;
};

const revokeAndRename: Action = (stage) => {
  const chosen = choose(stage, isAdmin);
  const sibling = chosen && pick(siblingsOf(stage, chosen.device), stage.random);
  const recoveryCode = chosen && stage.recoveryCodes.get(chosen.device.account);
  if (chosen === undefined || sibling === undefined || recoveryCode === undefined) return undefined;
  const deviceId = Number(sibling.key.slice(sibling.key.lastIndexOf(".") + 1));
  const revoke = async (): Promise<void> => {
    await chosen.client.removeDevice({ deviceId, recoveryCode });
    sibling.state = "gone";
    if (chosen.device.client === chosen.client) rename(stage, chosen, "renamed_after_revocation");
  };
  void doing(stage, chosen, "device_revoked", revoke());
  return `${chosen.device.name} revokes ${sibling.name} and renames`;
};

function siblingsOf(stage: Stage, device: FullDevice): FullDevice[] {
  return joined(stage).filter((each) => each.account === device.account && each !== device);
}

const picture: Action = (stage) => {
  const chosen = choose(stage, isAdmin);
  if (chosen === undefined) return undefined;
  const { random } = stage;
  const isSet = random.chance(0.75);
  const mark = (stage.texts += 1);
  const blob = isSet ? new Blob([jpegOf(8, 8, mark % 250, 60)], { type: "image/jpeg" }) : undefined;
  const work = chosen.client.setGroupPicture(chosen.id, blob);
  void doing(stage, chosen, isSet ? "picture_set" : "picture_removed", work);
  return `${chosen.device.name} ${isSet ? "sets" : "takes away"} the picture`;
};

const changeRole: Action = (stage) => {
  const chosen = choose(stage, isAdmin);
  const account = chosen && otherMember(stage, chosen);
  const role = pick(roles, stage.random);
  if (chosen === undefined || account === undefined || role === undefined) return undefined;
  void doing(stage, chosen, "role_changed", chosen.client.setMemberRole(chosen.id, account, role));
  return `${chosen.device.name} makes ${account.charAt(0)} ${role}`;
};

function outsider(stage: Stage, { state }: Chosen): AccountId | undefined {
  const members = new Set(state.members.map(({ accountId }) => encodeBase64url(accountId)));
  const outside = stage.world.accounts.filter(({ key }) => !members.has(key.account));
  return pick(outside, stage.random)?.key.account;
}

const add: Action = (stage) => {
  const chosen = choose(stage, isAdmin);
  const account = chosen && outsider(stage, chosen);
  const choice = pick(choices, stage.random);
  if (chosen === undefined || account === undefined) return undefined;
  const { client, id, device } = chosen;
  const kind = choice === "none" ? "member_added" : "history_given";
  void doing(stage, chosen, kind, client.addMembers(id, [usernameOf(account)], choice));
  if (stage.random.chance(0.2)) device.dieIn(1 + stage.random.below(fatalSteps));
  return `${device.name} adds ${account.charAt(0)}`;
};

const leave: Action = (stage) => {
  const chosen = choose(stage, isAnyone);
  if (chosen === undefined || chosen.state.members.length < 3) return undefined;
  void doing(stage, chosen, "member_left", chosen.client.leaveGroup(chosen.id));
  return `${chosen.device.name} leaves`;
};

const makeLink: Action = (stage) => {
  const chosen = choose(stage, isAdmin);
  if (chosen === undefined) return undefined;
  const { client, id } = chosen;
  const terms = { needsApproval: stage.random.chance(0.5), reset: stage.random.chance(0.2) };
  const make = async (): Promise<void> => {
    await client.setInvite(id, { ...terms, expiresAtMs: undefined });
    const code = (await client.groupInvite(id))?.code;
    if (code !== undefined) codes.set(stage.world, code);
  };
  void doing(stage, chosen, "link_made", make());
  return `${chosen.device.name} makes a link`;
};

const endLink: Action = (stage) => {
  const chosen = choose(stage, isAdmin);
  if (chosen === undefined || chosen.state.invite === undefined) return undefined;
  void doing(stage, chosen, "link_ended", chosen.client.endInvite(chosen.id));
  return `${chosen.device.name} ends the link`;
};

const followLink: Action = (stage) => {
  const chosen = choose(stage, isAnyone);
  const account = chosen && outsider(stage, chosen);
  const device = pick(
    joined(stage).filter((each) => each.account === account && each.client !== undefined),
    stage.random,
  );
  const code = codes.get(stage.world);
  if (chosen === undefined || device?.client === undefined || code === undefined) return undefined;
  const { client } = device;
  const follow = async (): Promise<void> => {
    const { state } = await client.acceptInvite(code);
    stage.world.sim.faults.count(state === "joined" ? "joined_by_link" : "asked_by_link");
  };
  void doing(stage, { ...chosen, device }, "link_followed", follow());
  return `${device.name} follows a link`;
};

const answerRequests: Action = (stage) => {
  const chosen = choose(stage, isAdmin);
  if (chosen === undefined) return undefined;
  const isIn = stage.random.chance(0.8);
  void answerAll(stage, chosen, isIn);
  return `${chosen.device.name} looks who asks`;
};

async function answerAll(stage: Stage, chosen: Chosen, isIn: boolean): Promise<void> {
  const { client, id } = chosen;
  const requests = await client.joinRequests(id).catch(() => []); // offline: another time
  for (const { account } of requests) {
    const answered = isIn ? client.approveJoin(id, account, "recent") : client.refuseJoin(id, account);
    await doing(stage, chosen, isIn ? "let_in" : "not_let_in", answered);
  }
}

const unplug: Action = (stage) => {
  const device = pick(joined(stage), stage.random);
  if (device?.network === undefined || !device.isUp) return undefined;
  if (device.network.isOnline) {
    device.network.unplug();
    stage.world.sim.faults.count("unplugged");
  } else device.network.plugIn();
  return `${device.name} is ${device.network.isOnline ? "plugged in" : "unplugged"}`;
};

/** For runs in which people come in by links above all. */
export const linkLife: Actions = [
  [12, makeLink],
  [24, followLink],
  [16, answerRequests],
];

export const groupLife: Actions = [
  [9, renames],
  [4, renameAtOnce],
  [4, removeAndRename],
  [3, revokeAndRename],
  [4, picture],
  [4, changeRole],
  [9, add],
  [1, leave],
  [4, makeLink],
  [1, endLink],
  [6, followLink],
  [6, answerRequests],
  [4, unplug],
];
