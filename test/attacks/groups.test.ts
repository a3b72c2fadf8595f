import { describe, expect, test } from "vitest";
import { concat } from "#schema/envelope/bytes.ts";
import { encodeGroupOp, encodeGroupOpTbs, groupOpMessage, parseGroupOp } from "#schema/envelope/group-op.ts";
import { encodeGroupHistory, encodeSenderKeys } from "#core/crypto/group/group-codec.ts";
import { openGroupBodyWithKey } from "#core/crypto/group/group-body.ts";
import { extendGroupHistory, stateAt } from "#core/crypto/group/group-history.ts";
import { createSenderKey, rotationReason } from "#core/crypto/group/sender-key.ts";
import { type CryptoErrorCode } from "#core/crypto/errors.ts";
import { code, flip } from "#test/support/crypto/expect-refused.ts";
import { accountOf, grantsOf, GroupRig, textOf } from "#test/support/crypto/group-members.ts";
import { deterministicProviderForTesting } from "#test/support/crypto/seeded-random.ts";

const rigOf = (grants: string): GroupRig => new GroupRig(deterministicProviderForTesting(grants), grants);
const remove = (letter: string) => ({ type: "remove" as const, accountIds: [accountOf(letter)] });
const add = (text: string) => ({ type: "add" as const, members: grantsOf(text) });
const refusal = (name: string): unknown => expect.objectContaining({ name: "GroupRefusal", code: name });

/** Everything one device stores about the group, as one comparable value. */
function stored(rig: GroupRig, letter: string): string[] {
  const { history, senderKeys } = rig.of(letter);
  return [
    history === undefined ? "" : String(encodeGroupHistory(history)),
    ...[...senderKeys].map(([from, keys]) => `${from} ${String(encodeSenderKeys(keys))}`),
  ];
}

function expectRefused(rig: GroupRig, letter: string, act: () => void, ...codes: CryptoErrorCode[]): void {
  const before = stored(rig, letter);
  expect(act).toThrow(expect.objectContaining({ name: "CryptoError", code: expect.toBeOneOf(codes) }));
  expect(stored(rig, letter)).toEqual(before);
}

describe("after a removal", () => {
  test("[ATTACK 49] a removed member cannot open what is sent after it, under any key it ever held", () => {
    const rig = rigOf("ao bm cm");
    const before = rig.send("a", "while c is here");
    expect([rig.receive("b", before), rig.receive("c", before)]).toEqual([
      "while c is here",
      "while c is here",
    ]);
    rig.change("a", remove("c"), ["a", "b"]);
    const { rotationEpoch } = rig.historyOf("a").head.state;
    const now = { rotationEpoch, heldByRevoked: false, nowMs: rig.of("a").nowMs };
    expect(rotationReason(rig.of("a").key!, now)).toBe("removal");
    rig.of("a").key = undefined;
    const after = rig.send("a", "without c");
    expect(rig.receive("b", after)).toBe("without c");
    expectRefused(rig, "c", () => rig.open("c", after.body, "a", 1), "EPOCH_AHEAD");
    rig.learn("c");
    expectRefused(rig, "c", () => rig.open("c", after.body, "a"), "NO_SENDER_KEY");
  });

  test("[ATTACK 49] STALE_EPOCH: a sender that goes on with a key from before the removal is not shown", () => {
    const rig = rigOf("ao ba cm");
    const first = rig.send("a", "one");
    expect(rig.receive("b", first)).toBe("one");
    rig.change("b", remove("c"), ["a", "b"]);
    const lazy = rig.send("a", "c can still read this");
    rig.accept("b", "a", lazy.senderKey);
    expectRefused(rig, "b", () => rig.open("b", lazy.body, "a"), "STALE_EPOCH");
  });

  test("[ATTACK 49] a removed member's own messages are dropped, wherever the server puts them", () => {
    const rig = rigOf("ao bm cm");
    expect(rig.receive("b", rig.send("c", "still here"))).toBe("still here");
    rig.change("a", remove("c"), ["a", "b"]);
    const late = rig.send("c", "gone, but says epoch 1");
    expectRefused(rig, "b", () => rig.open("b", late.body, "c"), "STALE_EPOCH");
  });

  test("[ATTACK 50] a message in flight: before the removal in the log it opens, behind it it is stale and is sent again", () => {
    const rig = rigOf("ao ba cm");
    expect(rig.receive("b", rig.send("a", "first"))).toBe("first");
    const inFlight = rig.send("a", "in flight");
    rig.change("b", remove("c"), ["b"]);
    expectRefused(rig, "b", () => rig.open("b", inFlight.body, "a"), "STALE_EPOCH");
    expect(textOf(rig.open("b", inFlight.body, "a", 1))).toBe("in flight");
    rig.learn("a");
    rig.of("a").key = undefined;
    const again = rig.send("a", "in flight, again");
    expect(rig.receive("b", again)).toBe("in flight, again");
    expectRefused(rig, "c", () => rig.open("c", again.body, "a", 1), "EPOCH_AHEAD", "NO_SENDER_KEY");
  });
});

