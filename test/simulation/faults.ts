/** What goes wrong in a run: each kind with a likelihood that the seed chooses, and a count of how often it happened. */
import type { SeededRandom } from "#test/support/crypto/seeded-random.ts";

/** Likelihoods at their highest; a seed takes each one somewhere between nothing and this. */
const rolled = {
  rpc_lost: 0.15,
  rpc_answer_lost: 0.15,
  rpc_duplicated: 0.15,
  rpc_hung: 0.04,
  rpc_delayed: 0.2,
  frame_delayed: 0.1,
  commit_failed: 0.03,
  archive_down: 0.5,
  archive_answer_lost: 0.3,
  archive_hung: 0.2,
  alarm_twice: 0.3,
} as const;

/** Faults that are events of their own, and consequences that prove that a fault bit. */
const counted = [
  "rpc_reordered",
  "link_cut",
  "frame_lost",
  "hibernation",
  "reset",
  "process_crash",
  "commit_lost",
  "clock_jump",
  "device_crash",
  "device_joined",
  "device_revoked",
  "signed_out",
  "session_renewed",
  "signed_out_everywhere",
  "set_mismatch",
  "set_behind",
  "send_repeated",
  "rate_limited",
  "flush_refused",
  "alarm_cut_off",
  "capsules_swept",
] as const;

/** What happens in groups alone. */
const ofGroups = [
  "group_founded",
  "operation_conflict",
  "operation_rebased",
  "operation_by_revoked",
  "group_stale",
  "sender_key_stale",
  "key_handed_out",
] as const;

/** What people do with groups on full clients, and what befalls them meanwhile (`full/group-life.ts`). */
export const lifeKinds = [
  "renamed",
  "renamed_at_once",
  "renamed_after_removal",
  "renamed_after_revocation",
  "died_before_post",
  "died_after_post",
  "picture_set",
  "picture_removed",
  "role_changed",
  "member_added",
  "history_given",
  "member_left",
  "member_removed",
  "link_made",
  "link_ended",
  "link_followed",
  "joined_by_link",
  "asked_by_link",
  "let_in",
  "not_let_in",
  "unplugged",
] as const;

export type RolledFault = keyof typeof rolled;
export type FaultKind =
  | RolledFault
  | (typeof counted)[number]
  | (typeof ofGroups)[number]
  | (typeof lifeKinds)[number];

export const directFaultKinds: readonly FaultKind[] = [...(Object.keys(rolled) as RolledFault[]), ...counted];
export const faultKinds: readonly FaultKind[] = [...directFaultKinds, ...ofGroups];

export class Faults {
  readonly counts = new Map<FaultKind, number>(faultKinds.map((kind) => [kind, 0]));
  readonly #random: SeededRandom;
  readonly #likelihoods = new Map<FaultKind, number>();
  isOver = false;

  constructor(random: SeededRandom) {
    this.#random = random;
    for (const kind of Object.keys(rolled) as RolledFault[]) {
      this.#likelihoods.set(kind, random.chance(0.35) ? 0 : random.next() * rolled[kind]);
    }
  }

  /** Whether this fault strikes now. */
  roll(kind: RolledFault): boolean {
    if (this.isOver || !this.#random.chance(this.#likelihoods.get(kind) ?? 0)) return false;
    this.count(kind);
    return true;
  }

  count(kind: FaultKind): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }
}
