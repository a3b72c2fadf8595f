/**
 * What has to be refused, frozen: one vector for each rule of a layout, wrong in that one respect, and signed again where a signature would
 * hide it. `code` is the product's answer; another implementation may name it otherwise, but has to refuse.
 */
import { type GroupChange } from "#schema/envelope/group-change.ts";
import { encodeGroupOp, encodeGroupOpTbs, type GroupOp, groupOpMessage } from "#schema/envelope/group-op.ts";
import { concat } from "#schema/envelope/bytes.ts";
import { label } from "#schema/envelope/labels.ts";
import { encodeSenderKeyMessage } from "#core/crypto/group/sender-key-message.ts";
import { stateAt } from "#core/crypto/group/group-history.ts";
import { accountOf, grantsOf, GroupRig } from "#test/support/crypto/group-members.ts";
import { deterministicProviderForTesting } from "#test/support/crypto/seeded-random.ts";
import { toHex } from "./wycheproof-files.ts";

export interface Negative {
  readonly rule: string;
  readonly code: string;
  readonly bytes: string;
}

const fill = (length: number, value: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(value);
const set = (bytes: Uint8Array, at: number, ...values: number[]): Uint8Array<ArrayBuffer> => {
  const changed = Uint8Array.from(bytes);
  changed.set(values, at);
  return changed;
};

/** A group of an owner a, an admin b and members c and d, after its first operation. */
export function negatives(): object {
  const provider = deterministicProviderForTesting("negatives");
  const rig = new GroupRig(provider, "ao ba cm dm");
  const dskOf = (letter: string) => rig.of(letter).own.keys.dsk.secret;
  const signed = (letter: string, tbs: Uint8Array): string =>
    toHex(encodeGroupOp(tbs, provider.sign(dskOf(letter), groupOpMessage(tbs))));
  const base: GroupOp = rig.propose("a", { type: "remove", accountIds: [accountOf("c")] });
  const by = (letter: string, change: GroupChange): string =>
    signed(
      letter,
      encodeGroupOpTbs({ ...base, change, actorAccountId: accountOf(letter), stateHash: fill(32, 0) }),
    );
  const remove = (letters: string): GroupChange => ({
    type: "remove",
    accountIds: letters.split("").map(accountOf),
  });
  const add = (text: string): GroupChange => ({ type: "add", members: grantsOf(text) });
  const role = (text: string): GroupChange => ({ type: "role", ...grantsOf(text)[0]! });
  const [epochAt, prevAt, deviceAt, opAt, lengthAt] = [18, 22, 70, 82, 83];

  const operations: [rule: string, code: string, bytes: string][] = [
    ["version zero", "MALFORMED", signed("a", set(base.tbs, 0, 0))],
    ["a higher version", "UNSUPPORTED_VERSION", signed("a", set(base.tbs, 0, 2))],
    ["another type", "MALFORMED", signed("a", set(base.tbs, 1, 0x31))],
    ["another group", "OTHER_GROUP", signed("a", set(base.tbs, 2, 0, 0))],
    ["epoch zero", "MALFORMED", signed("a", set(base.tbs, epochAt, 0, 0, 0, 0))],
    ["an epoch left out", "STALE_EPOCH", signed("a", set(base.tbs, epochAt, 0, 0, 0, 3))],
    ["another previous operation", "BROKEN_CHAIN", signed("a", set(base.tbs, prevAt, 1, 2, 3))],
    ["device zero", "MALFORMED", signed("a", set(base.tbs, deviceAt, 0, 0, 0, 0))],
    ["operation 0", "MALFORMED", signed("a", set(base.tbs, opAt, 0))],
    ["operation 10", "MALFORMED", signed("a", set(base.tbs, opAt, 10))],
    ["a payload longer than said", "MALFORMED", signed("a", set(base.tbs, lengthAt, 0, 17))],
    ["trailing bytes", "MALFORMED", `${toHex(base.bytes)}00`],
    ["truncated", "MALFORMED", toHex(base.bytes.subarray(0, -1))],
    ["unsigned", "BAD_SIGNATURE", toHex(encodeGroupOp(base.tbs, fill(64, 0)))],
    ["signed by another device", "BAD_SIGNATURE", signed("b", base.tbs)],
    ["another state hash", "STATE_MISMATCH", signed("a", set(base.tbs, base.tbs.length - 2, 0, 0))],
    [
      "accounts that decrease",
      "MALFORMED",
      signed(
        "a",
        concat(
          base.tbs.slice(0, lengthAt),
          Uint8Array.of(0, 34, 0, 2),
          accountOf("d"),
          accountOf("c"),
          base.stateHash,
        ),
      ),
    ],
    [
      "nobody to remove",
      "MALFORMED",
      signed("a", concat(base.tbs.slice(0, lengthAt), Uint8Array.of(0, 2, 0, 0), base.stateHash)),
    ],
    [
      "role 4",
      "MALFORMED",
      signed(
        "a",
        concat(
          base.tbs.slice(0, opAt),
          Uint8Array.of(5, 0, 17),
          accountOf("c"),
          Uint8Array.of(4),
          base.stateHash,
        ),
      ),
    ],
    [
      "invite flags 2",
      "MALFORMED",
      signed(
        "a",
        concat(
          base.tbs.slice(0, opAt),
          Uint8Array.of(7, 0, 41),
          fill(32, 1),
          Uint8Array.of(2),
          fill(8, 0),
          base.stateHash,
        ),
      ),
    ],
    [
      "no invite, but with terms",
      "MALFORMED",
      signed(
        "a",
        concat(
          base.tbs.slice(0, opAt),
          Uint8Array.of(7, 0, 41),
          fill(32, 0),
          Uint8Array.of(1),
          fill(8, 0),
          base.stateHash,
        ),
      ),
    ],
    [
      "list version zero",
      "MALFORMED",
      signed("a", concat(base.tbs.slice(0, opAt), Uint8Array.of(8, 0, 4), fill(4, 0), base.stateHash)),
    ],
    [
      "settings above 2 KiB",
      "MALFORMED",
      signed(
        "a",
        concat(base.tbs.slice(0, opAt), Uint8Array.of(6, 8, 3, 8, 1), fill(2049, 0), base.stateHash),
      ),
    ],
    ["a member adds", "FORBIDDEN", by("c", add("em"))],
    ["a member removes", "FORBIDDEN", by("c", remove("d"))],
    ["a member sets settings", "FORBIDDEN", by("c", { type: "settings", settings: fill(9, 1) })],
    ["a member dissolves", "FORBIDDEN", by("c", { type: "dissolve" })],
    ["an admin adds an admin", "FORBIDDEN", by("b", add("ea"))],
    ["an admin removes the owner", "FORBIDDEN", by("b", remove("a"))],
    ["an admin changes a role", "FORBIDDEN", by("b", role("ca"))],
    ["an admin dissolves", "FORBIDDEN", by("b", { type: "dissolve" })],
    ["the only owner removes itself", "FORBIDDEN", by("a", remove("a"))],
    ["the only owner demotes itself", "FORBIDDEN", by("a", role("am"))],
    ["adds who is in", "NO_CHANGE", by("a", add("cm"))],
    ["removes who is not in", "NO_CHANGE", by("a", remove("z"))],
    ["sets a role that is", "NO_CHANGE", by("a", role("cm"))],
    ["takes back no invite", "NO_CHANGE", by("a", { type: "invite" })],
  ];

  const sent = rig.send("b", "hello");
  const signingSecret = rig.of("b").key!.signing.secret;
  const { stateHash } = stateAt(rig.historyOf("a"), 1);
  const prefix = concat(label("group-sig"), stateHash, accountOf("b"), Uint8Array.of(0, 0, 0, 1));
  const resigned = (body: Uint8Array): string =>
    toHex(concat(body, provider.sign(signingSecret, concat(prefix, body))));
  const unsigned = sent.body.slice(0, -64);
  const bodies: [rule: string, code: string, bytes: string][] = [
    ["version zero", "MALFORMED", resigned(set(unsigned, 0, 0))],
    ["a higher version", "UNSUPPORTED_VERSION", resigned(set(unsigned, 0, 2))],
    ["another type", "MALFORMED", resigned(set(unsigned, 1, 0x20))],
    ["suite zero", "MALFORMED", resigned(set(unsigned, 2, 0))],
    ["a higher suite", "UNSUPPORTED_VERSION", resigned(set(unsigned, 2, 2))],
    ["another group", "BAD_BINDING", resigned(set(unsigned, 3, 0, 0))],
    ["epoch zero", "MALFORMED", resigned(set(unsigned, 19, 0, 0, 0, 0))],
    ["another sender key", "NO_SENDER_KEY", resigned(set(unsigned, 23, 0, 0))],
    ["another number", "BAD_TAG", resigned(set(unsigned, 31, 0, 0, 0, 1))],
    ["another message", "BAD_TAG", resigned(set(unsigned, 35, 0, 0))],
    ["another commitment", "BAD_TAG", resigned(set(unsigned, 51, 0, 0))],
    ["another nonce", "BAD_TAG", resigned(set(unsigned, 83, 0, 0))],
    ["another ciphertext", "BAD_TAG", resigned(set(unsigned, 107, 0, 0))],
    ["not a padded size", "MALFORMED", resigned(concat(unsigned, fill(1, 0)))],
    ["another signature", "BAD_SIGNATURE", toHex(set(sent.body, sent.body.length - 64, 0, 0))],
    ["truncated", "MALFORMED", toHex(sent.body.subarray(0, 120))],
  ];

  const key = encodeSenderKeyMessage(sent.senderKey);
  const senderKeys: [rule: string, code: string, bytes: string][] = [
    ["epoch zero", "MALFORMED", toHex(set(key, 24, 0, 0, 0, 0))],
    ["suite zero", "MALFORMED", toHex(set(key, 128, 0))],
    ["a higher suite", "UNSUPPORTED_VERSION", toHex(set(key, 128, 2))],
    ["a settings key of no epoch", "MALFORMED", toHex(set(key, 129, 0, 0, 0, 0))],
    ["a settings key of a later epoch", "MALFORMED", toHex(set(key, 129, 0, 0, 0, 2))],
    ["truncated", "MALFORMED", toHex(key.subarray(0, -1))],
    ["trailing bytes", "MALFORMED", `${toHex(key)}00`],
  ];
  const named = (rows: [string, string, string][]): Negative[] =>
    rows.map(([rule, code, bytes]) => ({ rule, code, bytes }));
  return {
    devices: [...rig.members.values()].map(({ own, address }) => ({
      accountId: toHex(address.accountId),
      deviceId: address.deviceId,
      dsk: toHex(own.cert.dsk),
    })),
    create: toHex(rig.operations[0]!),
    good: { operation: toHex(base.bytes), senderKey: toHex(key), body: toHex(sent.body) },
    operations: named(operations),
    bodies: named(bodies),
    senderKeys: named(senderKeys),
  };
}
