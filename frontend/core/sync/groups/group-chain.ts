/**
 * The operations of a group: fetched, verified from the first on, and kept (CRYPTO 2.7). What was accepted once stays: a server or
 * a member that tells another story is noted as a contradiction, and nothing is sent until that is over (attack 52).
 */
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { EnvelopeError } from "#schema/envelope/envelope-error.ts";
import { type GroupOp, parseGroupOp } from "#schema/envelope/group-op.ts";
import { GroupRefusal } from "#schema/envelope/group-rules.ts";
import { listOperations } from "#schema/http/groups.ts";
import type { AccountId, ConversationId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import type { SessionCall } from "../../api/session-api.ts";
import { isCryptoError, parsing } from "../../crypto/errors.ts";
import { extendGroupHistory, type GroupHistory, type GroupSigner } from "../../crypto/group/group-history.ts";
import {
  groupOperationKey,
  groupOperationTable,
  type GroupRecord,
  groupTable,
  historyShareTable,
} from "../../store/group-tables.ts";
import type { Records, Transaction } from "../../store/records.ts";
import type { AccountDevices, Directory } from "../directory.ts";
import { isSelf, type Self } from "../self.ts";
import {
  accountOf,
  describeChange,
  membershipAfter,
  trySettings,
  withDue,
  withSettings,
} from "./group-changes.ts";

/** The server's own contradictions, besides those of single devices. */
export const serverContradicts = "server";

export interface PlacedOperation {
  readonly operation: string;
  readonly seq: number;
}

type Directories = ReadonlyMap<AccountId, AccountDevices | undefined>;

export class GroupChains {
  readonly #records: Records;
  readonly #self: Self;
  readonly #directory: Directory;
  readonly #call: SessionCall;
  readonly #underWay = new Map<ConversationId, Promise<GroupRecord>>();

  constructor(records: Records, self: Self, directory: Directory, call: SessionCall) {
    this.#records = records;
    this.#self = self;
    this.#directory = directory;
    this.#call = call;
  }

  /**
   * Fetches, verifies and stores the operations after those known. When the server's story does not go on from what is known, that is
   * noted and what is known stays. Throws `SottoError` when the server cannot be asked, and `CryptoError` or `GroupRefusal` for a group
   * that is wrong from its beginning.
   */
  sync(conversationId: ConversationId): Promise<GroupRecord> {
    const underWay = this.#underWay.get(conversationId);
    if (underWay !== undefined) return underWay;
    const syncing = this.#sync(conversationId).finally(() => this.#underWay.delete(conversationId));
    this.#underWay.set(conversationId, syncing);
    return syncing;
  }

  /** Who may have signed these operations; their device lists are fetched where they are not known. */
  async signersFor(operations: readonly PlacedOperation[]): Promise<GroupSigner> {
    return signersOf(this.#self, await this.#directoriesOf(operations));
  }

  async #sync(conversationId: ConversationId): Promise<GroupRecord> {
    const known = await this.#records.read(groupTable, conversationId);
    const knownEpoch = known === undefined ? 0 : epochOf(known);
    const fetched = await this.#fetch(conversationId, Math.max(0, knownEpoch - 1));
    const directories = await this.#directoriesOf(fetched);
    return this.#records.transact(async (transaction) => {
      const before = await transaction.get(groupTable, conversationId);
      const after = await this.#joined(transaction, conversationId, before, {
        fetched,
        knownEpoch,
        directories,
      });
      if (after !== before) transaction.put(groupTable, conversationId, after);
      return after;
    });
  }

  async #joined(
    transaction: Transaction,
    conversationId: ConversationId,
    before: GroupRecord | undefined,
    answer: {
      readonly fetched: readonly PlacedOperation[];
      /** What was known when the server was asked. */
      readonly knownEpoch: number;
      readonly directories: Directories;
    },
  ): Promise<GroupRecord> {
    const { fetched, knownEpoch, directories } = answer;
    if (before === undefined) {
      return extendGroup(
        transaction,
        this.#self,
        conversationId,
        undefined,
        fetched,
        signersOf(this.#self, directories),
      );
    }
    const isConsistent = await agrees(transaction, conversationId, before, fetched, knownEpoch);
    if (!isConsistent) return contradicted(before, serverContradicts);
    const news = fetched.filter(
      ({ operation }) => parseGroupOp(decodeBase64url(operation)).epoch > epochOf(before),
    );
    try {
      const signers = signersOf(this.#self, directories);
      const after = await extendGroup(transaction, this.#self, conversationId, before, news, signers);
      return reconciled(after, serverContradicts);
    } catch (error) {
      if (isCryptoError(error) || error instanceof GroupRefusal)
        return contradicted(before, serverContradicts);
      throw error;
    }
  }

  async #fetch(conversationId: ConversationId, from: number): Promise<PlacedOperation[]> {
    const found: PlacedOperation[] = [];
    for (let after = from; ;) {
      const { operations, more } = await this.#call(listOperations, {
        params: { conversation: conversationId },
        query: { after, limit: limits.pageMax },
      });
      found.push(...operations.map(({ operation, seq }) => ({ operation, seq })));
      const last = operations.at(-1)?.epoch;
      if (!more || last === undefined || last <= after) return found;
      after = last;
    }
  }

  /** The devices of everyone who signed one of the operations. */
  async #directoriesOf(operations: readonly PlacedOperation[]): Promise<Directories> {
    const directories = new Map<AccountId, AccountDevices | undefined>();
    const refreshed = new Set<AccountId>();
    for (const { operation } of operations) {
      const op = tryParse(operation);
      if (op === undefined) continue;
      const account = accountOf(op.actorAccountId);
      const known = directories.get(account) ?? (await this.#directory.load(account));
      directories.set(account, known);
      if (known.known.has(op.actorDeviceId) || refreshed.has(account)) continue;
      directories.set(account, await this.#directory.refresh(account));
      refreshed.add(account);
    }
    return directories;
  }
}