describe("what the server does", () => {
  test("[ATTACK 51] BAD_SIGNATURE: a ghost member added without a member's signature, or with another device's", () => {
    const rig = rigOf("ao bm");
    const ghost = rig.join("g");
    const op = rig.propose("a", add("gm"));
    const forged = [
      encodeGroupOp(op.tbs, new Uint8Array(64)),
      encodeGroupOp(op.tbs, rig.provider.sign(ghost.own.keys.dsk.secret, groupOpMessage(op.tbs))),
      flip(op.bytes, op.bytes.length - 70),
      flip(op.bytes, op.bytes.length - 1),
    ];
    for (const bytes of forged) {
      const extend = (): unknown =>
        extendGroupHistory(rig.provider, rig.historyOf("b"), [bytes], rig.signerOf);
      expectRefused(rig, "b", () => void extend(), "BAD_SIGNATURE");
    }
    const revoked = (): unknown =>
      extendGroupHistory(rig.provider, rig.historyOf("b"), [op.bytes], () => undefined);
    expect(revoked).toThrow(code("BAD_SIGNATURE"));
  });

  test("[ATTACK 51] NOT_MEMBER: a ghost in the fan-out hands out no key and says nothing", () => {
    const rig = rigOf("ao bm");
    const ghost = rig.join("g");
    rig.learn("g");
    const sent = rig.send("g", "boo");
    expectRefused(rig, "b", () => rig.accept("b", "g", sent.senderKey), "NOT_MEMBER");
    expectRefused(rig, "b", () => rig.open("b", sent.body, "g"), "NOT_MEMBER");
    expect(ghost.key).toBeDefined();
  });

  test("[ATTACK 52] withheld, reordered and rolled-back operations do not join on, and nothing is changed", () => {
    const rig = rigOf("ao bm");
    rig.join("c");
    rig.change("a", add("cm"), ["a"]);
    rig.change("a", { type: "role", accountId: accountOf("c"), role: "admin" }, ["a"]);
    const [create, second, third] = rig.operations as [Uint8Array, Uint8Array, Uint8Array];
    const extend = (...operations: Uint8Array[]) =>
      extendGroupHistory(rig.provider, rig.historyOf("b"), operations, rig.signerOf);
    const before = stored(rig, "b");
    expect(() => extend(third)).toThrow(refusal("STALE_EPOCH"));
    expect(() => extend(second, second)).toThrow(refusal("STALE_EPOCH"));
    expect(() => extend(create)).toThrow(refusal("STALE_EPOCH"));
    const other = rigOf("ao bm zm");
    expect(() => extend(...other.operations)).toThrow(code("BAD_SIGNATURE"));
    expect(stored(rig, "b")).toEqual(before);
    expect(extend(second, third).head).toEqual(rig.historyOf("a").head);
  });

  test("[ATTACK 52] a fork: members who were shown another operation are told apart by their keys and bodies", () => {
    const rig = rigOf("ao bm cm");
    const shown = rig.propose("a", { type: "settings", settings: Uint8Array.of(1) });
    const hidden = rig.propose("a", { type: "settings", settings: Uint8Array.of(2) });
    for (const [letter, op] of [
      ["a", shown],
      ["b", shown],
      ["c", hidden],
    ] as const) {
      const member = rig.of(letter);
      member.history = extendGroupHistory(rig.provider, member.history, [op.bytes], rig.signerOf);
    }
    const sent = rig.send("c", "from the other side");
    expectRefused(rig, "b", () => rig.accept("b", "c", sent.senderKey), "BAD_BINDING");
    const { stateHash } = stateAt(rig.historyOf("b"), 2);
    rig.accept("b", "c", { ...sent.senderKey, stateHash });
    expectRefused(rig, "b", () => rig.open("b", sent.body, "c"), "BAD_SIGNATURE");
  });

  test("[ATTACK 52] STATE_MISMATCH: a member claims another result than the rules give", () => {
    const rig = rigOf("ao bm");
    const honest = rig.propose("a", { type: "role", accountId: accountOf("b"), role: "admin" });
    const tbs = encodeGroupOpTbs({ ...honest, stateHash: new Uint8Array(32).fill(1) });
    const sig = rig.provider.sign(rig.of("a").own.keys.dsk.secret, groupOpMessage(tbs));
    const extend = (): unknown =>
      extendGroupHistory(rig.provider, rig.historyOf("b"), [encodeGroupOp(tbs, sig)], rig.signerOf);
    expect(extend).toThrow(refusal("STATE_MISMATCH"));
  });

  test("[ATTACK 52] EPOCH_AHEAD: who lacks operations is told to fetch them; an older state is marked", () => {
    const rig = rigOf("ao bm");
    rig.join("c");
    expect(rig.receive("b", rig.send("a", "one"))).toBe("one");
    rig.change("a", add("cm"), ["a"]);
    const newer = rig.send("a", "two");
    expectRefused(rig, "b", () => rig.open("b", newer.body, "a", 2), "EPOCH_AHEAD");
    expectRefused(rig, "b", () => rig.accept("b", "a", newer.senderKey), "EPOCH_AHEAD");
    expectRefused(rig, "b", () => rig.open("b", newer.body, "a"), "EPOCH_AHEAD");
    const older = rig.send("b", "three, without knowing of c");
    rig.learn("b");
    rig.accept("a", "b", older.senderKey);
    expect(rig.open("a", older.body, "b")).toMatchObject({ isOlderState: true });
    expect(rig.open("b", newer.body, "a")).toMatchObject({ isOlderState: false });
  });
});

