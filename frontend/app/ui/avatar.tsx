import "./avatar.css";
import { Icon } from "./icons.tsx";
import { avatarHue, initials } from "./avatar-look.ts";

export type AvatarSize = "xs" | "s" | "m" | "l";

interface AvatarProps {
  account: string;
  name: string;
  size?: AvatarSize | undefined;
  /** Groups are told from people by their outline. */
  isGroup?: boolean;
  /** A picture over the initials. */
  src?: string | undefined;
}

export function Avatar({ account, name, size = "m", isGroup = false, src }: AvatarProps) {
  const shape = isGroup ? " avatar-group" : "";
  return (
    <span class={`avatar avatar-${size}${shape} avatar-hue-${avatarHue(account)}`} aria-hidden="true">
      {initials(name) || (isGroup && <Icon name="people" />)}
      {src !== undefined && (
        <img
          key={src}
          src={src}
          alt=""
          draggable={false}
          onError={({ currentTarget }) => {
            currentTarget.hidden = true; // what no decoder takes shows nothing broken
          }}
        />
      )}
    </span>
  );
}
