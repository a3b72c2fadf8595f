/** Groups once more: layouts, rules and sender chains, from decision 070 and CRYPTO 2.7. Members live in a plain map. */
import { cbor, type Field, read, readAll, unpadded } from "./layouts.ts";
import { hexOf, hkdf, hmac, isSigned, labelled, open, refuseUnless, sha256 } from "./primitives.ts";

const opHead: readonly Field[] = [
  ["version", "u8"],
  ["type", "u8"],
  ["groupId", 16],
  ["epoch", "u32"],
  ["prevHash", 32],
  ["actor", 16],
  ["device", "u32"],
  ["time", "u64"],
  ["op", "u8"],
  ["length", "u16"],
  ["payload", { of: "length" }],
  ["stateHash", 32],
  ["sig", 64],
];

interface Member {
  role: number;
  readonly joined: number;
}

/** What a group is, as text keys of a map; nothing is sorted before it is hashed. */
export interface Group {
  id: Buffer;
  epoch: number;
  members: Map<string, Member>;
  settings: Buffer;
  invite: Buffer;
  /** A removal came after the invite. */
  inviteOver: boolean;
  dissolved: boolean;
  rotation: number;
  opHash: Buffer;
}

export function newGroup(): Group {
  const empty = Buffer.alloc(0);
  return {
    id: empty,
    epoch: 0,
    members: new Map(),
    settings: empty,
    invite: empty,
    inviteOver: false,
    dissolved: false,
    rotation: 0,
    opHash: Buffer.alloc(32),
  };
}

function stateHashOf(group: Group): Buffer {
  const ids = [...group.members.keys()].sort();
  const count = Buffer.alloc(2);
  count.writeUInt16BE(ids.length);
  const rows = ids.map((id) => {
    const row = Buffer.alloc(21);
    row.write(id, "hex");
    row.writeUInt8(group.members.get(id)!.role, 16);
    row.writeUInt32BE(group.members.get(id)!.joined, 17);
    return row;
  });
  const end = Buffer.from([group.dissolved ? 1 : 0]);
  return sha256(labelled("group-state"), count, ...rows, sha256(group.settings), sha256(group.invite), end);
}

/** Checks and executes one operation; `dskOf` gives the actor's key. Changes `group` and throws `Refused` in the middle of it. */
export function execute(group: Group, operation: Buffer, dskOf: (account: string) => Buffer): void {
  const { numbers, bytes } = readAll(operation, opHead);
  refuseUnless(numbers["version"] === 1 && numbers["type"] === 0x32, "version or type");
  refuseUnless(numbers["device"] !== 0, "device zero");
  refuseUnless(numbers["epoch"] === group.epoch + 1, "epoch");
  refuseUnless(bytes["prevHash"]!.equals(group.opHash), "previous operation");
  const first = numbers["op"] === 1;
  refuseUnless(first === (group.epoch === 0), "create is first");
  refuseUnless(first || bytes["groupId"]!.equals(group.id), "group");
  refuseUnless(!group.dissolved, "dissolved");
  const signed = operation.subarray(0, -64);
  const actor = hexOf(bytes["actor"]!);
  refuseUnless(
    isSigned(dskOf(actor), Buffer.concat([labelled("group-op"), signed]), bytes["sig"]!),
    "signature",
  );
  group.epoch += 1;
  const role = group.members.get(actor)?.role ?? 0;
  if (numbers["op"] === 10) join(group, bytes["payload"]!, actor, numbers["time"]!);
  else {
    refuseUnless(first || role > 0, "actor is a member");
    change(group, numbers["op"]!, bytes["payload"]!, { actor, role });
  }
  refuseUnless(stateHashOf(group).equals(bytes["stateHash"]!), "state hash");
  if (first) {
    refuseUnless(group.members.get(actor)?.role === 3, "creator owns");
    const blank = Buffer.from(signed);
    blank.fill(0, 2, 18);
    group.id = sha256(labelled("group-id"), blank).subarray(0, 16);
    refuseUnless(bytes["groupId"]!.equals(group.id), "group id");
  }
  group.opHash = sha256(labelled("group-op-hash"), operation);
}

