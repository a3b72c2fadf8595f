import "./avatar.css";
import { Icon } from "./icons.tsx";
import { avatarHue, initials } from "./avatar-look.ts";

export function Avatar({
  account,
  name,
  size = "m",
  isGroup = false,
}: {
  account: string;
  name: string;
  size?: "xs" | "s" | "m" | "l";
  /** Groups are told from people by their outline. */
  isGroup?: boolean;
}) {
  const shape = isGroup ? " avatar-group" : "";
  return (
    <span class={`avatar avatar-${size}${shape} avatar-hue-${avatarHue(account)}`} aria-hidden="true">
      {initials(name) || (isGroup && <Icon name="people" />)}
    </span>
  );
}
