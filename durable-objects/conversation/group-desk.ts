/**
 * A group's operations: executed, then accepted in one turn when nothing came in between, and written into the log, so that
 * everyone sees one order of messages and membership.
 */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { type GroupOp, parseGroupOp } from "#schema/envelope/group-op.ts";
import type { GroupHead } from "#schema/envelope/group-rules.ts";
import type { GroupState } from "#schema/envelope/group-state.ts";
import { groupRoles } from "#schema/envelope/group-change.ts";
import type { AccountId, ClientMessageId, Sequence } from "#schema/ids.ts";
import type { Registration } from "#schema/rpc/inbox.ts";
import type { OperationAnswer, OperationInput } from "#schema/rpc/conversation.ts";
import type { DeviceSet, Identity } from "#schema/rpc/shared.ts";
import { refusal } from "../support/error-events.ts";
import type { Arrivals } from "./arrivals.ts";
import { executeOperation } from "./execute-operation.ts";
import { storedGroup } from "./group-head.ts";
import type { Arrival, GroupStore, Membership } from "./group-store.ts";
import { invited } from "./invite-desk.ts";
import type { ConversationState } from "./state.ts";
import type { ConversationStore, StoredMember, StoredMessage } from "./store.ts";

/** Inboxes that are asked at once. */
const parallelCalls = 32;

export interface GroupDeskContext {
  readonly state: ConversationState;
  readonly store: ConversationStore;
  readonly groupStore: GroupStore;
  readonly now: () => number;
  /** Orders what waits, so that it is judged by the state before. */
  readonly flush: () => void;
  /** Makes an inbox know the group; answers with the account's devices. */
  readonly register: (account: AccountId) => Promise<Registration>;
  readonly arrivals: Arrivals;
  /** It is in the log: `gone` are no longer members; `isRotated`: every sender key is dead. */
  readonly onAccepted: (entry: StoredMessage, gone: readonly AccountId[], isRotated: boolean) => void;
}

export class GroupDesk {
  readonly #context: GroupDeskContext;

  constructor(context: GroupDeskContext) {
    this.#context = context;
  }

