/** What the fake client shows of its groups and sessions. */
import type { GroupConversationView, SessionView } from "#core/client-api.ts";
import type { AccountId, SessionId } from "#schema/ids.ts";
import { type FakeConversation, fakeId } from "./fake-client-data.ts";
import { type FakeGroup, fakePictureRef } from "./fake-client-groups.ts";

export function groupView(
  { conversationId }: FakeConversation,
  { title, members, membership, isContradicted, invite, memberTrust = [], picture }: FakeGroup,
  base: Omit<
    GroupConversationView,
    | "kind"
    | "title"
    | "avatarSeed"
    | "picture"
    | "memberCount"
    | "myRole"
    | "membership"
    | "isContradicted"
    | "memberTrust"
    | "takesRequests"
  >,
): GroupConversationView {
  const myRole = membership === "member" ? members.find(({ isMe }) => isMe)?.role : undefined;
  const isAdmin = myRole === "admin" || myRole === "owner";
  return {
    ...base,
    kind: "group",
    title,
    avatarSeed: conversationId,
    picture: picture && fakePictureRef(picture),
    memberCount: members.length,
    myRole,
    membership,
    takesRequests: isAdmin && invite?.needsApproval === true,
    isContradicted,
    memberTrust,
  };
}

/** In a group somebody else each time. */
export function senderOf({ peer, group, messages }: FakeConversation): {
  sender: AccountId;
  senderName: string;
} {
  const others = group?.members.filter(({ isMe }) => !isMe) ?? [];
  const { account, username } = others[messages.length % Math.max(others.length, 1)] ?? peer;
  return { sender: account, senderName: username };
}

export function sessions(nowMs: number): readonly SessionView[] {
  const day = 86_400_000;
  return [
    {
      sessionId: fakeId<SessionId>("session-1"),
      deviceId: 1,
      deviceName: "Chrome on Linux",
      lastActiveDayMs: nowMs,
      current: true,
    },
    {
      sessionId: fakeId<SessionId>("session-2"),
      deviceId: 2,
      deviceName: "Safari on iPhone",
      lastActiveDayMs: nowMs - day,
      current: false,
    },
    {
      sessionId: fakeId<SessionId>("session-3"),
      deviceId: 3,
      deviceName: "Firefox on Windows",
      lastActiveDayMs: nowMs - 9 * day,
      current: false,
    },
  ];
}
