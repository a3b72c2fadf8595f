/** How far a message has come with each member. Pure. */
import type { MessageInfoView } from "#core/client-api.ts";

export type Progress = "read" | "delivered" | "waiting";
type Member = MessageInfoView["members"][number];

/** Each member once, at the furthest it has come; by name within. */
export function byProgress(members: readonly Member[]): Readonly<Record<Progress, readonly Member[]>> {
  const sorted = members.toSorted((a, b) => a.username.localeCompare(b.username));
  return {
    read: sorted.filter(({ read }) => read),
    delivered: sorted.filter(({ read, delivered }) => delivered && !read),
    waiting: sorted.filter(({ read, delivered }) => !delivered && !read),
  };
}
