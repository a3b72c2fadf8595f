import { describe, expect, test } from "vitest";
import { type GroupState } from "#schema/envelope/group-state.ts";
import { code } from "#test/support/crypto/expect-refused.ts";
import { accountOf, grantsOf, GroupRig, textOf } from "#test/support/crypto/group-members.ts";
import { startMs } from "#test/support/crypto/peers.ts";
import { deterministicProviderForTesting } from "#test/support/crypto/seeded-random.ts";
import { encodeCbor } from "../cbor.ts";
import { nobleProvider as provider } from "../noble-provider.ts";
import { pad } from "../padded.ts";
import {
  decodeGroupHistory,
  decodeOwnSenderKey,
  decodeSenderKeys,
  encodeGroupHistory,
  encodeOwnSenderKey,
  encodeSenderKeys,
} from "./group-codec.ts";
import { epochMarksMax, stateAt, wasMember } from "./group-history.ts";
import {
  openGroupSettings,
  sealGroupSettings,
  settingsKeyEpochOf,
  settingsKeyFor,
} from "./group-settings.ts";
import { createSenderKey, rotationReason } from "./sender-key.ts";
import {
  encodeSenderKeyMessage,
  parseSenderKeyMessage,
  senderKeyMessageBytes,
} from "./sender-key-message.ts";

