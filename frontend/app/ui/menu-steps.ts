/** Moving through a menu, and where it opens. Pure. */

/** The entry that a key leads to (ARIA: menu); undefined when the key means nothing here. */
export function stepFrom(key: string, at: number, labels: readonly string[]): number | undefined {
  const last = labels.length - 1;
  switch (key) {
    case "ArrowDown":
      return at >= last ? 0 : at + 1;
    case "ArrowUp":
      return at <= 0 ? last : at - 1;
    case "Home":
      return 0;
    case "End":
      return last;
    default: {
      if (key.length !== 1 || key === " ") return undefined;
      const begins = labels.map((label) => label.toLowerCase().startsWith(key.toLowerCase()));
      const after = begins.findIndex((does, index) => does && index > at);
      const next = after === -1 ? begins.indexOf(true) : after;
      return next === -1 ? undefined : next;
    }
  }
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

const edgePx = 8;

/** Below the button at its end; above where there is no room; always within the window. */
export function placeMenu(
  anchor: Box,
  menu: Size,
  window: Size,
): { readonly left: number; readonly top: number } {
  const left = Math.min(Math.max(edgePx, anchor.right - menu.width), window.width - menu.width - edgePx);
  const below = anchor.bottom + 4;
  const fits = below + menu.height + edgePx <= window.height;
  const top = fits ? below : Math.max(edgePx, anchor.top - 4 - menu.height);
  return { left, top };
}

/** From the point on, as far as there is room; always within the window. */
export function placeMenuAt(
  at: { readonly x: number; readonly y: number },
  menu: Size,
  window: Size,
): { readonly left: number; readonly top: number } {
  return {
    left: Math.max(edgePx, Math.min(at.x, window.width - menu.width - edgePx)),
    top: Math.max(edgePx, Math.min(at.y, window.height - menu.height - edgePx)),
  };
}
