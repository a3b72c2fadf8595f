/**
 * The promises, checked from outside the engine: some whenever a disk is flushed or an answer arrives, the others
 * when the faults are over and everything has come to rest.
 */
import type { InboxCore } from "#durable-objects/inbox/core.ts";
import { SottoError } from "#schema/errors.ts";
import { type AccountId, type ConversationId, deviceAddressKey } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import type { OperationAnswer } from "#schema/rpc/conversation.ts";
import type { DeviceSet } from "#schema/rpc/shared.ts";
import type { ConversationHost } from "./conversation-host.ts";
import type { SimDevice } from "./device.ts";
import { groupFaults, groupInboxFaults, groupLogFaults } from "./group-oracle.ts";
import type { InboxHost } from "./inbox-host.ts";
import { opens } from "./sealed.ts";
import type { World } from "./world.ts";

interface Marks {
  readonly [name: string]: number;
}

export interface Letter {
  readonly id: string;
  readonly account: string;
  readonly device: number;
}

export class Oracle {
  readonly violations: string[] = [];
  acks = 0;
  readonly #marks = new Map<string, Marks>();
  readonly #acknowledged: { host: ConversationHost; device: string; id: string; seq: number }[] = [];
  readonly #letters: Letter[] = [];
  readonly #opens: typeof opens;
  #world: World | undefined;

  /** `isFor`: whether a capsule was made for this device and message. */
  constructor(isFor = opens) {
    this.#opens = isFor;
  }

  watch(world: World): void {
    this.#world = world;
  }

  violate(what: string): void {
    if (!this.violations.includes(what)) this.violations.push(what);
  }

  letterSent(letter: Letter | undefined): void {
    if (letter !== undefined) this.#letters.push(letter);
  }

  /** A device holds an acknowledgement: from now on the message must be there for ever. */
  acknowledged(device: SimDevice, conversationId: ConversationId, id: string, seq: number): void {
    const host = this.#world?.conversations.get(conversationId);
    if (host === undefined) return;
    this.acks += 1;
    this.#acknowledged.push({ host, device: device.key, id, seq });
    if (host.journal.accepted[seq - 1]?.message.clientMessageId !== id) {
      this.violate(`acknowledged before it was on disk: ${seq}`);
    }
  }

  /** A message reached a device. */
  received(device: SimDevice, conversationId: ConversationId, seq: number): void {
    const host = this.#world?.conversations.get(conversationId);
    const stays = host?.journal.stays;
    if (stays === undefined || stays.size === 0) return;
    const isIn = stays.get(device.account)?.some(({ from, to = Infinity }) => from <= seq && seq <= to);
    if (isIn !== true) this.violate(`${host?.name}: ${device.key} got ${seq} while it was out`);
  }

  /** Whether the account has been out of the group before or is now. */
  wasOut(account: AccountId, conversationId: ConversationId | undefined): boolean {
    const host = conversationId && this.#world?.conversations.get(conversationId);
    return host?.journal.stays.get(account)?.some(({ to }) => to !== undefined) === true;
  }

  /** The author of an operation hears that it was accepted. */
  operationAnswered(conversationId: ConversationId, operation: string, { seq }: OperationAnswer): void {
    const host = this.#world?.conversations.get(conversationId);
    this.acks += 1;
    if (host?.journal.accepted[seq - 1]?.message.body !== operation)
      this.violate(`${host?.name}: operation at ${seq} was answered before it was on disk`);
  }

  conversationOnDisk(host: ConversationHost): void {
    const log = host.disk.first<{ count: number; last: number }>(
      "SELECT COALESCE(SUM(last_seq - first_seq + 1), 0) AS count, COALESCE(MAX(last_seq), 0) AS last FROM log",
    )!;
    if (log.count !== log.last) this.violate(`${host.name}: ${log.count} messages up to ${log.last}`);
    const marks: Record<string, number> = { log: log.last };
    const record = host.disk.first<{ archived: number; swept: number; told: number; counted: number }>(
      `SELECT archived_seq AS archived, swept_seq AS swept, told_seq AS told, counted_seq AS counted
       FROM conversation`,
    );
    if (record !== undefined) {
      marks["archived"] = record.archived;
      marks["swept"] = record.swept;
      marks["told"] = record.told;
      marks["counted"] = record.counted;
      const rows = this.#world?.archive.rowsOf(host.id);
      if (record.archived > 0 && rows?.has(record.archived) !== true) {
        this.violate(`${host.name}: the archive lacks ${record.archived}`);
      }
    }
    const members = host.disk.all<{ account: string; read: number; epoch: number }>(
      "SELECT account, read_seq AS read, set_epoch AS epoch FROM members",
    );
    const epochs: Record<string, number> = {};
    for (const { account, read, epoch } of members) {
      marks[`read ${account}`] = read;
      epochs[`epoch ${account}`] = epoch;
    }
    const devices = host.disk.all<{ account: string; device: number; delivered: number }>(
      "SELECT account, device, delivered_seq AS delivered FROM devices",
    );
    for (const { account, device, delivered } of devices) marks[`delivered ${account}.${device}`] = delivered;
    for (const [name, seq] of Object.entries(marks)) {
      if (seq > log.last) this.violate(`${host.name}: ${name} is beyond the log`);
    }
    this.#onlyForward(host.name, { ...marks, ...epochs });
  }

