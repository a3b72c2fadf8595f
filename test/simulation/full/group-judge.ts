/** What must hold of a group at rest: one title, one picture, one list of members and one log of lines for all who are in. */
import type { GroupChangeView, GroupView, MessageView } from "#core/client-api.ts";
import { settingsKeyEpochOf } from "#core/crypto/group/group-settings.ts";
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import type { GroupState } from "#schema/envelope/group-state.ts";
import { deviceAddressKey } from "#schema/ids.ts";
import { textOf } from "#test/support/client/people.ts";
import type { ConversationHost } from "../conversation-host.ts";
import { readGroupEntry } from "../group-sealed.ts";
import type { Accepted } from "../journal.ts";
import type { World } from "../world.ts";
import type { FullDevice } from "./device.ts";
import { stateOf } from "./group-life.ts";

/** What devices show of one group, so that all are held to the same. */
interface Shown {
  title: string | undefined;
  picture: string | undefined;
  /** By position: what the line says, and who says so. */
  readonly lines: Map<number, readonly [line: string, device: string]>;
}

/** `texts` collects what each message says. */
export async function groupDisagreements(
  world: World,
  host: ConversationHost,
  devices: readonly FullDevice[],
  texts: Map<string, string>,
): Promise<string[]> {
  const faults: string[] = [];
  const state = stateOf(world, host);
  if (state === undefined) return faults;
  const shown: Shown = { title: undefined, picture: undefined, lines: new Map() };
  for (const device of devices) {
    const { client } = device;
    if (client === undefined || (await client.accountStatus()).state !== "signed_in") continue;
    const name = `${host.name}: ${device.name}`;
    const isIn = device.state === "joined" && host.journal.sets.has(device.account);
    const known = (await client.listConversations()).some(({ conversationId }) => conversationId === host.id);
    if (!known) {
      if (isIn) faults.push(`${name} does not know it`);
      continue;
    }
    const messages = await device.messages(host.id);
    faults.push(
      ...logFaults(world, host, device, messages, { isIn, texts, shown }).map((fault) => `${name} ${fault}`),
    );
    if (!isIn) continue;
    const view = await client.group(host.id);
    const isKeyLost = wasNeverHandedOut(world, host, settingsEntry(world, host, state));
    faults.push(...viewFaults(view, state, shown, isKeyLost).map((fault) => `${name} ${fault}`));
    if (view.picture === undefined || faults.length > 0) continue;
    const bytes = await client.groupPicture(host.id).catch((error: unknown) => String(error));
    if (!(bytes instanceof Uint8Array)) faults.push(`${name} cannot see the picture: ${bytes}`);
  }
  return faults;
}

function viewFaults(view: GroupView, state: GroupState, shown: Shown, isKeyLost: boolean): string[] {
  const faults: string[] = [];
  if (view.isContradicted) faults.push("thinks that it is contradicted");
  if (view.epoch !== state.epoch) faults.push(`is at epoch ${view.epoch} of ${state.epoch}`);
  if (view.membership !== (state.isDissolved ? "dissolved" : "member")) faults.push(`is ${view.membership}`);
  if (view.hasInvite !== (state.invite !== undefined)) faults.push("is wrong about the link");
  const members = view.members.map(({ account, role }) => `${account} ${role}`).sort();
  const right = state.members.map(({ accountId, role }) => `${encodeBase64url(accountId)} ${role}`).sort();
  if (members.join() !== right.join()) faults.push(`has the members ${members.join()}`);
  if (isKeyLost) return faults;
  if (view.title === "") faults.push("does not know the name");
  if (shown.title === undefined) [shown.title, shown.picture] = [view.title, view.picture];
  if (view.title !== shown.title) faults.push(`shows the name "${view.title}", others "${shown.title}"`);
  if (view.picture !== shown.picture) faults.push("shows another picture");
  return faults;
}

interface Ledger {
  readonly isIn: boolean;
  readonly texts: Map<string, string>;
  readonly shown: Shown;
}

