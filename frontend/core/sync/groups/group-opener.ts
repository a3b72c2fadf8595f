/** Entries of a group's log, opened in its order: operations, sender keys handed out, messages (CRYPTO 2.7). */
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { type Bytes, sameBytes } from "#schema/envelope/bytes.ts";
import { EnvelopeError } from "#schema/envelope/envelope-error.ts";
import { groupBodyType, groupKeyEntryType, parseGroupBody } from "#schema/envelope/group-body.ts";
import { groupOpType, parseGroupOp } from "#schema/envelope/group-op.ts";
import { GroupRefusal } from "#schema/envelope/group-rules.ts";
import { SottoError } from "#schema/errors.ts";
import { deviceAddressKey } from "#schema/ids.ts";
import type { MessageRecord } from "#schema/protocol/message.ts";
import type { CapsulePayload } from "../../crypto/capsule.ts";
import { type CryptoErrorCode, isCryptoError, parsing } from "../../crypto/errors.ts";
import { openGroupBody } from "../../crypto/group/group-body.ts";
import type { SenderKeys } from "../../crypto/group/sender-key.ts";
import {
  groupOperationKey,
  groupOperationTable,
  type GroupRecord,
  groupTable,
  senderKeyKey,
  senderKeyTable,
} from "../../store/group-tables.ts";
import type { Transaction } from "../../store/records.ts";
import { openCapsule } from "../capsules.ts";
import { claimsOf, type ListClaim } from "../list-claims.ts";
import {
  type Directories,
  openedKey,
  type Outcome,
  outcomeOfFault,
  storedContent,
  wasActive,
} from "../outcome.ts";
import { isSelf, type Self } from "../self.ts";
import { accountOf } from "./group-changes.ts";
import {
  contradicted,
  epochOf,
  extendGroup,
  reconciled,
  serverContradicts,
  signersOf,
} from "./group-chain.ts";
import { takeSenderKey } from "./handed-over.ts";
import { openedSettings } from "./settings-keys.ts";

/** Operations before this one are missing here: they are fetched, then the entry is opened again. */
export class ChainBehindError extends Error {
  override readonly name = "ChainBehindError";
}

export interface GroupPlace {
  readonly transaction: Transaction;
  readonly self: Self;
  readonly directories: Directories;
  /** Collects device lists that somebody vouches for and that are not pinned. */
  readonly claims: ListClaim[];
  /** Operations were fetched just now: what is still missing is withheld. */
  readonly isFinal: boolean;
}

const nothing: Outcome = { content: { type: "nothing" } };
/** Of someone who was out already. */
const unheard: ReadonlySet<CryptoErrorCode> = new Set(["STALE_EPOCH", "NOT_MEMBER"]);
/** The sender's key opens it, or did: a chain that went back or leapt ahead is no reason to lose a message. */
const askable: ReadonlySet<CryptoErrorCode> = new Set(["TOO_FAR", "DUPLICATE"]);
/** Somebody new is in who lacks the actor's sender key, or there are settings under a key of the actor's. */
const givingChanges: ReadonlySet<string> = new Set(["create", "add", "join", "settings"]);
const broken: Outcome = { content: { type: "unreadable", reason: "broken" } };

/** Stages everything that follows from one entry. Throws `ChainBehindError`, `SottoError`; then nothing may be committed. */
export async function openGroupEntry(place: GroupPlace, message: MessageRecord): Promise<Outcome> {
  const { transaction, self } = place;
  const group = await transaction.get(groupTable, message.conversationId);
  if (group === undefined) throw new SottoError("unavailable", "The group's operations are not here yet.");
  const body = tryDecode(message.body);
  const type = body?.[1];
  if (body === undefined) return broken;
  if (type === groupOpType) return openOperation(place, message, group, body);
  const isOwn = isSelf(self, message.sender);
  if (type === groupKeyEntryType) {
    if (!isOwn) await takeCapsule(place, message, group);
    return nothing;
  }
  return type === groupBodyType && !isOwn ? openMessage(place, message, group, body) : broken;
}

async function openOperation(
  { transaction, self, directories, claims, isFinal }: GroupPlace,
  message: MessageRecord,
  group: GroupRecord,
  bytes: Bytes,
): Promise<Outcome> {
  const { conversationId, sender, seq, body, serverTimeMs } = message;
  const refuse = (): Outcome => {
    transaction.put(groupTable, conversationId, contradicted(group, serverContradicts));
    return nothing;
  };
  const op = tryParseOp(bytes);
  const isOwn = op?.actorDeviceId === sender.device && accountOf(op.actorAccountId) === sender.account;
  if (op === undefined || !isOwn) return refuse();
  if (op.epoch <= group.logEpoch) return nothing; // repeated: it had its place before
  const { change } = op;
  const pinned = directories.get(sender.account)?.pin.version;
  if (change.type === "deviceEpoch" && pinned !== undefined && change.listVersion > pinned) {
    claims.push({ account: sender.account, version: change.listVersion });
  }
  if (op.epoch > epochOf(group)) {
    const directory = directories.get(sender.account);
    const entry = directory?.known.get(sender.device);
    const isActive =
      directory !== undefined && entry !== undefined && wasActive(directory, entry, serverTimeMs);
    if (!isSelf(self, sender) && !isActive) return refuse();
    try {
      const signers = signersOf(self, directories);
      const after = await extendGroup(
        transaction,
        self,
        conversationId,
        group,
        [{ operation: body, seq }],
        signers,
      );
      transaction.put(groupTable, conversationId, { ...after, logEpoch: op.epoch });
    } catch (error) {
      if (error instanceof GroupRefusal && error.code === "STALE_EPOCH" && !isFinal)
        throw new ChainBehindError();
      if (isCryptoError(error) || error instanceof GroupRefusal) return refuse();
      throw error;
    }
  } else {
    const known = await transaction.get(groupOperationTable, groupOperationKey(conversationId, op.epoch));
    if (known?.operation !== body) return refuse();
    transaction.put(groupTable, conversationId, { ...group, logEpoch: op.epoch });
  }
  const stored = await transaction.get(groupOperationTable, groupOperationKey(conversationId, op.epoch));
  if (stored?.change === undefined) return nothing;
  const known = (await transaction.get(groupTable, conversationId)) ?? group;
  const content = { type: "group_change", change: stored.change } as const;
  const isHandingOut = isSelf(self, sender) && givingChanges.has(change.type);
  return { content, ...openedSettings(self, known, op), ...(isHandingOut && { handsOut: true }) };
}

