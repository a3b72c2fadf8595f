import "./in-bubble.css";
import type { PersonView } from "#core/client-api.ts";
import type { AccountId } from "#schema/ids.ts";
import { text } from "../../i18n/en.ts";
import { Avatar } from "../../ui/avatar.tsx";
import { avatarHue } from "../../ui/avatar-look.ts";

interface SenderNameProps {
  sender: AccountId;
  name: string;
  /** Who handed the message over, where that is not its sender. */
  sharedBy: PersonView | undefined;
}

/** In the colour of the person's picture. The bubble's own label says the name. */
export function SenderName({ sender, name, sharedBy }: SenderNameProps) {
  const via = sharedBy && (sharedBy.username || text.groups.someone);
  return (
    <span class={`sender-name ellipsis avatar-hue-${avatarHue(sender)}`} aria-hidden="true">
      <bdi>{name}</bdi>
      {via !== undefined && (
        <small title={text.groups.viaHint(via)}>
          <bdi>{text.groups.via(via)}</bdi>
        </small>
      )}
    </span>
  );
}

export function SenderPicture({ sender, name }: { sender: AccountId; name: string }) {
  return (
    <span class="sender-picture">
      <Avatar account={sender} name={name} size="xs" />
    </span>
  );
}

/** Lies over the time and the ticks: asking where a message is begins where it says so. */
export function InfoButton({ onClick }: { onClick: () => void }) {
  return (
    <button
      type="button"
      class="info-button"
      aria-label={text.groups.messageInfo.open}
      title={text.groups.messageInfo.open}
      onClick={onClick}
    />
  );
}