function change(group: Group, op: number, payload: Buffer, by: { actor: string; role: number }): void {
  const owners = (): number => [...group.members.values()].filter((member) => member.role === 3).length;
  switch (op) {
    case 1: {
      const { numbers, bytes, rest } = read(payload, [
        ["length", "u16"],
        ["settings", { of: "length" }],
      ]);
      refuseUnless(numbers["length"]! <= 2048, "settings size");
      group.settings = bytes["settings"]!;
      for (const [id, role] of accounts(rest, 17))
        group.members.set(id, { role: role!, joined: group.epoch });
      return;
    }
    case 2:
      for (const [id, role] of accounts(payload, 17)) {
        refuseUnless(by.role === 3 || (by.role === 2 && role === 1), "may add");
        refuseUnless(!group.members.has(id), "is not in");
        group.members.set(id, { role: role!, joined: group.epoch });
      }
      return refuseUnless(group.members.size <= 1024, "full");
    case 3:
      for (const [id] of accounts(payload, 16)) {
        const target = group.members.get(id)?.role ?? 0;
        refuseUnless(target > 0, "is in");
        refuseUnless(by.role === 3 || (by.role === 2 && target === 1), "may remove");
        group.members.delete(id);
      }
      group.rotation = group.epoch;
      group.inviteOver = group.invite.length > 0;
      return refuseUnless(owners() > 0, "an owner stays");
    case 4: {
      refuseUnless(payload.length === 0, "payload");
      group.members.delete(by.actor);
      group.rotation = group.epoch;
      if (group.members.size === 0) group.dissolved = true;
      else if (owners() === 0) {
        const age = ([id, { role, joined }]: [string, Member]): string =>
          `${3 - role}${String(joined).padStart(10, "0")}${id}`;
        const [heir] = [...group.members].sort((a, b) => (age(a) < age(b) ? -1 : 1));
        heir![1].role = 3;
      }
      return;
    }
    case 5: {
      const { bytes, numbers } = readAll(payload, [
        ["account", 16],
        ["role", "u8"],
      ]);
      const member = group.members.get(hexOf(bytes["account"]!));
      refuseUnless(by.role === 3 && member !== undefined && member.role !== numbers["role"], "role");
      refuseUnless(numbers["role"]! >= 1 && numbers["role"]! <= 3, "role");
      group.members.set(hexOf(bytes["account"]!), { role: numbers["role"]!, joined: member!.joined });
      return refuseUnless(owners() > 0, "an owner stays");
    }
    case 6: {
      const { bytes, numbers } = readAll(payload, [
        ["length", "u16"],
        ["settings", { of: "length" }],
      ]);
      refuseUnless(by.role >= 2 && numbers["length"]! <= 2048, "settings");
      refuseUnless(!bytes["settings"]!.equals(group.settings), "settings as before");
      group.settings = bytes["settings"]!;
      return;
    }
    case 7: {
      const { bytes, numbers, rest } = read(payload, inviteHead);
      const isNone = bytes["publicKey"]!.every((byte) => byte === 0);
      refuseUnless(by.role >= 2 && numbers["flags"]! <= 1, "invite");
      refuseUnless(rest.length === 0 || rest.length === 152, "sealed part");
      refuseUnless(
        !isNone || (rest.length === 0 && payload.every((byte) => byte === 0)),
        "invite without a key",
      );
      const invite = isNone ? Buffer.alloc(0) : payload;
      refuseUnless(!invite.equals(group.invite) || (isNone && group.inviteOver), "invite as before");
      const isOld = group.inviteOver && invite.subarray(0, 32).equals(group.invite.subarray(0, 32));
      refuseUnless(isNone || !isOld, "an ended invite");
      group.invite = invite;
      group.inviteOver = false;
      return;
    }
    case 8:
      refuseUnless(readAll(payload, [["version", "u32"]]).numbers["version"] !== 0, "list version");
      group.rotation = group.epoch;
      return;
    case 9:
      refuseUnless(by.role === 3 && payload.length === 0, "dissolve");
      group.dissolved = true;
      return;
    default:
      refuseUnless(false, "operation");
  }
}

