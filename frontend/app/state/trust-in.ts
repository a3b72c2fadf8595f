/** What is known of the keys of the others in a conversation. Pure. */
import type { ConversationView, PersonView, TrustView } from "#core/client-api.ts";

export interface KeyChange {
  readonly timeMs: number;
  readonly person: PersonView;
}

/** Those of whom there may be something to say. */
export function trustIn(view: ConversationView): readonly (PersonView & TrustView)[] {
  return view.kind === "group" ? view.memberTrust : [{ ...view.peer, ...view.peerTrust }];
}

/** In the order of time. */
export function keyChangesIn(view: ConversationView): readonly KeyChange[] {
  return trustIn(view)
    .flatMap(({ account, username, keyChangesMs }) =>
      keyChangesMs.map((timeMs) => ({ timeMs, person: { account, username } })),
    )
    .sort((a, b) => a.timeMs - b.timeMs);
}

/** One at a time; whoever messages wait for comes first. */
export function personToSettle(
  people: readonly (PersonView & TrustView)[],
): (PersonView & TrustView) | undefined {
  return people.find(({ held }) => held) ?? people.find(({ contradicted }) => contradicted);
}
