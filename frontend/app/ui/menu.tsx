import "./menu.css";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon, type IconName } from "./icons.tsx";

export interface MenuItem {
  readonly label: string;
  readonly icon: IconName;
  readonly danger?: boolean;
  readonly onChoose: () => void;
}

interface MenuProps {
  label: string;
  /** Where the person pointed, in the window. */
  at: { readonly x: number; readonly y: number };
  items: readonly MenuItem[];
  onClose: () => void;
}

const gapPx = 8;

/** A menu at a point: arrows move, Enter chooses, Escape and everything outside close it; focus goes back to where it came from. */
export function Menu({ label, at, items, onClose }: MenuProps) {
  const ref = useRef<HTMLDivElement>(null);
  const [place, setPlace] = useState<{ left: number; top: number }>();

  useLayoutEffect(() => {
    const menu = ref.current;
    if (menu === null) return;
    const { width, height } = menu.getBoundingClientRect();
    const left = Math.max(gapPx, Math.min(at.x, innerWidth - width - gapPx));
    const top = Math.max(gapPx, Math.min(at.y, innerHeight - height - gapPx));
    setPlace({ left, top });
  }, [at]);

  useEffect(() => {
    const opener = document.activeElement;
    ref.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
    return () => {
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus({ preventScroll: true });
    };
  }, []);

  function move(event: KeyboardEvent): void {
    const all = [...(ref.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const now = all.findIndex((item) => item === document.activeElement);
    const steps: Record<string, number> = {
      ArrowDown: now + 1,
      ArrowUp: now - 1,
      Home: 0,
      End: all.length - 1,
    };
    if (event.key === "Escape" || event.key === "Tab") onClose();
    else if (event.key in steps) all.at((steps[event.key] ?? 0) % all.length)?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <div
      class="menu-backdrop"
      onPointerDown={(event) => {
        if (event.target === event.currentTarget) onClose();
      }}
      onContextMenu={(event) => {
        event.preventDefault();
        if (event.target === event.currentTarget) onClose();
      }}
    >
      <div
        ref={ref}
        class="menu"
        role="menu"
        tabIndex={-1}
        aria-label={label}
        style={place === undefined ? { opacity: 0 } : { left: `${place.left}px`, top: `${place.top}px` }}
        onKeyDown={move}
      >
        {items.map((item) => (
          <button
            key={item.label}
            type="button"
            role="menuitem"
            tabIndex={-1}
            class={item.danger === true ? "menu-item menu-danger" : "menu-item"}
            onClick={() => {
              onClose();
              item.onChoose();
            }}
          >
            <Icon name={item.icon} />
            {item.label}
          </button>
        ))}
      </div>
    </div>
  );
}
