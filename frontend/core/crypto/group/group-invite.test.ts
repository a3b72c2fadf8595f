import { describe, expect, test } from "vitest";
import { encodeGroupOp } from "#schema/envelope/group-op.ts";
import { accountOf, GroupRig } from "#test/support/crypto/group-members.ts";
import { deterministicProviderForTesting } from "#test/support/crypto/seeded-random.ts";
import { decodeGroupHistory, encodeGroupHistory } from "./group-codec.ts";
import { extendGroupHistory } from "./group-history.ts";
import {
  formatInviteCode,
  inviteKeyEpochOf,
  inviteKeyOf,
  openInviteSecret,
  openInviteSettingsKey,
  parseInviteCode,
  proveInvite,
  sealInvite,
} from "./group-invite.ts";
import { isInviteProven } from "./invite-proof.ts";

const provider = deterministicProviderForTesting("group invites");
const fill = (length: number, value: number) => new Uint8Array(length).fill(value);
const code = (name: string): unknown => expect.objectContaining({ code: name });
const secret = fill(32, 1);
const groupId = fill(16, 2);
const link = { groupId, secret };
const settingsKey = { epoch: 7, key: fill(32, 3) };

test("members open the secret, who has the link opens the settings key", () => {
  const sealed = sealInvite(provider, link, settingsKey);
  expect(sealed).toHaveLength(152);
  expect(inviteKeyEpochOf(sealed)).toBe(7);
  expect(openInviteSecret(provider, groupId, settingsKey, sealed)).toEqual(secret);
  expect(openInviteSettingsKey(provider, link, sealed)).toEqual(settingsKey);
});

describe("what is sealed for one is for nobody else", () => {
  const sealed = sealInvite(provider, link, settingsKey);
  test("BAD_TAG: another key, group, secret or epoch", () => {
    const other = { epoch: 7, key: fill(32, 9) };
    expect(() => openInviteSecret(provider, groupId, other, sealed)).toThrow(code("BAD_TAG"));
    expect(() => openInviteSecret(provider, fill(16, 9), settingsKey, sealed)).toThrow(code("BAD_TAG"));
    const renumbered = Uint8Array.from(sealed).fill(9, 3, 4);
    expect(() => openInviteSecret(provider, groupId, settingsKey, renumbered)).toThrow(code("BAD_TAG"));
    for (const wrong of [
      { groupId: fill(16, 9), secret },
      { groupId, secret: fill(32, 9) },
    ]) {
      expect(() => openInviteSettingsKey(provider, wrong, sealed)).toThrow(code("BAD_TAG"));
    }
  });
  test.each([0, 151, 153])("MALFORMED: %i bytes", (length) => {
    expect(() => openInviteSettingsKey(provider, link, fill(length, 1))).toThrow(code("MALFORMED"));
    expect(() => inviteKeyEpochOf(fill(length, 1))).toThrow(code("MALFORMED"));
  });
});

test("[GR30] a proof holds for its account, its group and its invite, and for no other", () => {
  const shown = proveInvite(provider, link, accountOf("a"));
  expect(shown.publicKey).toEqual(inviteKeyOf(provider, secret).pub);
  expect(isInviteProven(provider, groupId, shown, accountOf("a"))).toBe(true);
  expect(isInviteProven(provider, groupId, shown, accountOf("b"))).toBe(false);
  expect(isInviteProven(provider, fill(16, 9), shown, accountOf("a"))).toBe(false);
  const other = inviteKeyOf(provider, fill(32, 9)).pub;
  expect(isInviteProven(provider, groupId, { ...shown, publicKey: other }, accountOf("a"))).toBe(false);
});

describe("codes", () => {
  const text = formatInviteCode(link);
  test("alone, and behind the # of a link", () => {
    expect(parseInviteCode(text)).toEqual(link);
    expect(parseInviteCode(` https://sotto.example/join#${text}\n`)).toEqual(link);
  });
  test.each(["", "#", "hello", `${text}AA`, text.slice(0, -2)])("MALFORMED: %j", (wrong) => {
    expect(() => parseInviteCode(wrong)).toThrow(code("MALFORMED"));
  });
  test("UNSUPPORTED_VERSION: of a newer app", () => {
    expect(() => parseInviteCode(`Ag${text.slice(2)}`)).toThrow(code("UNSUPPORTED_VERSION"));
  });
});

describe("operations", () => {
  function rigWithLink() {
    const rig = new GroupRig(provider, "ao bm");
    rig.join("c");
    const { groupId: id } = rig;
    const sealed = sealInvite(provider, { groupId: id, secret }, settingsKey);
    const { pub: publicKey } = inviteKeyOf(provider, secret);
    rig.change("a", { type: "invite", invite: { publicKey, needsApproval: false, expiresAtMs: 0, sealed } });
    return { rig, code: { groupId: id, secret } };
  }

  test("[GR30] who joins is a member for everybody, reads and is read", () => {
    const { rig, code: invite } = rigWithLink();
    rig.change("c", { type: "join", ...proveInvite(provider, invite, accountOf("c")) });
    expect(rig.historyOf("a").head.state.members.map(({ role }) => role)).toEqual([
      "owner",
      "member",
      "member",
    ]);
    expect(rig.receive("a", rig.send("c", "hello"))).toBe("hello");
    expect(rig.receive("c", rig.send("a", "welcome"))).toBe("welcome");
  });

  test("[GR30] BAD_SIGNATURE: a proof that is another account's, or by another secret", () => {
    const { rig, code: invite } = rigWithLink();
    const { publicKey, proof } = proveInvite(provider, invite, accountOf("b"));
    const forged = proveInvite(provider, { ...invite, secret: fill(32, 9) }, accountOf("c"));
    for (const wrong of [
      { publicKey, proof },
      { publicKey, proof: forged.proof },
    ]) {
      rig.learn("c");
      const op = rig.propose("c", { type: "join", ...wrong });
      const before = rig.historyOf("a");
      const kept = structuredClone(before);
      expect(() => extendGroupHistory(provider, before, [op.bytes], rig.signerOf)).toThrow(
        code("BAD_SIGNATURE"),
      );
      expect(before).toEqual(kept);
      const unsigned = encodeGroupOp(op.tbs, fill(64, 1));
      expect(() => extendGroupHistory(provider, before, [unsigned], rig.signerOf)).toThrow(
        code("BAD_SIGNATURE"),
      );
    }
  });

  test("a history with an ended link, and back; one from before there were links", () => {
    const { rig } = rigWithLink();
    rig.change("a", { type: "remove", accountIds: [accountOf("b")] }, ["a"]);
    const history = rig.historyOf("a");
    expect(history.head.state.endedInvite).toBeDefined();
    expect(decodeGroupHistory(encodeGroupHistory(history))).toEqual(history);
    const plain = new GroupRig(provider, "ao").historyOf("a");
    const now = encodeGroupHistory(plain);
    // Version 1 had neither the length of the invite nor the byte after it.
    const at = 1 + 32 + 16 + 4 + 2 + 21 + 2 + 1 + 4;
    const old = [1, ...now.subarray(1, at), ...now.subarray(at + 2, at + 43), ...now.subarray(at + 44)];
    expect(decodeGroupHistory(Uint8Array.from(old))).toEqual(plain);
  });
});