function logFaults(
  world: World,
  host: ConversationHost,
  device: FullDevice,
  messages: readonly MessageView[],
  { isIn, texts, shown }: Ledger,
): string[] {
  const faults: string[] = [];
  const { accepted, stays } = host.journal;
  const from = stays.get(device.account)?.at(-1)?.from ?? Infinity;
  // What was written before the account was put out has been refused for good.
  const wasOut = (stays.get(device.account)?.length ?? 0) > 1;
  const waiting = messages.filter(
    ({ seq, delivery }) => seq === undefined && !(wasOut && delivery === "failed"),
  );
  if (isIn && waiting.length > 0) faults.push(`could not send ${waiting.length} (${waiting[0]?.delivery})`);
  const views = new Map(
    messages.flatMap((view) => (view.seq === undefined ? [] : [[view.seq, view] as const])),
  );
  for (const entry of accepted) {
    const { seq, clientMessageId: id, body, senderAccount } = entry.message;
    const view = views.get(seq);
    const type = world.operations.of(body)?.change.type ?? readGroupEntry(body, host.id, id)?.type;
    if (view === undefined) {
      if (isIn && seq >= from && isShown(type)) faults.push(`lacks ${seq} (${type})`);
      continue;
    }
    if (view.clientMessageId !== id || view.sender !== senderAccount) faults.push(`has another ${seq}`);
    const right = rightsOf(entry, device);
    const { content } = view;
    if (content.type === "group_change") {
      const mustName = (): boolean => right === "own" && ownsKey(world, host, entry, device);
      const knowsBefore = (): boolean =>
        right === "own" && ownsKey(world, host, settingsBefore(world, host, seq), device);
      faults.push(...lineFaults(seq, content.change, { mustName, knowsBefore }, device, shown));
    } else if (content.type === "text") {
      const known = texts.get(id) ?? content.text;
      texts.set(id, known);
      if (known !== content.text) faults.push(`reads something else at ${seq}`);
      if (right === "none" && !wasGiven(world, host, device, seq))
        faults.push(`reads ${seq} though it was out`);
    } else if (right === "own" && seq >= from) faults.push(`cannot read ${seq} (${textOf(view)})`);
  }
  return faults;
}

/** Whether a device that was in when the group was renamed was given the key, or its maker owed it and has spoken since. */
function ownsKey(
  world: World,
  host: ConversationHost,
  entry: Accepted | undefined,
  device: FullDevice,
): boolean {
  const change = entry && world.operations.of(entry.message.body)?.change;
  if (entry === undefined || (change?.type !== "settings" && change?.type !== "create")) return false;
  const { holders, firstSeq } = keyInUse(world, host, settingsKeyEpochOf(change.settings));
  const isOwed = host.journal.accepted.some(({ message, readers }) => {
    const isActor = senderOf(message) === senderOf(entry.message);
    const isSaid = readGroupEntry(message.body, host.id, message.clientMessageId)?.type === "message";
    return message.seq > firstSeq && isActor && isSaid && readers.includes(device.key);
  });
  return holders.has(device.key) || (firstSeq === entry.message.seq && isOwed);
}

/** The devices that were given a settings key while it was in use, each by one that had it, and where it was first used. */
function keyInUse(
  { operations }: World,
  { journal, id }: ConversationHost,
  keyEpoch: number,
): { readonly holders: ReadonlySet<string>; readonly firstSeq: number } {
  const holders = new Set<string>();
  const olderKeys = new Set<string>();
  let first: { readonly seq: number; readonly epoch: number } | undefined;
  let isInUse = false;
  for (const { message, capsules } of journal.accepted) {
    const sender = senderOf(message);
    const made = operations.of(message.body);
    if (made?.change.type === "settings" || made?.change.type === "create") {
      isInUse = settingsKeyEpochOf(made.change.settings) === keyEpoch;
      if (isInUse) holders.add(sender);
      if (isInUse) first ??= { seq: message.seq, epoch: made.head.state.epoch };
    }
    const read = made === undefined ? readGroupEntry(message.body, id, message.clientMessageId) : undefined;
    if (read === undefined) continue;
    if (first === undefined) olderKeys.add(read.keyId);
    // What was sealed before the key was known may come after it.
    const isNewer = read.type === "message" ? read.epoch >= (first?.epoch ?? 0) : !olderKeys.has(read.keyId);
    if (isInUse && isNewer && holders.has(sender)) for (const to of Object.keys(capsules)) holders.add(to);
  }
  return { holders, firstSeq: first?.seq ?? Infinity };
}

