import "./menu.css";
import type { ComponentChildren, RefObject } from "preact";
import { useId, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon, type IconName } from "./icons.tsx";
import { placeMenu, placeMenuAt, type Size, stepFrom } from "./menu-steps.ts";

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
          opener={button}
          place={(menu, window) => {
            return placeMenu(button.current?.getBoundingClientRect() ?? new DOMRect(), menu, window);
          }}
          onClose={(giveBack) => {
            setOpen(false);
            if (giveBack) button.current?.focus();
          }}
        />
      )}
    </>
  );
}

interface PointMenuProps {
  label: string;
  /** Where the person pointed, in the window. */
  at: { readonly x: number; readonly y: number };
  items: readonly MenuItem[];
  onClose: () => void;
}

/** A menu at a point. The focus goes back to where it was. */
export function PointMenu({ label, at, items, onClose }: PointMenuProps) {
  const opener = useRef(document.activeElement);
  return (
    <Menu
      id={useId()}
      label={label}
      items={items}
      place={(menu, window) => placeMenuAt(at, menu, window)}
      onClose={(giveBack) => {
        onClose();
        if (giveBack && opener.current instanceof HTMLElement) opener.current.focus({ preventScroll: true });
      }}
    />
  );
}

interface MenuProps {
  id: string;
  label: string;
  items: readonly MenuItem[];
  /** A press on it is not one outside. */
  opener?: RefObject<HTMLElement | null>;
  place: (menu: Size, window: Size) => { readonly left: number; readonly top: number };
  onClose: (giveFocusBack: boolean) => void;
}

function Menu({ id, label, items, opener, place, onClose }: MenuProps) {
  const ref = useRef<HTMLDivElement>(null);
  const placeRef = useRef(place);

  useLayoutEffect(() => {
    const menu = ref.current;
    if (menu === null) return;
    menu.showPopover();
    const window = { width: innerWidth, height: innerHeight };
    const { left, top } = placeRef.current(menu.getBoundingClientRect(), window);
    menu.style.left = `${left}px`;
    menu.style.top = `${top}px`;
    menu.querySelector<HTMLElement>('[role="menuitem"]')?.focus({ preventScroll: true });
  }, []);

  // With the menu, not after the next frame: a press in that moment would miss it.
  useLayoutEffect(() => {
    const outside = (event: Event): void => {
      const { target } = event;
      if (!(target instanceof Node) || ref.current?.contains(target) || opener?.current?.contains(target))
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
  }, [opener, onClose]);

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