  /**
   * Accepts an operation that `identity`, a member or who comes in by the invite, has signed. Throws `group_conflict` when another one came first, `forbidden` for what
   * the rules refuse, `malformed` for what it cannot be. Repeating an accepted one gives the same answer.
   */
  async post({ identity, operation }: OperationInput): Promise<OperationAnswer> {
    const { state, groupStore } = this.#context;
    const op = parseOwnOperation(operation, identity);
    const before = state.head;
    if (before === undefined) throw refusal("not_found");
    const isMember = state.members.has(identity.account);
    if (!isMember) assertInvited(before.state, op, this.#context.now());
    if (op.epoch <= state.epoch) {
      const known = groupStore.operation(op.epoch);
      if (known?.operation === operation) return { epoch: known.epoch, seq: known.seq };
      throw refusal("group_conflict", { epoch: state.epoch });
    }
    if (isMember) this.#assertActive(identity);
    const head = await executeOperation(before, op);
    const coming = accountsOf(head).filter((account) => !state.members.has(account));
    this.#context.arrivals.expect(coming);
    try {
      const registrations = await inParallel(coming, this.#context.register);
      if (state.head !== before) throw refusal("group_conflict", { epoch: state.epoch });
      if (isMember) this.#assertActive(identity);
      else this.#assertOwnDevice(identity, registrations);
      return this.#accept(head, op, registrations);
    } finally {
      this.#context.arrivals.release(coming);
    }
  }

  /** An access token outlives its device by some minutes. */
  #assertActive({ account, device }: Identity): void {
    if (this.#context.state.members.get(account)?.isActive(device) !== true) throw refusal("forbidden");
  }

  #assertOwnDevice({ device }: Identity, registrations: readonly Registration[]): void {
    const sets = registrations.map(({ set }) => this.#context.arrivals.newest(set));
    if (!sets.every(({ devices }) => devices.includes(device))) throw refusal("forbidden");
  }

  /** In one turn: nothing comes between the look at the head and the commit. */
  #accept(head: GroupHead, op: GroupOp, registrations: readonly Registration[]): OperationAnswer {
    const { state, store, groupStore, now } = this.#context;
    this.#context.flush();
    const entry = entryOf(op, head, {
      seq: state.lastSeq + 1,
      silentCount: state.silentCount + 1,
      devices: state.needed.count - 1,
      serverTimeMs: Math.max(now(), state.lastTimeMs),
    });
    assertOwnToGive(state, op, entry.seq);
    const sets = registrations.map(({ set }) => this.#context.arrivals.newest(set));
    const membership = membershipAfter(state, head, registrations, sets, { ...entry, ...historyOf(op) });
    const rotates = head.state.rotationEpoch !== state.group?.rotationEpoch;
    const keyGeneration = state.record.keyGeneration + (rotates ? 1 : 0);
    store.transaction(() => {
      writeOperation(store, groupStore, head, entry, membership);
      if (rotates) groupStore.saveKeyGeneration(keyGeneration);
    });
    state.lastSeq = entry.seq;
    state.silentCount = entry.silentCount;
    state.lastTimeMs = entry.serverTimeMs;
    state.applyOperation(head, membership, keyGeneration);
    this.#context.onAccepted(entry, membership.gone, rotates);
    return { epoch: op.epoch, seq: entry.seq };
  }
}

/** A stranger may come in by the invite in force, and learns of nothing else. */
function assertInvited(group: GroupState, { change }: GroupOp, nowMs: number): void {
  if (change.type !== "join") throw refusal("not_found");
  if (invited(group, change.publicKey, nowMs).needsApproval) throw refusal("forbidden");
}

/** Nobody gives along what is not theirs to read, or not said yet. */
function assertOwnToGive(state: ConversationState, op: GroupOp, seq: Sequence): void {
  const { historyFrom } = historyOf(op);
  const floor = state.members.get(encodeBase64url(op.actorAccountId) as AccountId)?.historyFloor ?? 0;
  if (historyFrom !== 0 && (historyFrom <= floor || historyFrom >= seq)) throw refusal("forbidden");
}

function historyOf({ change }: GroupOp): { readonly historyFrom: Sequence } {
  return { historyFrom: change.type === "add" ? (change.history?.fromSeq ?? 0) : 0 };
}

/** Parses an operation and makes sure that it names who sends it. Signatures are checked before it gets here. */
export function parseOwnOperation(operation: string, { account, device }: Identity): GroupOp {
  const op = parseGroupOp(decodeBase64url(operation));
  const isOwn = encodeBase64url(op.actorAccountId) === account && op.actorDeviceId === device;
  if (!isOwn) throw refusal("malformed");
  return op;
}

/** The place of an operation in the log. Its id is the first half of its hash, so that it is one entry. */
export function entryOf(
  op: GroupOp,
  head: GroupHead,
  place: Pick<StoredMessage, "seq" | "silentCount" | "devices" | "serverTimeMs">,
): StoredMessage {
  return {
    ...place,
    senderAccount: encodeBase64url(op.actorAccountId) as AccountId,
    senderDevice: op.actorDeviceId,
    clientMessageId: encodeBase64url(head.opHash.subarray(0, 16)) as ClientMessageId,
    body: encodeBase64url(op.bytes),
    content: 0,
  };
}

/** Inside the transaction. */
export function writeOperation(
  store: ConversationStore,
  groupStore: GroupStore,
  head: GroupHead,
  entry: StoredMessage,
  { arrivals, gone, roles }: Membership,
): void {
  const { epoch } = head.state;
  store.append([{ ...entry, capsules: {} }]);
  groupStore.saveHead(storedGroup(head));
  groupStore.addOperation({ epoch, seq: entry.seq, operation: entry.body });
  for (const account of gone) groupStore.dismiss({ account, epoch });
  for (const arrival of arrivals) groupStore.admit(arrival);
  for (const { account, role } of roles) groupStore.saveRole(account, role);
}

/** Who comes, goes and changes with the operation at `entry`. `state` is that before it; undefined for a new group. */
export function membershipAfter(
  state: ConversationState | undefined,
  head: GroupHead,
  registrations: readonly Registration[],
  sets: readonly DeviceSet[],
  entry: StoredMessage & { readonly historyFrom?: Sequence },
): Membership {
  const now = new Map(
    head.state.members.map((member) => [encodeBase64url(member.accountId) as AccountId, member]),
  );
  const slots = state?.newSlots(sets) ?? slotsFromZero(sets);
  const floor = entry.seq - 1;
  const arrivals = registrations.map(({ username }, index): Arrival => {
    const set = sets[index]!;
    const member: StoredMember = {
      account: set.account,
      username,
      listVersion: set.version,
      setEpoch: set.epoch,
      readSeq: floor,
      unreadBase: entry.seq - entry.silentCount,
      baseSeq: floor,
      sentSeq: 0,
      role: groupRoles[now.get(set.account)?.role ?? "member"],
      joinedEpoch: head.state.epoch,
      joinedSeq: entry.seq,
      historyFrom: entry.historyFrom ?? 0,
    };
    return { member, set, slots: slots.get(set.account) ?? new Map<number, number>(), floor };
  });
  const gone: AccountId[] = [];
  const roles: { account: AccountId; role: number }[] = [];
  for (const { account, role } of state?.members.values() ?? []) {
    const member = now.get(account);
    if (member === undefined) gone.push(account);
    else if (groupRoles[member.role] !== role) roles.push({ account, role: groupRoles[member.role] });
  }
  return { arrivals, gone, roles };
}

function slotsFromZero(sets: readonly DeviceSet[]): ReadonlyMap<AccountId, ReadonlyMap<number, number>> {
  let next = 0;
  return new Map(
    sets.map(({ account, devices }) => [account, new Map(devices.map((device) => [device, next++]))]),
  );
}

export function accountsOf(head: GroupHead): AccountId[] {
  return head.state.members.map(({ accountId }) => encodeBase64url(accountId) as AccountId);
}

/** Runs `work` on every item, a bounded number at once. Fails with the first failure. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += parallelCalls) {
    results.push(...(await Promise.all(items.slice(start, start + parallelCalls).map(work))));
  }
  return results;
}
