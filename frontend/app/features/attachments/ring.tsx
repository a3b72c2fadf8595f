import "./ring.css";
import { text } from "../../i18n/en.ts";
import { Icon, type IconName } from "../../ui/icons.tsx";
import type { TransferView } from "./transfers.ts";

const radius = 20;
const length = 2 * Math.PI * radius;

interface RingProps {
  /** Undefined: under way, nobody knows how far. */
  transfer: TransferView | undefined;
  icon: IconName;
  label: string;
  onClick?: (() => void) | undefined;
}

/** A round button with the way a file has come around it. */
export function Ring({ transfer, icon, label, onClick }: RingProps) {
  const share = transfer === undefined ? 0 : transfer.doneBytes / Math.max(1, transfer.totalBytes);
  const isMoving = transfer?.state === "running" && share > 0;
  return (
    <button
      type="button"
      class="ring"
      aria-label={label}
      disabled={onClick === undefined}
      onClick={(event) => {
        event.stopPropagation();
        onClick?.();
      }}
    >
      <svg class={isMoving ? "ring-way" : "ring-way ring-turning"} viewBox="0 0 48 48" aria-hidden="true">
        <circle
          cx="24"
          cy="24"
          r={radius}
          stroke-dasharray={length}
          stroke-dashoffset={length * (1 - (isMoving ? Math.max(0.03, share) : 0.25))}
        />
      </svg>
      <Icon name={icon} />
    </button>
  );
}

/** For screen readers: how far a file is, in steps that are worth saying. */
export function spokenProgress(transfer: TransferView | undefined): string {
  if (transfer?.state === "waiting") return text.attachments.waiting;
  const share = transfer === undefined ? 0 : transfer.doneBytes / Math.max(1, transfer.totalBytes);
  return text.attachments.percent(Math.floor(share * 10) * 10);
}
