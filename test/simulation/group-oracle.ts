/** The promises about groups: one chain, readable for whoever is in, silent for whoever is out. */
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { type AccountId, deviceAddressKey } from "#schema/ids.ts";
import type { ConversationHost } from "./conversation-host.ts";
import { readGroupEntry } from "./group-sealed.ts";
import type { Accepted } from "./journal.ts";
import type { opens } from "./sealed.ts";
import type { World } from "./world.ts";

/** What no later event can repair. */
export function groupFaults(world: World, host: ConversationHost, isFor: typeof opens): string[] {
  const faults: string[] = [];
  let chain: { readonly epoch: number; readonly hash: string } | undefined;
  /** Where each device got each sender key. */
  const keys = new Map<string, Map<string, number>>();
  for (const entry of host.journal.accepted) {
    const { message, capsules, readers } = entry;
    const { seq, body, clientMessageId: id } = message;
    const fault = (what: string): number => faults.push(`${host.name}: ${seq} ${what}`);
    const operation = world.operations.of(body);
    if (operation !== undefined) {
      const before = operation.before && encodeBase64url(operation.before.opHash);
      if (before !== chain?.hash) fault("forks the chain");
      if (operation.head.state.epoch !== (chain?.epoch ?? 0) + 1) fault("skips an epoch");
      chain = { epoch: operation.head.state.epoch, hash: encodeBase64url(operation.head.opHash) };
      continue;
    }
    const read = readGroupEntry(body, host.id, id);
    if (read === undefined) {
      fault("is no entry of this group");
      continue;
    }
    const sender = deviceAddressKey(message.senderAccount, message.senderDevice);
    const name = `${sender}.${read.keyId}`;
    const holders = keys.get(name) ?? new Map<string, number>();
    keys.set(name, holders);
    for (const [device, capsule] of Object.entries(capsules)) {
      if (!readers.includes(device)) fault(`has a capsule for ${device}, which is out`);
      if (!isFor(capsule, device, id)) fault(`has another capsule for ${device}`);
      holders.set(device, seq);
    }
    if (read.type === "message") for (const what of messageFaults(host, entry, sender, holders)) fault(what);
  }
  return faults;
}

function messageFaults(
  { journal }: ConversationHost,
  { message, readers }: Accepted,
  sender: string,
  holders: ReadonlyMap<string, number>,
): string[] {
  const faults: string[] = [];
  for (const device of readers) {
    const [account = ""] = device.split(".");
    const since = journal.stays
      .get(account as AccountId)
      ?.find(({ from, to = Infinity }) => from <= message.seq && message.seq <= to)?.from;
    const gotAt = holders.get(device);
    if (gotAt === undefined || since === undefined || gotAt < since)
      faults.push(`cannot be read by ${device}`);
  }
  for (const device of holders.keys()) {
    if (device !== sender && !readers.includes(device)) faults.push(`can be read by ${device}, which is out`);
  }
  return faults;
}

/** What devices have that are in, once everything has come to rest. */
export function groupLogFaults(world: World, host: ConversationHost): string[] {
  const { accepted, stays, sets } = host.journal;
  const operations = accepted.filter(({ message }) => world.operations.of(message.body) !== undefined).length;
  const faults: string[] = [];
  for (const device of world.devices) {
    if (device.isEnded || !sets.has(device.account)) continue;
    const name = `${host.name}: ${device.key.charAt(0)}${device.device}`;
    const copy = device.shelf.copies.get(host.id);
    if (copy?.group === undefined) {
      faults.push(`${name} does not know it`);
      continue;
    }
    const { head } = copy.group;
    if (copy.outbox.length > 0 && head?.state.isDissolved !== true)
      faults.push(`${name} could not send ${copy.outbox.length}`);
    if (copy.group.isLeft) faults.push(`${name} thinks that it is out`);
    if (head?.state.epoch !== operations) faults.push(`${name} is at epoch ${head?.state.epoch}`);
    if (copy.cursor !== accepted.length)
      faults.push(`${name} has ${copy.cursor} of ${accepted.length} messages`);
    const from = stays.get(device.account)?.at(-1)?.from ?? 0;
    for (const { message, readers } of accepted) {
      const { seq } = message;
      const row = copy.log.get(seq);
      if (row === undefined) {
        if (seq >= from && seq <= copy.cursor) faults.push(`${name} lacks ${seq}`);
        continue;
      }
      const sender = deviceAddressKey(message.senderAccount, message.senderDevice);
      if (row.id !== message.clientMessageId || row.sender !== sender)
        faults.push(`${name} has another ${seq}`);
      if (!row.isReadable && readers.includes(device.key)) faults.push(`${name} cannot read ${seq}`);
    }
  }
  return faults;
}

interface GroupRow {
  readonly epoch: number;
  readonly members: number;
  readonly joined: number;
  readonly left: number;
  readonly visible: number;
}

/** What inboxes know about who is in and who is out. */
export function groupInboxFaults(world: World, host: ConversationHost): string[] {
  const { accepted, sets, left } = host.journal;
  const epoch = accepted.filter(({ message }) => world.operations.of(message.body) !== undefined).length;
  const faults: string[] = [];
  for (const { key, inbox, devices } of world.accounts) {
    const row = inbox.disk.first<{ [Name in keyof GroupRow]: GroupRow[Name] }>(
      `SELECT group_epoch AS epoch, member_count AS members, joined_epoch AS joined, left_epoch AS left, visible
       FROM conversations WHERE conversation_id = ?`,
      host.id,
    );
    const name = `${host.name} and ${inbox.name}`;
    const leftEpoch = left.get(key.account);
    if (sets.has(key.account)) {
      const isRight = row?.epoch === epoch && row.members === sets.size && row.joined > row.left;
      if (!isRight) faults.push(`${name}: is in, knows ${JSON.stringify(row)}`);
    } else if (leftEpoch !== undefined) {
      if (row?.left !== leftEpoch) faults.push(`${name}: is out, knows ${JSON.stringify(row)}`);
      if (row?.visible !== 1) continue;
      for (const device of devices) {
        const copy = device.shelf.copies.get(host.id);
        if (!device.isEnded && copy?.group?.isLeft === false)
          faults.push(`${name}: ${device.key} thinks that it is in`);
      }
    }
  }
  if (host.disk.first("SELECT 1 AS found FROM departures") !== undefined)
    faults.push(`${host.name}: owes someone the news that it is out`);
  return faults;
}
