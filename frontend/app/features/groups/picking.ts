/** Choosing people for a group: the list of those one talks with, and names typed by hand. Pure. */
import type { ConversationView, PersonView } from "#core/client-api.ts";
import { groupMembersMax } from "#schema/envelope/group-change.ts";
import type { AccountId } from "#schema/ids.ts";
import { foldUsername, usernameProblem } from "#schema/username.ts";

/** Somebody chosen; without an account the name was typed, and only the server knows whether it is somebody's. */
export interface Pick {
  readonly username: string;
  readonly account: AccountId | undefined;
}

/** Who is asking, and who is in already. */
export interface PickingGround {
  readonly self: string;
  readonly known: readonly PersonView[];
  readonly inGroup: ReadonlySet<string>;
}

/** Those one has a conversation with, the most recent first, without those in the group. */
export function knownPeople(
  conversations: readonly ConversationView[],
  inGroup: ReadonlySet<string>,
): readonly PersonView[] {
  return conversations.flatMap((view) =>
    view.kind === "direct" && view.peer.username !== "" && !inGroup.has(view.peer.username)
      ? [view.peer]
      : [],
  );
}

export function foldTyped(typed: string): string {
  return foldUsername(typed.replace(/^\s*@/, ""));
}

/** What the list shows for what is typed: names that begin with it, then names that contain it. */
export function matching(known: readonly PersonView[], typed: string): readonly PersonView[] {
  const name = foldTyped(typed);
  const begins = known.filter(({ username }) => username.startsWith(name));
  return [
    ...begins,
    ...known.filter(({ username }) => !username.startsWith(name) && username.includes(name)),
  ];
}

export type TypedName =
  | { readonly type: "nothing" }
  /** Could be somebody's name: may be added by hand. */
  | { readonly type: "name"; readonly username: string }
  | { readonly type: "self" }
  | { readonly type: "in_group"; readonly username: string }
  /** In the list, or chosen. */
  | { readonly type: "listed" }
  | { readonly type: "unfinished" };

export function readTyped(typed: string, picks: readonly Pick[], ground: PickingGround): TypedName {
  const username = foldTyped(typed);
  if (username === "") return { type: "nothing" };
  if (username === ground.self) return { type: "self" };
  if (ground.inGroup.has(username)) return { type: "in_group", username };
  const isListed = [...ground.known, ...picks].some((one) => one.username === username);
  if (isListed) return { type: "listed" };
  return usernameProblem(username) === undefined ? { type: "name", username } : { type: "unfinished" };
}

/** What Enter takes: the exact name, else the first of the list, else the name as typed. */
export function pickFor(typed: string, picks: readonly Pick[], ground: PickingGround): Pick | undefined {
  const name = foldTyped(typed);
  if (name === "") return undefined;
  const free = matching(ground.known, typed).filter(
    ({ username }) => !picks.some((pick) => pick.username === username),
  );
  const listed = free.find(({ username }) => username === name) ?? free[0];
  if (listed !== undefined) return { username: listed.username, account: listed.account };
  const read = readTyped(typed, picks, ground);
  return read.type === "name" ? { username: read.username, account: undefined } : undefined;
}

export function toggled(picks: readonly Pick[], pick: Pick): readonly Pick[] {
  const without = picks.filter(({ username }) => username !== pick.username);
  return without.length < picks.length ? without : [...picks, pick];
}

/** Several names at once, as from a clipboard; a lone name stays in the field. */
export function splitNames(typed: string): { readonly names: readonly string[]; readonly rest: string } {
  const parts = typed.split(/[\s,;]+/);
  const rest = parts.pop() ?? "";
  const names = parts.map(foldTyped).filter((name) => usernameProblem(name) === undefined);
  return { names: [...new Set(names)], rest };
}

/** `others`: how many are in besides those being chosen. */
export function isFull(others: number, picks: readonly Pick[]): boolean {
  return others + picks.length >= groupMembersMax;
}

/** Chosen names that only the server can vouch for: the ones to look at when somebody was not found. */
export function doubtful(picks: readonly Pick[]): readonly string[] {
  return picks.flatMap(({ account, username }) => (account === undefined ? [username] : []));
}