function senderOf({ senderAccount, senderDevice }: Accepted["message"]): string {
  return deviceAddressKey(senderAccount, senderDevice);
}

/**
 * Who renamed the group died for good, or was put out, before it could hand out a new key: it is gone with that device. Whoever said
 * anything after it has handed it out.
 */
function wasNeverHandedOut(
  { operations }: World,
  { journal }: ConversationHost,
  entry: Accepted | undefined,
): boolean {
  if (entry === undefined) return false;
  const { seq, senderAccount, senderDevice } = entry.message;
  return !journal.accepted.slice(seq).some(({ message }) => {
    const isSame = message.senderAccount === senderAccount && message.senderDevice === senderDevice;
    return isSame && operations.of(message.body) === undefined;
  });
}

/** The operation that set the settings that `seq` replaced. */
function settingsBefore(
  { operations }: World,
  { journal }: ConversationHost,
  seq: number,
): Accepted | undefined {
  return journal.accepted.findLast(({ message }) => {
    const type = operations.of(message.body)?.change.type;
    return message.seq < seq && (type === "settings" || type === "create");
  });
}

/** The operation that set the present settings. */
function settingsEntry(
  { operations }: World,
  { journal }: ConversationHost,
  state: GroupState,
): Accepted | undefined {
  return journal.accepted.find(
    ({ message }) => operations.of(message.body)?.head.state.epoch === state.settingsEpoch,
  );
}

/** Operations that nobody is told of, and keys that are handed out, have no line. */
const isShown = (type: string | undefined): boolean =>
  type !== "deviceEpoch" && type !== "invite" && type !== "key";

/** `account`: another device of it could read the entry, and may have brought the key along. */
function rightsOf({ message, readers }: Accepted, { key, account }: FullDevice): "own" | "account" | "none" {
  const sender = deviceAddressKey(message.senderAccount, message.senderDevice);
  if (readers.includes(key) || sender === key) return "own";
  const isAccounts = (each: string): boolean => each.startsWith(`${account}.`);
  return readers.some(isAccounts) || isAccounts(sender) ? "account" : "none";
}

/** Whoever added the account gave it this along with what else was said before. */
function wasGiven(
  { operations }: World,
  { journal }: ConversationHost,
  device: FullDevice,
  seq: number,
): boolean {
  return journal.accepted.some(({ message }) => {
    const change = operations.of(message.body)?.change;
    if (change?.type !== "add" || change.history === undefined || change.history.fromSeq > seq) return false;
    return (
      message.seq > seq &&
      change.members.some(({ accountId }) => encodeBase64url(accountId) === device.account)
    );
  });
}

function lineFaults(
  seq: number,
  change: GroupChangeView,
  { mustName, knowsBefore }: { readonly mustName: () => boolean; readonly knowsBefore: () => boolean },
  device: FullDevice,
  { lines }: Shown,
): string[] {
  const isUnread = change.type === "renamed" && change.title === undefined;
  if (isUnread) return mustName() ? [`shows "renamed ?" at ${seq}`] : [];
  const line = JSON.stringify(change, (key, value: unknown) => (key === "username" ? undefined : value));
  // Who cannot read what was before takes a new picture for a name.
  const isGuess = change.type === "renamed" && !knowsBefore();
  if (isGuess) return [];
  const [known, other] = lines.get(seq) ?? [line, device.name];
  lines.set(seq, [known, other]);
  return known === line ? [] : [`says ${line} at ${seq}, ${other} says ${known}`];
}
