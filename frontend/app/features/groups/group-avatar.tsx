import type { ConversationView, GroupView } from "#core/client-api.ts";
import { useApp } from "../../state/context.ts";
import { Avatar, type AvatarSize } from "../../ui/avatar.tsx";

interface GroupAvatarProps {
  group: Pick<GroupView, "conversationId" | "title" | "avatarSeed" | "picture">;
  size?: AvatarSize | undefined;
}

/** The group's picture once it is here, its initials until then and otherwise. */
export function GroupAvatar({ group, size }: GroupAvatarProps) {
  const { conversationId, title, avatarSeed, picture } = group;
  const src = useApp().pictures.urlOf(conversationId, picture);
  return <Avatar account={avatarSeed} name={title} size={size} isGroup src={src} />;
}

export function ConversationAvatar({ view, size }: { view: ConversationView; size?: AvatarSize }) {
  if (view.kind === "group") return <GroupAvatar group={view} size={size} />;
  return <Avatar account={view.peer.account} name={view.peer.username} size={size} />;
}