const inviteHead: readonly Field[] = [
  ["publicKey", 32],
  ["flags", "u8"],
  ["expires", "u64"],
];

/** Decision 121: whoever proves the secret of the invite in force comes in. */
function join(group: Group, payload: Buffer, actor: string, time: number): void {
  const { bytes } = readAll(payload, [
    ["publicKey", 32],
    ["proof", 64],
  ]);
  refuseUnless(!group.members.has(actor), "is not in");
  refuseUnless(group.invite.length > 0 && !group.inviteOver, "an invite in force");
  const { numbers, bytes: invite } = read(group.invite, inviteHead);
  refuseUnless(invite["publicKey"]!.equals(bytes["publicKey"]!), "this invite");
  refuseUnless(numbers["flags"] === 0, "no approval");
  refuseUnless(numbers["expires"] === 0 || time < numbers["expires"]!, "in time");
  const account = Buffer.from(actor, "hex");
  const message = Buffer.concat([labelled("group-join"), group.id, bytes["publicKey"]!, account]);
  refuseUnless(isSigned(bytes["publicKey"]!, message, bytes["proof"]!), "proof");
  group.members.set(actor, { role: 1, joined: group.epoch });
  refuseUnless(group.members.size <= 1024, "full");
}

/** What an invite link opens, and what members open of it. */
export function openInvite(
  invite: Buffer,
  groupId: Buffer,
  from: { secret: Buffer } | { settingsKey: Buffer },
): Buffer {
  const { rest } = read(invite, inviteHead);
  const { bytes } = readAll(rest, [
    ["epoch", 4],
    ["memberNonce", 24],
    ["forMembers", 48],
    ["linkNonce", 24],
    ["forLink", 52],
  ]);
  if ("settingsKey" in from) {
    const ad = Buffer.concat([labelled("group-invite-secret"), groupId, bytes["epoch"]!]);
    return open(from.settingsKey, bytes["memberNonce"]!, bytes["forMembers"]!, ad);
  }
  const key = hkdf(Buffer.alloc(0), from.secret, labelled("group-invite-key"), 32);
  const ad = Buffer.concat([labelled("group-invite-settings"), groupId]);
  return open(key, bytes["linkNonce"]!, bytes["forLink"]!, ad);
}

/** `n u16 | n × (account 16 [| role u8])`, strictly increasing. */
function accounts(bytes: Buffer, width: number): [id: string, role?: number][] {
  const { numbers, rest } = read(bytes, [["count", "u16"]]);
  const count = numbers["count"]!;
  refuseUnless(count >= 1 && count <= 1024 && rest.length === count * width, "number of accounts");
  const rows = Array.from({ length: count }, (_, at) => rest.subarray(at * width, (at + 1) * width));
  const found = rows.map((row): [string, number?] =>
    width === 17 ? [hexOf(row.subarray(0, 16)), row[16]!] : [hexOf(row)],
  );
  refuseUnless(
    found.every(([id], at) => at === 0 || found[at - 1]![0] < id),
    "increasing",
  );
  refuseUnless(
    found.every(([, role]) => role === undefined || (role >= 1 && role <= 3)),
    "role",
  );
  return found;
}

const bodyHead: readonly Field[] = [
  ["version", "u8"],
  ["type", "u8"],
  ["suite", "u8"],
  ["groupId", 16],
  ["epoch", "u32"],
  ["keyId", 8],
  ["number", "u32"],
  ["clientMsgId", 16],
  ["commitment", 32],
  ["nonce", 24],
];

