/** Groups, frozen: see `frozen-cases.ts` for the rules. */
import { type GroupChange } from "#schema/envelope/group-change.ts";
import { encodeGroupKeyEntry } from "#schema/envelope/group-body.ts";
import { type GroupOp, parseGroupOp } from "#schema/envelope/group-op.ts";
import { encodeCapsule } from "#core/crypto/capsule.ts";
import { openGroupSettings, sealGroupSettings, settingsKeyFor } from "#core/crypto/group/group-settings.ts";
import { encodeSenderKeyMessage } from "#core/crypto/group/sender-key-message.ts";
import { accountOf, grantsOf, GroupRig } from "#test/support/crypto/group-members.ts";
import { startMs } from "#test/support/crypto/peers.ts";
import { deterministicProviderForTesting } from "#test/support/crypto/seeded-random.ts";
import { toHex } from "./wycheproof-files.ts";

const fill = (length: number, value: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(value);

export function groups(): object {
  const provider = deterministicProviderForTesting("groups");
  const rig = new GroupRig(provider, "ao bm cm");
  rig.join("d");
  const settingsKey = settingsKeyFor(provider, undefined, rig.historyOf("a").head.state);
  const settings = { name: "Book club", description: "Thursdays" };
  const sealedSettings = sealGroupSettings(provider, settingsKey, settings);
  const terms = { needsApproval: true, expiresAtMs: startMs + 1 };
  const invite = { publicKey: fill(32, 0x1e), ...terms, sealed: fill(0, 0) };
  const steps: (readonly [actor: string, change: GroupChange])[] = [
    ["a", { type: "settings", settings: sealedSettings }],
    ["a", { type: "add", members: grantsOf("dm") }],
    ["a", { type: "role", accountId: accountOf("b"), role: "admin" }],
    ["b", { type: "invite", invite }],
    ["d", { type: "deviceEpoch", listVersion: 2 }],
    ["b", { type: "remove", accountIds: [accountOf("c")] }],
    ["b", { type: "invite" }],
  ];
  for (const [actor, change] of steps) rig.change(actor, change);
  const sent = ["", "hi", "x".repeat(400)].map((text) => rig.send("b", text));
  const stateHashes = rig.historyOf("a").marks.map((mark) => toHex(mark.stateHash));
  rig.change("a", { type: "leave" });
  rig.change("b", { type: "dissolve" });
  const operations = rig.operations.map(parseGroupOp);
  const none = { version: 1, hash8: fill(8, 1) };
  const gossip = { mine: none, yours: none, log: { size: 0, root8: fill(8, 0) } };
  return {
    devices: [...rig.members].map(([letter, { own, address }]) => ({
      accountId: toHex(address.accountId),
      deviceId: address.deviceId,
      name: letter,
      dsk: toHex(own.cert.dsk),
      dskSeed: toHex(own.keys.dsk.secret),
    })),
    operations: operations.map(described),
    finalState: {
      members: rig.historyOf("b").head.state.members.map(({ accountId, role, joinedEpoch }) => ({
        accountId: toHex(accountId),
        role,
        joinedEpoch,
      })),
      rotationEpoch: rig.historyOf("b").head.state.rotationEpoch,
      opHash: toHex(rig.historyOf("b").head.opHash),
    },
    settings: {
      key: toHex(settingsKey.key),
      keyEpoch: settingsKey.epoch,
      sealed: toHex(sealedSettings),
      ...openGroupSettings(provider, settingsKey, sealedSettings),
    },
    senderKeys: sent.map(({ senderKey }) => ({
      message: toHex(encodeSenderKeyMessage(senderKey)),
      capsule: toHex(encodeCapsule({ gossip, payload: { kind: "senderKey", senderKey } })),
    })),
    bodies: sent.map(({ body, bodyKey, bodyHash, clientMsgId }, index) => ({
      sender: { accountId: toHex(accountOf("b")), deviceId: 1 },
      stateHash: stateHashes[7],
      number: index,
      clientMsgId: toHex(clientMsgId),
      sentAtMs: startMs,
      text: ["", "hi", "x".repeat(400)][index],
      body: toHex(body),
      bodyKey: toHex(bodyKey),
      bodyHash: toHex(bodyHash),
    })),
    keyEntry: toHex(
      encodeGroupKeyEntry({
        groupId: rig.groupId,
        clientMsgId: fill(16, 9),
        senderKeyId: sent[0]!.senderKey.senderKeyId,
      }),
    ),
  };
}

function described(op: GroupOp): object {
  return {
    type: op.change.type,
    epoch: op.epoch,
    stateHash: toHex(op.stateHash),
    operation: toHex(op.bytes),
  };
}