describe("sender keys", () => {
  test("[ATTACK 54] a member's body replayed as another's, or with another key id, number or epoch", () => {
    const rig = rigOf("ao bm cm");
    const [fromB, fromC] = [rig.send("b", "b says"), rig.send("c", "c says")];
    for (const sent of [fromB, fromC]) rig.accept("a", sent.from, sent.senderKey);
    expectRefused(rig, "a", () => rig.open("a", fromB.body, "c"), "NO_SENDER_KEY");
    const { senderKey } = fromB;
    rig.accept("a", "c", { ...senderKey, number: 0 });
    expectRefused(rig, "a", () => rig.open("a", fromB.body, "c"), "BAD_SIGNATURE");
    for (let at = 0; at < 107; at += 1) {
      expectRefused(
        rig,
        "a",
        () => rig.open("a", flip(fromB.body, at), "b"),
        "BAD_SIGNATURE",
        "BAD_BINDING",
        "NO_SENDER_KEY",
        "EPOCH_AHEAD",
        "STALE_EPOCH",
        "MALFORMED",
        "UNSUPPORTED_VERSION",
      );
    }
    expect(textOf(rig.open("a", fromB.body, "b"))).toBe("b says");
    expectRefused(rig, "a", () => rig.open("a", fromB.body, "b"), "DUPLICATE");
  });

  test("[ATTACK 54] BAD_BINDING: the same key id for another key, a key for another group", () => {
    const rig = rigOf("ao bm");
    const sent = rig.send("b", "hello");
    rig.accept("a", "b", sent.senderKey);
    const other = rigOf("ao bm dm").send("b", "elsewhere").senderKey;
    const fill = new Uint8Array(32).fill(9);
    for (const changed of [
      { ...sent.senderKey, chainKey: fill },
      { ...sent.senderKey, signingKey: fill },
      { ...sent.senderKey, number: 1 },
      { ...sent.senderKey, number: 3, chainKey: fill },
      other,
      { ...other, senderKeyId: sent.senderKey.senderKeyId },
    ]) {
      expectRefused(rig, "a", () => rig.accept("a", "b", changed), "BAD_BINDING");
    }
    expectRefused(rig, "a", () => rig.accept("a", "b", { ...sent.senderKey, number: 2001 }), "TOO_FAR");
    expect(textOf(rig.open("a", sent.body, "b"))).toBe("hello");
  });

  test("[ATTACK 55] a good signature over a bad seal, and a good seal under a bad signature", () => {
    const rig = rigOf("ao bm cm");
    const sent = rig.send("b", "hello");
    rig.accept("a", "b", sent.senderKey);
    const key = rig.of("b").key!;
    const head = sent.body.subarray(0, 107);
    const forged = concat(head, new Uint8Array(272));
    const { stateHash } = stateAt(rig.historyOf("a"), 1);
    const prefix = concat(
      new TextEncoder().encode("sotto/v1/group-sig\0"),
      stateHash,
      accountOf("b"),
      Uint8Array.of(0, 0, 0, 1),
    );
    const sig = rig.provider.sign(key.signing.secret, concat(prefix, forged));
    expectRefused(rig, "a", () => rig.open("a", concat(forged, sig), "b"), "BAD_TAG");
    for (let at = sent.body.length - 64; at < sent.body.length; at += 1) {
      expectRefused(rig, "a", () => rig.open("a", flip(sent.body, at), "b"), "BAD_SIGNATURE");
    }
    const cut = concat(sent.body.subarray(0, -64), sig);
    expectRefused(rig, "a", () => rig.open("a", cut, "b"), "BAD_SIGNATURE");
    expect(textOf(rig.open("a", sent.body, "b"))).toBe("hello");
  });

  test("[ATTACK 56] who joins opens nothing from before its key, and no later key brings the chain back", () => {
    const rig = rigOf("ao bm");
    const old = [rig.send("a", "zero"), rig.send("a", "one")];
    for (const sent of old) expect(rig.receive("b", sent)).toBeTruthy();
    rig.join("c");
    rig.change("a", add("cm"));
    const next = rig.send("a", "two");
    rig.accept("c", "a", next.senderKey);
    expect(next.senderKey.number).toBe(2);
    for (const { body } of old) {
      expectRefused(rig, "c", () => rig.open("c", body, "a"), "DUPLICATE", "NOT_MEMBER", "BAD_SIGNATURE");
    }
    const rewound = { ...old[0]!.senderKey, epoch: 2, stateHash: next.senderKey.stateHash };
    const before = stored(rig, "c");
    rig.accept("c", "a", rewound);
    expect(stored(rig, "c")).toEqual(before);
    expectRefused(rig, "c", () => rig.open("c", old[0]!.body, "a"), "DUPLICATE");
    expect(textOf(rig.open("c", next.body, "a"))).toBe("two");
  });

  test("[ATTACK 4] TOO_FAR before any key derivation, in a sender chain", () => {
    const rig = rigOf("ao bm");
    const first = rig.send("b", "first");
    rig.accept("a", "b", first.senderKey);
    const key = rig.of("b").key!;
    rig.of("b").key = { ...key, chain: { ...key.chain, number: 0xffff_fffe } };
    const far = rig.send("b", "far");
    let derivations = 0;
    const hmac = rig.provider.hmac.bind(rig.provider);
    Object.assign(rig.provider, {
      hmac: (...args: Parameters<typeof hmac>) => {
        derivations += 1;
        return hmac(...args);
      },
    });
    expectRefused(rig, "a", () => rig.open("a", far.body, "b"), "TOO_FAR");
    expect(derivations).toBe(0);
  });
});

