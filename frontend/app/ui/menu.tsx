import "./menu.css";
import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon, type IconName } from "./icons.tsx";
import { placeMenu, stepFrom } from "./menu-steps.ts";

export interface MenuItem {
  readonly label: string;
  readonly icon: IconName;
  readonly danger?: boolean;
  readonly onChoose: () => void;
}

interface MenuButtonProps {
  class: string;
  label: string;
  items: readonly MenuItem[];
  children: ComponentChildren;
}

/** A button that opens a menu over everything, dialogs included (ARIA: menu button). */
export function MenuButton({ class: className, label, items, children }: MenuButtonProps) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  return (
    <>
      <button
        ref={button}
        type="button"
        class={className}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
        onKeyDown={(event) => {
          if (event.key !== "ArrowDown") return;
          event.preventDefault();
          setOpen(true);
        }}
      >
        {children}
      </button>
      {open && (
        <Menu
          id={id}
          label={label}
          items={items}
          anchor={button}
          onClose={(giveBack) => {
            setOpen(false);
            if (giveBack) button.current?.focus();
          }}
        />
      )}
    </>
  );
}

interface MenuProps {
  id: string;
  label: string;
  items: readonly MenuItem[];
  anchor: RefObject<HTMLElement | null>;
  onClose: (giveFocusBack: boolean) => void;
}

function Menu({ id, label, items, anchor, onClose }: MenuProps) {
  const ref = useRef<HTMLDivElement>(null);

  useLayoutEffect(() => {
    const menu = ref.current;
    if (menu === null || anchor.current === null) return;
    menu.showPopover();
    const place = placeMenu(anchor.current.getBoundingClientRect(), menu.getBoundingClientRect(), {
      width: innerWidth,
      height: innerHeight,
    });
    menu.style.left = `${place.left}px`;
    menu.style.top = `${place.top}px`;
    menu.querySelector<HTMLElement>('[role="menuitem"]')?.focus({ preventScroll: true });
  }, [anchor]);

  useEffect(() => {
    const outside = (event: Event): void => {
      const { target } = event;
      if (!(target instanceof Node) || ref.current?.contains(target) || anchor.current?.contains(target))
        return;
      onClose(false);
    };
    const moved = (): void => onClose(true);
    addEventListener("pointerdown", outside, true);
    addEventListener("resize", moved);
    return () => {
      removeEventListener("pointerdown", outside, true);
      removeEventListener("resize", moved);
    };
  }, [anchor, onClose]);

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      event.stopPropagation();
      onClose(true);
      return;
    }
    const entries = [...(ref.current?.querySelectorAll<HTMLElement>('[role="menuitem"]') ?? [])];
    const at = entries.findIndex((entry) => entry === document.activeElement);
    const next = stepFrom(
      event.key,
      at,
      items.map((item) => item.label),
    );
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    entries[next]?.focus();
  }

  return (
    <div
      ref={ref}
      id={id}
      class="menu"
      role="menu"
      tabIndex={-1}
      aria-label={label}
      popover="manual"
      onKeyDown={onKeyDown}
    >
      {items.map((item) => (
        <button
          type="button"
          key={item.label}
          class={item.danger === true ? "menu-item menu-item-danger" : "menu-item"}
          role="menuitem"
          tabIndex={-1}
          onClick={() => {
            onClose(true);
            item.onChoose();
          }}
        >
          <Icon name={item.icon} />
          {item.label}
        </button>
      ))}
    </div>
  );
}