async function openMessage(
  place: GroupPlace,
  message: MessageRecord,
  before: GroupRecord,
  body: Bytes,
): Promise<Outcome> {
  const { transaction, self } = place;
  const { conversationId, sender } = message;
  if (message.capsule === undefined && message.serverTimeMs < self.joinedAtMs) {
    return { content: { type: "unreadable", reason: "before_this_device" } };
  }
  const fault = await takeCapsule(place, message, before);
  const group = (await transaction.get(groupTable, conversationId)) ?? before;
  const directory = place.directories.get(sender.account);
  const entry = directory?.known.get(sender.device);
  const isKnown = directory !== undefined && entry !== undefined;
  if (isKnown && !wasActive(directory, entry, message.serverTimeMs)) return broken;
  const key = senderKeyKey(conversationId, sender);
  const address = deviceAddressKey(sender.account, sender.device);
  const known = await transaction.get(senderKeyTable, key);
  const from = {
    sender: { accountId: decodeBase64url(sender.account), deviceId: sender.device },
    logEpoch: group.logEpoch,
    nowMs: self.nowMs(),
  };
  try {
    const opened = openGroupBody(self.provider, group.history, from, known, body);
    transaction.put(senderKeyTable, key, opened.keys);
    const after = reconciled(group, address);
    if (after !== group) transaction.put(groupTable, conversationId, after);
    const content = storedContent(opened.content);
    const { sentAtMs, groupEpoch } = opened.content;
    const bodyHash = self.provider.sha256(body);
    const payload = { bodyKey: opened.bodyKey, bodyHash, sentAtMs, expireAfterSeconds: 0 };
    return { content, ...openedKey(content, payload, groupEpoch) };
  } catch (error) {
    if (!isCryptoError(error)) throw error;
    if (error.code === "NO_SENDER_KEY") return fault ?? waiting(message, "NO_SENDER_KEY");
    if (askable.has(error.code)) return waiting(message, "UNDECRYPTABLE");
    if (unheard.has(error.code)) return nothing;
    // The signature covers the state. Where the key came under the same one, it is the message that is wrong.
    const isOtherState =
      error.code === "EPOCH_AHEAD" || (error.code === "BAD_SIGNATURE" && !isUnderSameState(known, body));
    if (isOtherState) transaction.put(groupTable, conversationId, contradicted(group, address));
    return broken;
  }
}

function isUnderSameState(known: SenderKeys | undefined, body: Bytes): boolean {
  const { senderKeyId, epoch } = parseGroupBody(body);
  return known?.keys.some((key) => sameBytes(key.id, senderKeyId) && key.epoch === epoch) === true;
}

function waiting({ body }: MessageRecord, ask: "NO_SENDER_KEY" | "UNDECRYPTABLE"): Outcome {
  return { content: { type: "unreadable", reason: "waiting", body }, ask };
}

/** Takes the sender key out of an entry's capsule. Returns what follows when the capsule does not open. */
async function takeCapsule(
  place: GroupPlace,
  { conversationId, sender, capsule, body }: MessageRecord,
  group: GroupRecord,
): Promise<Outcome | undefined> {
  const { transaction, self, directories, claims } = place;
  if (capsule === undefined) return undefined;
  const directory = directories.get(sender.account);
  const entry = directory?.known.get(sender.device);
  if (directory === undefined || entry === undefined) return outcomeOfUnknown(body);
  let payload: CapsulePayload;
  try {
    const envelope = parsing(() => decodeBase64url(capsule));
    const opened = await openCapsule(transaction, self, entry.device, envelope);
    claims.push(...claimsOf(opened.gossip, directory, directories.get(self.account)));
    ({ payload } = opened);
  } catch (error) {
    const outcome = outcomeOfFault(error, body);
    return outcome.ask === undefined ? undefined : outcome;
  }
  if (payload.kind === "senderKey") {
    const isAhead = payload.senderKey.epoch > epochOf(group);
    if (isAhead && !place.isFinal) throw new ChainBehindError();
    await takeSenderKey({ transaction, self }, sender, conversationId, payload.senderKey);
  }
  return undefined;
}

function outcomeOfUnknown(body: string): Outcome {
  return { content: { type: "unreadable", reason: "waiting", body }, ask: "UNDECRYPTABLE" };
}

function tryDecode(text: string): Bytes | undefined {
  try {
    return decodeBase64url(text);
  } catch (error) {
    if (error instanceof EnvelopeError) return undefined;
    throw error;
  }
}

function tryParseOp(bytes: Uint8Array) {
  try {
    return parseGroupOp(bytes);
  } catch (error) {
    if (error instanceof EnvelopeError) return undefined;
    throw error;
  }
}
