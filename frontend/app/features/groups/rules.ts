/** What a person may do in a group, and what leaving it means. Pure; the server and every member check it again. */
import type { GroupMemberView, GroupView } from "#core/client-api.ts";
import type { GroupRole } from "#schema/envelope/group-change.ts";
import { text } from "../../i18n/en.ts";

export type MemberAction =
  | "message"
  | "contact"
  | "makeAdmin"
  | "makeOwner"
  | "dismissAdmin"
  | "dismissOwner"
  | "remove";

/** In the order of a menu; what changes somebody's standing comes after what does not, removal last. */
export function memberActions(
  myRole: GroupRole | undefined,
  member: Pick<GroupMemberView, "role" | "isMe">,
): readonly MemberAction[] {
  if (member.isMe) return [];
  const roleActions: Record<GroupRole, readonly MemberAction[]> = {
    member: ["makeAdmin"],
    admin: ["makeOwner", "dismissAdmin"],
    owner: ["dismissOwner"],
  };
  switch (myRole) {
    case "owner":
      return ["message", "contact", ...roleActions[member.role], "remove"];
    case "admin":
      return member.role === "member" ? ["message", "contact", "remove"] : ["message", "contact"];
    case "member":
    case undefined:
      return ["message", "contact"];
  }
}

export function isAdmin(role: GroupRole | undefined): boolean {
  return role === "admin" || role === "owner";
}

/** Oneself first, then by rank, then by name. */
export function sortedMembers(members: readonly GroupMemberView[]): readonly GroupMemberView[] {
  const ranks: Record<GroupRole, number> = { owner: 0, admin: 1, member: 2 };
  return members.toSorted(
    (a, b) =>
      Number(b.isMe) - Number(a.isMe) ||
      ranks[a.role] - ranks[b.role] ||
      a.username.localeCompare(b.username),
  );
}

/** What leaving does, said before it is done. */
export function leaveWarning({ members, myRole }: Pick<GroupView, "members" | "myRole">): string {
  const words = text.groups.leave;
  const others = members.filter(({ isMe }) => !isMe);
  if (others.length === 0) return words.alone;
  const body = words.body(others.length);
  if (myRole !== "owner" || others.some(({ role }) => role === "owner")) return body;
  const heir = others.some(({ role }) => role === "admin") ? words.heirAdmin : words.heirMember;
  return `${body} ${heir}`;
}

/** The line under a group's name: who is in it, oneself last; the number alone until they are known. */
export function membersLine(
  members: readonly Pick<GroupMemberView, "username" | "isMe">[] | undefined,
  count: number,
): string {
  if (members === undefined) return text.groups.members(count);
  const names = members
    .filter(({ isMe, username }) => !isMe && username !== "")
    .map(({ username }) => username)
    .sort((a, b) => a.localeCompare(b));
  if (names.length === 0) return text.groups.members(count);
  const isIn = members.some(({ isMe }) => isMe);
  return [...names, ...(isIn ? [text.groups.youAsObject] : [])].join(", ");
}
