/** Invite links of groups, frozen: see `frozen-cases.ts` for the rules. */
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { type GroupChange } from "#schema/envelope/group-change.ts";
import { encodeInvite, type GroupInvite } from "#schema/envelope/group-invite.ts";
import { encodeGroupOp, encodeGroupOpTbs, groupOpMessage } from "#schema/envelope/group-op.ts";
import { formatInviteCode, inviteKeyOf, proveInvite, sealInvite } from "#core/crypto/group/group-invite.ts";
import { sealGroupSettings } from "#core/crypto/group/group-settings.ts";
import { accountOf, GroupRig } from "#test/support/crypto/group-members.ts";
import { startMs } from "#test/support/crypto/peers.ts";
import { deterministicProviderForTesting } from "#test/support/crypto/seeded-random.ts";
import { type Negative } from "./frozen-negatives.ts";
import { toHex } from "./wycheproof-files.ts";

/** A link is made, one joins by it, its terms change, a removal ends it, another one is made. `refused` come on top of all that. */
export function invites(): object {
  const provider = deterministicProviderForTesting("invites");
  const rig = new GroupRig(provider, "ao bm");
  for (const letter of ["c", "d", "e"]) rig.join(letter);
  const { groupId } = rig;
  const secrets = [provider.random(32), provider.random(32)] as const;
  const settingsKey = { epoch: 2, key: provider.random(32) };
  const settings = sealGroupSettings(provider, settingsKey, { name: "Open door" });
  const inviteOf = (secret: Uint8Array, terms: Partial<GroupInvite> = {}): GroupInvite => ({
    publicKey: inviteKeyOf(provider, secret).pub,
    needsApproval: false,
    expiresAtMs: 0,
    sealed: sealInvite(provider, { groupId, secret }, settingsKey),
    ...terms,
  });
  const joinOf = (letter: string, secret: Uint8Array): GroupChange => {
    return { type: "join", ...proveInvite(provider, { groupId, secret }, accountOf(letter)) };
  };
  const [first, second] = [inviteOf(secrets[0]), inviteOf(secrets[1], { expiresAtMs: startMs + 1_000 })];
  const steps: (readonly [actor: string, change: GroupChange])[] = [
    ["a", { type: "settings", settings }],
    ["a", { type: "invite", invite: first }],
    ["c", joinOf("c", secrets[0])],
    ["a", { type: "invite", invite: { ...first, needsApproval: true } }],
    ["a", { type: "remove", accountIds: [accountOf("b")] }],
    ["a", { type: "invite", invite: second }],
    ["d", joinOf("d", secrets[1])],
  ];
  for (const [actor, change] of steps) rig.change(actor, change);

  /** Signed by its actor and claiming the present state: only the rule that is broken refuses it. */
  const forced = (letter: string, change: GroupChange, issuedAtMs = startMs): string => {
    const { head, marks } = rig.historyOf("a");
    const tbs = encodeGroupOpTbs({
      groupId,
      epoch: head.state.epoch + 1,
      prevHash: head.opHash,
      actorAccountId: accountOf(letter),
      actorDeviceId: 1,
      issuedAtMs,
      change,
      stateHash: marks.at(-1)!.stateHash,
    });
    const { secret } = rig.of(letter).own.keys.dsk;
    return toHex(encodeGroupOp(tbs, provider.sign(secret, groupOpMessage(tbs))));
  };
  const borrowed = proveInvite(provider, { groupId, secret: secrets[1] }, accountOf("d"));
  const refused: Negative[] = [
    {
      rule: "the proof of another account",
      code: "BAD_SIGNATURE",
      bytes: forced("e", { type: "join", ...borrowed }),
    },
    { rule: "by an ended link", code: "NO_INVITE", bytes: forced("e", joinOf("e", secrets[0])) },
    {
      rule: "too late",
      code: "INVITE_EXPIRED",
      bytes: forced("e", joinOf("e", secrets[1]), startMs + 1_000),
    },
    { rule: "by who is in", code: "NO_CHANGE", bytes: forced("d", joinOf("d", secrets[1])) },
    { rule: "a link by a member", code: "FORBIDDEN", bytes: forced("c", { type: "invite", invite: first }) },
  ];
  return {
    devices: [...rig.members.values()].map(({ own, address }) => ({
      accountId: toHex(address.accountId),
      dsk: toHex(own.cert.dsk),
    })),
    settingsKey: toHex(settingsKey.key),
    settings: toHex(settings),
    links: secrets.map((secret, index) => ({
      secret: toHex(secret),
      publicKey: toHex(inviteKeyOf(provider, secret).pub),
      code: formatInviteCode({ groupId, secret }),
      payload: toHex(encodeInvite([first, second][index])),
    })),
    groupId: encodeBase64url(Uint8Array.from(groupId)),
    operations: rig.operations.map(toHex),
    members: rig.historyOf("a").head.state.members.map(({ accountId, joinedEpoch }) => {
      return { accountId: toHex(accountId), joinedEpoch };
    }),
    refused,
  };
}