const keyMessage: readonly Field[] = [
  ["keyId", 8],
  ["groupId", 16],
  ["epoch", "u32"],
  ["stateHash", 32],
  ["number", "u32"],
  ["chainKey", 32],
  ["signingKey", 32],
  ["suite", "u8"],
  ["settingsEpoch", "u32"],
  ["settingsKey", 32],
];

export function senderKeyOf(bytes: Buffer) {
  const { bytes: parts, numbers } = readAll(bytes, keyMessage);
  refuseUnless(numbers["suite"] === 1, "suite");
  refuseUnless(numbers["epoch"]! >= 1 && numbers["settingsEpoch"]! >= 1, "epoch");
  refuseUnless(numbers["settingsEpoch"]! <= numbers["epoch"]!, "settings epoch");
  return { parts, numbers };
}

/** Opens a body with the chain of a sender key message; `derivations` more steps along it. */
export function openBody(
  body: Buffer,
  senderKey: Buffer,
  sender: { account: Buffer; device: number },
): { content: Record<string, unknown>; bodyKey: Buffer } {
  const { bytes: head, numbers, rest } = read(body, bodyHead);
  refuseUnless(
    numbers["version"] === 1 && numbers["type"] === 0x30 && numbers["suite"] === 1,
    "version, type, suite",
  );
  refuseUnless(numbers["epoch"]! >= 1, "epoch");
  const { parts: key, numbers: keyNumbers } = senderKeyOf(senderKey);
  refuseUnless(
    head["groupId"]!.equals(key["groupId"]!) && head["keyId"]!.equals(key["keyId"]!),
    "another key",
  );
  const device = Buffer.alloc(4);
  device.writeUInt32BE(sender.device);
  const bound = Buffer.concat([key["stateHash"]!, sender.account, device]);
  refuseUnless(rest.length >= 80, "truncated");
  const signature = rest.subarray(-64);
  const message = Buffer.concat([labelled("group-sig"), bound, body.subarray(0, -64)]);
  refuseUnless(isSigned(key["signingKey"]!, message, signature), "signature");
  let chainKey: Buffer = key["chainKey"]!;
  for (let at = keyNumbers["number"]!; at < numbers["number"]!; at += 1)
    chainKey = hmac(chainKey, Buffer.from([2]));
  const messageKey = hmac(chainKey, Buffer.from([1]));
  const bodyKey = hkdf(Buffer.alloc(0), messageKey, labelled("group-bk"), 32);
  const ad = Buffer.concat([labelled("group-msg"), bound, body.subarray(0, 107)]);
  const plaintext = unpadded(open(bodyKey, head["nonce"]!, rest.subarray(0, -64), ad));
  const [encoded, frankingKey] = [plaintext.subarray(0, -32), plaintext.subarray(-32)];
  const commitment = hmac(
    frankingKey,
    labelled("frank"),
    head["groupId"]!,
    head["clientMsgId"]!,
    sender.account,
    encoded,
  );
  refuseUnless(commitment.equals(head["commitment"]!), "commitment");
  const content = cbor(encoded) as Record<string, unknown>;
  refuseUnless(content["g"] === numbers["epoch"], "epoch of the content");
  return { content, bodyKey };
}

export function openSettings(sealed: Buffer, key: Buffer, keyEpoch: number): Record<string, unknown> {
  const { numbers, bytes, rest } = read(sealed, [
    ["version", "u8"],
    ["epoch", "u32"],
    ["nonce", 24],
  ]);
  refuseUnless(numbers["version"] === 1 && numbers["epoch"] === keyEpoch, "version or key");
  const ad = Buffer.concat([labelled("group-settings"), sealed.subarray(0, 5)]);
  return cbor(unpadded(open(key, bytes["nonce"]!, rest, ad))) as Record<string, unknown>;
}
