import type { GroupMemberView } from "#core/client-api.ts";
import { text } from "../../i18n/en.ts";
import { Avatar } from "../../ui/avatar.tsx";
import type { IconName } from "../../ui/icons.tsx";
import { Icon } from "../../ui/icons.tsx";
import { MenuButton } from "../../ui/menu.tsx";
import type { MemberAction } from "./rules.ts";

const icons: Record<MemberAction, IconName> = {
  message: "compose",
  contact: "verified",
  makeAdmin: "key",
  makeOwner: "key",
  dismissAdmin: "down",
  dismissOwner: "down",
  remove: "trash",
};

interface MemberRowProps {
  member: GroupMemberView;
  actions: readonly MemberAction[];
  onAction: (action: MemberAction) => void;
}

/** The whole row opens the menu; who nothing can be done to is only a row. */
export function MemberRow({ member, actions, onAction }: MemberRowProps) {
  const name = member.isMe ? text.groups.you : member.username || text.groups.someone;
  const inside = (
    <>
      <Avatar account={member.account} name={member.username} size="s" />
      <span class="member-name ellipsis">
        <bdi>{name}</bdi>
      </span>
      {member.verified && (
        <span class="member-verified" title={text.chat.verified}>
          <Icon name="verified" />
          <span class="visually-hidden">{text.chat.verified}</span>
        </span>
      )}
      {member.role !== "member" && <span class="member-role">{text.groups.info.roles[member.role]}</span>}
      {actions.length > 0 && <Icon name="more" />}
    </>
  );
  if (actions.length === 0) return <div class="member">{inside}</div>;
  return (
    <MenuButton
      class="member"
      label={text.groups.info.memberLabel(name, text.groups.info.roles[member.role])}
      items={actions.map((action) => ({
        label: text.groups.member[action],
        icon: icons[action],
        danger: action === "remove",
        onChoose: () => onAction(action),
      }))}
    >
      {inside}
    </MenuButton>
  );
}
