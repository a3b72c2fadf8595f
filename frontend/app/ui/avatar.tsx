import "./avatar.css";
import { avatarHue, initials } from "./avatar-look.ts";

export function Avatar({
  account,
  name,
  size = "m",
}: {
  account: string;
  name: string;
  size?: "s" | "m" | "l";
}) {
  return (
    <span class={`avatar avatar-${size} avatar-hue-${avatarHue(account)}`} aria-hidden="true">
      {initials(name)}
    </span>
  );
}