  inboxOnDisk(host: InboxHost): void {
    const rows = host.disk.all<{ id: string; last: number; read: number; told: number }>(
      "SELECT conversation_id AS id, last_seq AS last, read_seq AS read, told_epoch AS told FROM conversations",
    );
    for (const { id, last, read, told } of rows)
      this.#onlyForward(`${host.name} of ${id}`, { last, read, told });
  }

  /** What is not as it must be once everything has come to rest; empty when all is well. */
  disagreements(): string[] {
    const world = this.#world;
    if (world === undefined) return ["there is no world"];
    return [...world.conversations.values()]
      .flatMap((host) => [
        ...(isGroup(host)
          ? [...groupLogFaults(world, host), ...groupInboxFaults(world, host)]
          : this.#logFaults(world, host)),
        ...this.#archiveFaults(world, host),
        ...this.#memberFaults(world, host),
      ])
      .concat(this.#letterFaults(world));
  }

  /** Promises about what was accepted that no later event can repair. */
  finish(): void {
    for (const host of this.#world?.conversations.values() ?? []) {
      const world = this.#world;
      if (world !== undefined && isGroup(host))
        for (const fault of groupFaults(world, host, this.#opens)) this.violate(fault);
      const seen = new Set<string>();
      for (const [index, { message, capsules, readers, isSenderIn }] of host.journal.accepted.entries()) {
        const { seq, clientMessageId: id, senderAccount, senderDevice } = message;
        if (seq !== index + 1) this.violate(`${host.name}: ${seq} is at place ${index + 1}`);
        const name = `${senderAccount}.${senderDevice}.${id}`;
        if (seen.has(name)) this.violate(`${host.name}: ${id} was accepted twice`);
        seen.add(name);
        const isComing = world?.operations.of(message.body)?.change.type === "join";
        if (!isSenderIn && !isComing && !(isGroup(host) && seq === 1))
          this.violate(`${host.name}: ${seq} is by a device that was out`);
        if (isGroup(host)) continue;
        for (const key of readers) {
          if (!this.#opens(capsules[key] ?? "", key, id))
            this.violate(`${host.name}: ${seq} has no capsule for ${key}`);
        }
      }
    }
    for (const { host, device, id, seq } of this.#acknowledged) {
      const message = host.journal.accepted[seq - 1]?.message;
      const sender = message && deviceAddressKey(message.senderAccount, message.senderDevice);
      if (message?.clientMessageId !== id || sender !== device) {
        this.violate(`${host.name}: acknowledged ${seq} is gone`);
      }
    }
  }

  #logFaults(world: World, host: ConversationHost): string[] {
    const { accepted } = host.journal;
    const members = [...host.journal.sets.keys()];
    const faults: string[] = [];
    for (const device of world.devices) {
      if (device.isEnded || !members.includes(device.account)) continue;
      const copy = device.shelf.copies.get(host.id);
      if (copy === undefined && accepted.length === 0) continue;
      const name = `${host.name}: ${device.key.charAt(0)}${device.device}`;
      if (copy === undefined) {
        faults.push(`${name} does not know it`);
        continue;
      }
      if (copy.outbox.length > 0) faults.push(`${name} could not send ${copy.outbox.length}`);
      if (copy.log.size !== accepted.length || copy.cursor !== accepted.length) {
        faults.push(`${name} has ${copy.log.size} of ${accepted.length} messages`);
      }
      for (const { message, readers } of accepted) {
        const row = copy.log.get(message.seq);
        const sender = deviceAddressKey(message.senderAccount, message.senderDevice);
        if (row === undefined) continue;
        if (row.id !== message.clientMessageId || row.sender !== sender)
          faults.push(`${name} has another ${message.seq}`);
        if (!row.isReadable && readers.includes(device.key))
          faults.push(`${name} cannot read ${message.seq}`);
      }
    }
    return faults;
  }

  #archiveFaults(world: World, host: ConversationHost): string[] {
    const { accepted } = host.journal;
    const rows = world.archive.rowsOf(host.id);
    const faults =
      rows.size === accepted.length ? [] : [`${host.name}: ${rows.size} of ${accepted.length} archived`];
    for (const { message } of accepted) {
      const row = rows.get(message.seq);
      const isSame =
        row?.body === message.body &&
        row.clientMessageId === message.clientMessageId &&
        row.senderAccount === message.senderAccount &&
        row.senderDevice === message.senderDevice &&
        row.serverTimeMs === message.serverTimeMs;
      if (!isSame) faults.push(`${host.name}: the archive has another ${message.seq}`);
    }
    const record = host.disk.first<{ seq: number }>("SELECT archived_seq AS seq FROM conversation");
    if (record !== undefined && record.seq !== accepted.length)
      faults.push(`${host.name}: archived up to ${record.seq}`);
    return faults;
  }

  #memberFaults(world: World, host: ConversationHost): string[] {
    const { accepted } = host.journal;
    const faults: string[] = [];
    for (const [account, set] of host.journal.sets) {
      const { inbox } = world.accounts.find(({ key }) => key.account === account)!;
      const name = `${host.name} and ${inbox.name}`;
      const { core } = inbox.turn(() => inbox);
      if (JSON.stringify(deviceSetOf(core)) !== JSON.stringify(set))
        faults.push(`${name}: other device sets`);
      const read =
        host.disk.first<{ seq: number }>("SELECT read_seq AS seq FROM members WHERE account = ?", account)
          ?.seq ?? 0;
      const unread = accepted.filter(
        ({ message }) => message.seq > read && message.senderAccount !== account && message.content === 1,
      ).length;
      const expected = {
        lastSeq: accepted.length,
        read,
        unread: Math.min(unread, limits.unreadMax),
        updatedAtMs: accepted.at(-1)?.message.serverTimeMs ?? 1_800_000_000_000,
      };
      const summary = inbox.disk.first(
        `SELECT last_seq AS lastSeq, read_seq AS read, unread, updated_at_ms AS updatedAtMs
         FROM conversations WHERE conversation_id = ?`,
        host.id,
      );
      if (JSON.stringify(summary) !== JSON.stringify(expected)) {
        faults.push(`${name}: ${JSON.stringify(summary)} instead of ${JSON.stringify(expected)}`);
      }
      for (const device of world.devices) {
        if (device.account !== account || device.isEnded) continue;
        const row = host.disk.first<{ seq: number }>(
          "SELECT delivered_seq AS seq FROM devices WHERE account = ? AND device = ?",
          account,
          device.device,
        );
        if (row?.seq !== accepted.length) faults.push(`${name}: ${device.device} delivered ${row?.seq}`);
        const readHere = device.shelf.copies.get(host.id)?.read ?? 0;
        if (readHere > read) faults.push(`${name}: read ${readHere}, known ${read}`);
      }
      if (inbox.disk.first("SELECT 1 AS found FROM receipt_outbox") !== undefined)
        faults.push(`${name}: receipts wait`);
    }
    return faults;
  }

  #letterFaults(world: World): string[] {
    return this.#letters.flatMap(({ id, account, device }) => {
      const to = world.devices.find((each) => each.account === account && each.device === device);
      if (to === undefined || to.isEnded) return [];
      return [...to.shelf.letters].some((data) => data.startsWith(id)) ? [] : [`letter ${id} never arrived`];
    });
  }

  #onlyForward(name: string, marks: Marks): void {
    const before = this.#marks.get(name) ?? {};
    for (const [mark, value] of Object.entries(marks)) {
      const last = before[mark] ?? 0;
      if (value < last) this.violate(`${name}: ${mark} moved back from ${last} to ${value}`);
      if (mark === "swept" && value > last) this.#world?.sim.faults.count("capsules_swept");
    }
    this.#marks.set(name, marks);
  }
}

const isGroup = ({ journal }: ConversationHost): boolean => journal.stays.size > 0;

/** Undefined: the inbox has lost its account. */
function deviceSetOf(core: InboxCore): DeviceSet | undefined {
  try {
    return core.deviceSet();
  } catch (error) {
    if (error instanceof SottoError) return undefined;
    throw error;
  }
}