/**
 * Verifies and executes operations on top of what is known, and stages them. The caller stages the record that comes back.
 * Throws as `extendGroupHistory`.
 */
export async function extendGroup(
  transaction: Transaction,
  self: Self,
  conversationId: ConversationId,
  before: GroupRecord | undefined,
  operations: readonly PlacedOperation[],
  signerOf: GroupSigner,
): Promise<GroupRecord> {
  let record = before;
  for (const { operation, seq } of operations) {
    const bytes = parsing(() => decodeBase64url(operation));
    const op = parsing(() => parseGroupOp(bytes));
    const history = extendGroupHistory(self.provider, record?.history, [bytes], signerOf);
    const next = withOperation(self, record, op, history);
    const isNamed = op.change.type === "settings" || op.change.type === "create";
    const settings = isNamed ? trySettings(self, history.head.state.settings, next.settingsKeys) : undefined;
    const earlier = record?.history.head.state;
    const before = settings && earlier && trySettings(self, earlier.settings, next.settingsKeys);
    const change = describeChange(op, earlier, history.head.state, { before, after: settings });
    const key = groupOperationKey(conversationId, op.epoch);
    await transaction.get(groupOperationTable, key);
    transaction.put(groupOperationTable, key, { operation, seq, ...(change && { change }) });
    await promiseHistory(transaction, self, key, op, seq);
    record = settings === undefined ? next : withSettings(withDue(self, next), settings);
  }
  // No operations and nothing known: `extendGroupHistory` says so.
  return record ?? withNothing(extendGroupHistory(self.provider, undefined, [], signerOf));
}

/** What this device gave along is owed from the moment that the operation counts, however that became known. */
async function promiseHistory(
  transaction: Transaction,
  self: Self,
  key: string,
  { change, actorAccountId, actorDeviceId }: GroupOp,
  seq: number,
): Promise<void> {
  const isOwn = isSelf(self, { account: accountOf(actorAccountId), device: actorDeviceId });
  if (!isOwn || change.type !== "add" || change.history === undefined) return;
  const accounts = change.members.map(({ accountId }) => accountOf(accountId));
  await transaction.get(historyShareTable, key);
  transaction.put(historyShareTable, key, { accounts, from: change.history.fromSeq, below: seq });
}

/** Who may have signed an operation, of what the directories know; see `GroupSigner`. */
export function signersOf(self: Self, directories: Directories): GroupSigner {
  return ({ actorAccountId, actorDeviceId }) => {
    const account = accountOf(actorAccountId);
    if (account === self.account && actorDeviceId === self.deviceId) return self.own.cert.dsk;
    return directories.get(account)?.known.get(actorDeviceId)?.device.cert.dsk;
  };
}

export function epochOf({ history }: Pick<GroupRecord, "history">): number {
  return history.head.state.epoch;
}

export function contradicted(record: GroupRecord, by: string): GroupRecord {
  if (record.contradictions.includes(by)) return record;
  return { ...record, contradictions: [...record.contradictions, by] };
}

export function reconciled(record: GroupRecord, by: string): GroupRecord {
  if (!record.contradictions.includes(by)) return record;
  return { ...record, contradictions: record.contradictions.filter((other) => other !== by) };
}

/** Whether somebody contradicts the operations whose word counts: the server, or a device of a present member. */
export function isContradicted({ contradictions, history }: GroupRecord): boolean {
  const members = new Set(history.head.state.members.map(({ accountId }) => accountOf(accountId)));
  return contradictions.some((by) => {
    const account = by.slice(0, Math.max(0, by.lastIndexOf("."))) as AccountId;
    return by === serverContradicts || members.has(account);
  });
}

function withOperation(
  self: Self,
  before: GroupRecord | undefined,
  op: GroupOp,
  history: GroupHistory,
): GroupRecord {
  const known = before ?? withNothing(history);
  const membership = membershipAfter(self.account, known.membership, op, history.head.state);
  const { change, actorAccountId } = op;
  if (change.type !== "deviceEpoch" || accountOf(actorAccountId) !== self.account) {
    return { ...known, history, membership };
  }
  const toldListVersion = Math.max(known.toldListVersion ?? 0, change.listVersion);
  return { ...known, history, membership, toldListVersion };
}

function withNothing(history: GroupHistory): GroupRecord {
  return {
    history,
    logEpoch: 0,
    membership: "removed",
    settingsKeys: [],
    title: "",
    names: {},
    contradictions: [],
  };
}

/** Whether the server's operations go on from the newest one known here. */
async function agrees(
  transaction: Transaction,
  conversationId: ConversationId,
  known: GroupRecord,
  fetched: readonly PlacedOperation[],
  knownEpoch: number,
): Promise<boolean> {
  let hasKnown = knownEpoch === 0;
  for (const { operation } of fetched) {
    const op = tryParse(operation);
    if (op === undefined) return false;
    if (op.epoch > epochOf(known)) continue;
    const stored = await transaction.get(groupOperationTable, groupOperationKey(conversationId, op.epoch));
    if (stored?.operation !== operation) return false;
    hasKnown ||= op.epoch === knownEpoch;
  }
  return hasKnown;
}

function tryParse(operation: string): GroupOp | undefined {
  try {
    return parseGroupOp(decodeBase64url(operation));
  } catch (error) {
    if (error instanceof EnvelopeError) return undefined;
    throw error;
  }
}
