import { type GroupChange, type GroupGrant, type GroupRole } from "#schema/envelope/group-change.ts";
import { type GroupOp } from "#schema/envelope/group-op.ts";
import {
  certifyDevice,
  createAccountKey,
  createDeviceKeys,
  type DeviceAddress,
  type OwnDevice,
} from "#core/crypto/device-identity.ts";
import { openGroupBody, type OpenedGroupBody, sealGroupBody } from "#core/crypto/group/group-body.ts";
import {
  createGroupOp,
  extendGroupHistory,
  type GroupHistory,
  type GroupSigner,
  stateAt,
} from "#core/crypto/group/group-history.ts";
import {
  acceptSenderKey,
  createSenderKey,
  type OwnSenderKey,
  type SenderKeys,
  senderKeyMessageOf,
} from "#core/crypto/group/sender-key.ts";
import { type SenderKeyMessage } from "#core/crypto/group/sender-key-message.ts";
import { type Provider } from "#core/crypto/provider.ts";
import { startMs } from "./peers.ts";

/** One device of one account in groups under test, and what its store would hold. */
export interface Member {
  readonly own: OwnDevice;
  readonly address: DeviceAddress;
  history: GroupHistory | undefined;
  key: OwnSenderKey | undefined;
  /** By the letter of the sender. */
  readonly senderKeys: Map<string, SenderKeys>;
  nowMs: number;
}

export interface SentBody {
  readonly from: string;
  readonly body: Uint8Array;
  readonly clientMsgId: Uint8Array;
  readonly bodyKey: Uint8Array;
  readonly bodyHash: Uint8Array;
  /** For those who do not hold the key yet. */
  readonly senderKey: SenderKeyMessage;
}

const roles = { o: "owner", a: "admin", m: "member" } as const satisfies Record<string, GroupRole>;

/** The account of a letter: "a" is sixteen 0x61. */
export function accountOf(letter: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(16).fill(letter.charCodeAt(0));
}

/** "ao bm": account a as owner, b as member. */
export function grantsOf(text: string): GroupGrant[] {
  return text.split(" ").map((each) => {
    const role = roles[each[1] as keyof typeof roles];
    return { accountId: accountOf(each[0]!), role };
  });
}

/** A group of accounts named by letters, one device each. */
export class GroupRig {
  readonly provider: Provider;
  readonly operations: Uint8Array[] = [];
  readonly members = new Map<string, Member>();
  #messages = 0;

  /** `grants` as "ao bm cm"; the first one creates the group. */
  constructor(provider: Provider, grants: string) {
    this.provider = provider;
    const members = grantsOf(grants);
    for (const { accountId } of members) this.join(String.fromCharCode(accountId[0]!));
    this.change(grants[0]!, { type: "create", settings: new Uint8Array(1), members });
  }

  /** Makes the device of an account, which knows nothing yet. */
  join(letter: string): Member {
    const aik = createAccountKey(this.provider);
    const keys = createDeviceKeys(this.provider);
    const address = { accountId: accountOf(letter), deviceId: 1 };
    const cert = certifyDevice(this.provider, aik, keys, { ...address, createdAtMs: startMs });
    const own = { keys, cert };
    const member = {
      own,
      address,
      history: undefined,
      key: undefined,
      senderKeys: new Map(),
      nowMs: startMs,
    };
    this.members.set(letter, member);
    return member;
  }

  of(letter: string): Member {
    const member = this.members.get(letter);
    if (member === undefined) throw new Error("no such member");
    return member;
  }

  historyOf(letter: string): GroupHistory {
    const { history } = this.of(letter);
    if (history === undefined) throw new Error("knows no operations");
    return history;
  }

  readonly signerOf: GroupSigner = (op) =>
    this.members.get(String.fromCharCode(op.actorAccountId[0]!))?.own.cert.dsk;

  /** Makes an operation without telling anybody. */
  propose(letter: string, change: GroupChange): GroupOp {
    const { own, history, nowMs } = this.of(letter);
    return createGroupOp(this.provider, own, history, change, nowMs);
  }

  /** Makes an operation and lets the server accept it; those in `seenBy` (all by default) learn of it. */
  change(letter: string, change: GroupChange, seenBy = [...this.members.keys()]): GroupOp {
    this.learn(letter);
    const op = this.propose(letter, change);
    this.operations.push(op.bytes);
    for (const each of seenBy) this.learn(each);
    return op;
  }

  /** Fetches the operations that this device lacks. */
  learn(letter: string): void {
    const member = this.of(letter);
    const missing = this.operations.slice(member.history?.head.state.epoch ?? 0);
    if (missing.length === 0) return;
    member.history = extendGroupHistory(this.provider, member.history, missing, this.signerOf);
  }

  get groupId(): Uint8Array {
    return this.members.values().next().value?.history?.head.state.groupId ?? new Uint8Array(16);
  }

  /** Seals a message under the state that the sender knows; makes a sender key when there is none. */
  send(letter: string, text: string): SentBody {
    const member = this.of(letter);
    const { head } = this.historyOf(letter);
    const { groupId, epoch } = head.state;
    const group = { groupId, epoch, stateHash: stateAt(this.historyOf(letter), epoch).stateHash };
    const key = member.key ?? createSenderKey(this.provider, group, member.nowMs);
    this.#messages += 1;
    const clientMsgId = new Uint8Array(16).fill(this.#messages);
    const sealed = sealGroupBody(this.provider, key, group, {
      conversationId: groupId,
      clientMsgId,
      senderAccountId: member.address.accountId,
      senderDeviceId: member.address.deviceId,
      sentAtMs: member.nowMs,
      payload: { type: "text", text },
    });
    member.key = sealed.key;
    const settings = { epoch: 1, key: new Uint8Array(32).fill(0x5e) };
    const senderKey = senderKeyMessageOf(key, group, settings);
    return { ...sealed, from: letter, clientMsgId, senderKey };
  }

  /** Takes in the sender key of a message from `from`'s capsule. */
  accept(letter: string, from: string, message: SenderKeyMessage): void {
    const member = this.of(letter);
    const known = member.senderKeys.get(from);
    const sender = this.of(from).address;
    const keys = acceptSenderKey(this.provider, this.historyOf(letter), sender, known, message);
    member.senderKeys.set(from, keys);
  }

  /** Opens a body that the log attributes to `from`, behind operation `logEpoch` (the newest one by default), and stores the keys. */
  open(letter: string, body: Uint8Array, from: string, logEpoch?: number): OpenedGroupBody {
    const member = this.of(letter);
    const history = this.historyOf(letter);
    const place = {
      sender: this.of(from).address,
      logEpoch: logEpoch ?? history.head.state.epoch,
      nowMs: member.nowMs,
    };
    const opened = openGroupBody(this.provider, history, place, member.senderKeys.get(from), body);
    member.senderKeys.set(from, opened.keys);
    return opened;
  }

  /** Hands over the key and opens; the text. */
  receive(letter: string, sent: SentBody): string {
    this.accept(letter, sent.from, sent.senderKey);
    return textOf(this.open(letter, sent.body, sent.from));
  }
}

export function textOf(opened: Pick<OpenedGroupBody, "content">): string {
  const { payload } = opened.content;
  return payload.type === "text" ? payload.text : "";
}