test("[ATTACK 51] the group's id is its create operation's: another creation under a known id is refused", () => {
  const rig = rigOf("ao bm");
  const other = rigOf("ao bm cm");
  const create = parseGroupOp(other.operations[0]!);
  const tbs = encodeGroupOpTbs({ ...create, groupId: rig.groupId });
  const sig = other.provider.sign(other.of("a").own.keys.dsk.secret, groupOpMessage(tbs));
  const extend = (): unknown =>
    extendGroupHistory(other.provider, undefined, [encodeGroupOp(tbs, sig)], other.signerOf);
  expect(extend).toThrow(refusal("OTHER_GROUP"));
});

test("[ATTACK 10] a body of a group opened with its own key is bound to message, sender, state and bytes", () => {
  const rig = rigOf("ao bm");
  const sent = rig.send("b", "hello");
  const key = { ...sent, conversationId: rig.groupId, sentAtMs: rig.of("b").nowMs };
  const { stateHash } = stateAt(rig.historyOf("a"), 1);
  const sender = rig.of("b").address;
  const open = (changed: object, from = sender, state = stateHash) =>
    openGroupBodyWithKey(rig.provider, sent.body, { ...key, ...changed }, from, state);
  expect(open({}).payload).toEqual({ type: "text", text: "hello" });
  expect(() => open({ bodyHash: new Uint8Array(32) })).toThrow(code("BAD_BINDING"));
  expect(() => open({ clientMsgId: new Uint8Array(16) })).toThrow(code("BAD_BINDING"));
  expect(() => open({ conversationId: new Uint8Array(16) })).toThrow(code("BAD_BINDING"));
  expect(() => open({ sentAtMs: 1 })).toThrow(code("BAD_BINDING"));
  expect(() => open({ bodyKey: new Uint8Array(32) })).toThrow(code("BAD_TAG"));
  expect(() => open({}, rig.of("a").address)).toThrow(code("BAD_TAG"));
  expect(() => open({}, sender, new Uint8Array(32))).toThrow(code("BAD_TAG"));
});

test("a new key is made for the state it is made in", () => {
  const rig = rigOf("ao");
  const { groupId } = rig;
  expect(createSenderKey(rig.provider, { groupId, epoch: 7 }, 5)).toMatchObject({
    groupId,
    epoch: 7,
    createdAtMs: 5,
    chain: { number: 0 },
  });
});