const fill = (length: number, value: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(value);
const rigOf = (grants: string): GroupRig => new GroupRig(deterministicProviderForTesting(grants), grants);
const dayMs = 86_400_000;

describe("messages", () => {
  test("one body opens for every member that holds the key, in any order, once", () => {
    const rig = rigOf("ao bm cm");
    const sent = Array.from({ length: 40 }, (_, index) => rig.send("a", `message ${index}`));
    for (const reader of ["b", "c"]) {
      rig.accept(reader, "a", sent[0]!.senderKey);
      const order = sent.map((_, index) => (index * 17) % 40);
      for (const index of order) {
        expect(textOf(rig.open(reader, sent[index]!.body, "a"))).toBe(`message ${index}`);
        expect(() => rig.open(reader, sent[index]!.body, "a")).toThrow(code("DUPLICATE"));
      }
    }
  });

  test("what an opened body tells", () => {
    const rig = rigOf("ao bm");
    const sent = rig.send("a", "hello");
    rig.accept("b", "a", sent.senderKey);
    expect(rig.open("b", sent.body, "a")).toMatchObject({
      content: {
        conversationId: rig.groupId,
        clientMsgId: sent.clientMsgId,
        senderAccountId: accountOf("a"),
        senderDeviceId: 1,
        sentAtMs: startMs,
        groupEpoch: 1,
        payload: { type: "text", text: "hello" },
      },
      bodyKey: sent.bodyKey,
      isOlderState: false,
    });
  });

  test("five keys of a sending device are kept, the oldest goes", () => {
    const rig = rigOf("ao bm");
    const sent = Array.from({ length: 6 }, (_, index) => {
      rig.of("a").key = undefined;
      return rig.send("a", `key ${index}`);
    });
    for (const { senderKey } of sent) rig.accept("b", "a", senderKey);
    expect(() => rig.open("b", sent[0]!.body, "a")).toThrow(code("NO_SENDER_KEY"));
    for (const { body } of sent.slice(1)) expect(textOf(rig.open("b", body, "a"))).toMatch(/^key/);
  });

  test("skipped keys are forgotten after 30 days", () => {
    const rig = rigOf("ao bm");
    const [first, second, third] = [rig.send("a", "1"), rig.send("a", "2"), rig.send("a", "3")];
    rig.accept("b", "a", first.senderKey);
    rig.open("b", third.body, "a");
    rig.of("b").nowMs += 30 * dayMs;
    expect(textOf(rig.open("b", first.body, "a"))).toBe("1");
    rig.of("b").nowMs += 1;
    expect(() => rig.open("b", second.body, "a")).toThrow(code("DUPLICATE"));
  });

  test("content of another conversation is not sealed", () => {
    const rig = rigOf("ao");
    rig.of("a").key = createSenderKey(provider, { groupId: fill(16, 1), epoch: 1 }, startMs);
    expect(() => rig.send("a", "x")).toThrow(RangeError);
  });
});

describe("rotation", () => {
  const key = createSenderKey(provider, { groupId: fill(16, 1), epoch: 4 }, startMs);
  const now = { rotationEpoch: 4, heldByRevoked: false, nowMs: startMs + 7 * dayMs - 1 };

  test.each([
    [undefined, key, now],
    ["removal", key, { ...now, rotationEpoch: 5 }],
    ["revocation", key, { ...now, heldByRevoked: true }],
    ["age", key, { ...now, nowMs: startMs + 7 * dayMs }],
    ["messages", { ...key, chain: { ...key.chain, number: 1000 } }, now],
    [undefined, { ...key, chain: { ...key.chain, number: 999 } }, now],
  ] as const)("%s", (reason, key, now) => {
    expect(rotationReason(key, now)).toBe(reason);
  });
});

describe("history", () => {
  test("who was a member when", () => {
    const rig = rigOf("ao bm");
    rig.join("c");
    const remove = (letter: string) => ({ type: "remove" as const, accountIds: [accountOf(letter)] });
    rig.change("a", { type: "add", members: grantsOf("cm") });
    rig.change("a", remove("b"), ["a", "c"]);
    rig.change("a", { type: "add", members: grantsOf("bm") });
    const history = rig.historyOf("a");
    const epochs = [1, 2, 3, 4];
    expect(epochs.map((epoch) => wasMember(history, accountOf("b"), epoch))).toEqual([
      true,
      true,
      false,
      true,
    ]);
    expect(epochs.map((epoch) => wasMember(history, accountOf("c"), epoch))).toEqual([
      false,
      true,
      true,
      true,
    ]);
    expect(epochs.map((epoch) => stateAt(history, epoch).rotationEpoch)).toEqual([0, 0, 3, 3]);
    expect(wasMember(history, accountOf("z"), 1)).toBe(false);
    expect(rig.historyOf("b")).toEqual(history);
    expect(() => stateAt(history, 5)).toThrow(code("EPOCH_AHEAD"));
    expect(() => stateAt({ ...history, marks: history.marks.slice(1) }, 1)).toThrow(code("STALE_EPOCH"));
  });

  test("the last 1,024 epochs are remembered", () => {
    const rig = rigOf("ao");
    const epochs = epochMarksMax + 5;
    for (let epoch = 2; epoch <= epochs; epoch += 1) {
      rig.change("a", { type: "settings", settings: Uint8Array.of(epoch, epoch >> 8) });
    }
    const history = rig.historyOf("a");
    expect([history.head.state.epoch, history.marks.length]).toEqual([epochs, epochMarksMax]);
    expect(stateAt(history, 6)).toBe(history.marks[0]);
    expect(() => stateAt(history, 5)).toThrow(code("STALE_EPOCH"));
  }, 30_000);
});

describe("records", () => {
  test("own key, received keys and history, and back", () => {
    const rig = rigOf("ao bm cm");
    const [, second] = [rig.send("a", "1"), rig.send("a", "2")];
    rig.accept("b", "a", { ...second.senderKey, number: 0 });
    const [own, keys] = [rig.of("a").key!, rig.of("b").senderKeys.get("a")!];
    expect(decodeOwnSenderKey(encodeOwnSenderKey(own))).toEqual(own);
    expect(decodeSenderKeys(encodeSenderKeys(keys))).toEqual(keys);
    const third = rig.send("b", "x");
    rig.accept("a", "b", third.senderKey);
    rig.open("a", rig.send("b", "y").body, "b");
    const skipped = rig.of("a").senderKeys.get("b")!;
    expect(skipped.keys[0]!.chain.skipped.size).toBe(1);
    expect(decodeSenderKeys(encodeSenderKeys(skipped))).toEqual(skipped);
    rig.change("a", {
      type: "invite",
      invite: { publicKey: fill(32, 1), needsApproval: true, expiresAtMs: 2, sealed: fill(152, 3) },
    });
    rig.change("a", { type: "remove", accountIds: [accountOf("c")] }, ["a", "b"]);
    const history = rig.historyOf("a");
    expect(decodeGroupHistory(encodeGroupHistory(history))).toEqual(history);
  });

  test.each([
    ["own sender key", decodeOwnSenderKey],
    ["sender keys", decodeSenderKeys],
    ["group history", decodeGroupHistory],
  ] as const)("MALFORMED, UNSUPPORTED_VERSION: %s", (_, decode) => {
    expect(() => decode(fill(0, 0))).toThrow(code("MALFORMED"));
    expect(() => decode(fill(400, 0))).toThrow(code("MALFORMED"));
    expect(() => decode(fill(400, 3))).toThrow(code("UNSUPPORTED_VERSION"));
    expect(() => decode(fill(4000, 1))).toThrow(code("MALFORMED"));
  });
});

describe("sender key message", () => {
  const message = {
    senderKeyId: fill(8, 1),
    groupId: fill(16, 2),
    epoch: 3,
    stateHash: fill(32, 4),
    number: 5,
    chainKey: fill(32, 6),
    signingKey: fill(32, 7),
    settings: { epoch: 3, key: fill(32, 8) },
  };
  const bytes = encodeSenderKeyMessage(message);
  const malformed = expect.objectContaining({ name: "EnvelopeError", code: "MALFORMED" });

  test("165 bytes, and back", () => {
    expect(bytes.length).toBe(senderKeyMessageBytes);
    expect(parseSenderKeyMessage(bytes)).toEqual(message);
  });

  test.each([
    ["epoch zero", { ...message, epoch: 0 }],
    ["a settings key of no epoch", { ...message, settings: { ...message.settings, epoch: 0 } }],
    ["a settings key of a later epoch", { ...message, settings: { ...message.settings, epoch: 4 } }],
  ])("MALFORMED: %s", (_, wrong) => {
    expect(() => parseSenderKeyMessage(encodeSenderKeyMessage(wrong))).toThrow(malformed);
  });

  test("MALFORMED: cut, lengthened; UNSUPPORTED_VERSION: another suite", () => {
    expect(() => parseSenderKeyMessage(bytes.subarray(1))).toThrow(malformed);
    expect(() => parseSenderKeyMessage(Uint8Array.from([...bytes, 0]))).toThrow(malformed);
    expect(() => parseSenderKeyMessage(Uint8Array.from(bytes).fill(2, 128, 129))).toThrow(
      expect.objectContaining({ code: "UNSUPPORTED_VERSION" }),
    );
  });
});

describe("settings", () => {
  const key = { epoch: 3, key: fill(32, 1) };
  const avatar = {
    attachmentId: fill(16, 1),
    fileKey: fill(32, 2),
    sizeBytes: 2_000,
    blobBytes: 56 + 2_048 + 16,
    blobHash: fill(32, 3),
    mime: "image/webp",
    name: "club.webp",
  };
  const settings = { name: "Book club", description: "Thursdays", avatar };
  const sealed = sealGroupSettings(provider, key, settings);
  const state = { epoch: 6, rotationEpoch: 3 } as GroupState;

  test("sealed, and back; the key's epoch is in the clear", () => {
    expect(openGroupSettings(provider, key, sealed)).toEqual(settings);
    expect(openGroupSettings(provider, key, sealGroupSettings(provider, key, { name: "" }))).toEqual({
      name: "",
    });
    expect(settingsKeyEpochOf(sealed)).toBe(3);
  });

  test("a key stays until somebody leaves or a device is revoked; then there is a new one", () => {
    const later = { ...key, epoch: 4 };
    expect(settingsKeyFor(provider, later, state)).toBe(later);
    const renewed = settingsKeyFor(provider, key, state);
    expect(renewed.epoch).toBe(7);
    expect(renewed.key).not.toEqual(key.key);
    expect(settingsKeyFor(provider, undefined, undefined).epoch).toBe(1);
  });

  test("BAD_TAG: another key, another epoch, any flipped byte behind the version", () => {
    expect(() => openGroupSettings(provider, { ...key, key: fill(32, 2) }, sealed)).toThrow(code("BAD_TAG"));
    expect(() => openGroupSettings(provider, { ...key, epoch: 4 }, sealed)).toThrow(code("BAD_TAG"));
    for (let at = 1; at < sealed.length; at += 1) {
      const flipped = sealed.map((byte, index) => (index === at ? byte ^ 1 : byte));
      expect(() => openGroupSettings(provider, key, flipped)).toThrow(code("BAD_TAG"));
    }
    const moved = Uint8Array.from(sealed).fill(4, 4, 5);
    expect(() => openGroupSettings(provider, { ...key, epoch: 4 }, moved)).toThrow(code("BAD_TAG"));
  });

  test("a name, a description or a whole that is too long is not sealed", () => {
    for (const wrong of [{ name: "x".repeat(101) }, { name: "x", description: "x".repeat(501) }]) {
      expect(() => sealGroupSettings(provider, key, wrong)).toThrow(RangeError);
    }
    const wide = { ...avatar, name: "\u4e00".repeat(255) };
    const long = { name: "\u{1f44b}".repeat(50), description: "\u4e00".repeat(500), avatar: wide };
    expect(() => sealGroupSettings(provider, key, long)).toThrow(RangeError);
  });

  test("MALFORMED, UNSUPPORTED_VERSION: settings of a member that does not follow the layout", () => {
    expect(() => openGroupSettings(provider, key, fill(4, 1))).toThrow(code("MALFORMED"));
    expect(() => openGroupSettings(provider, key, fill(60, 2))).toThrow(code("UNSUPPORTED_VERSION"));
    const head = sealed.subarray(0, 5);
    const forge = (content: Map<string, string | number>) => {
      const nonce = fill(24, 9);
      const ad = new Uint8Array([...new TextEncoder().encode("sotto/v1/group-settings\0"), ...head]);
      return new Uint8Array([
        ...head,
        ...nonce,
        ...provider.seal(key.key, nonce, pad(encodeCbor(content)), ad),
      ]);
    };
    const open = (content: [string, string | number][]) => (): unknown =>
      openGroupSettings(provider, key, forge(new Map(content)));
    expect(
      open([
        ["v", 1],
        ["n", "x"],
        ["z", 9],
      ])(),
    ).toEqual({ name: "x" });
    expect(
      open([
        ["v", 2],
        ["n", "x"],
      ]),
    ).toThrow(code("UNSUPPORTED_VERSION"));
    for (const wrong of [
      [
        ["v", 0],
        ["n", "x"],
      ],
      [["v", 1]],
      [
        ["v", 1],
        ["n", 5],
      ],
      [
        ["v", 1],
        ["n", "x".repeat(101)],
      ],
      [
        ["v", 1],
        ["n", "x"],
        ["a", 1],
      ],
    ] as [string, string | number][][]) {
      expect(open(wrong)).toThrow(code("MALFORMED"));
    }
  });
});
