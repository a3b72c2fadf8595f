/** How a person points at one message: the other button, a long press, or the keyboard (roving focus). */

export interface Point {
  readonly x: number;
  readonly y: number;
}

const longPressMs = 450;
const fingerMovesPx = 10;
const row = "li.message";

/** Listens on the list of messages until the returned function is called. Links and selected text keep the browser's own menu. */
export function pointAtMessages(log: HTMLElement, open: (key: string, at: Point) => void): () => void {
  const listening = new AbortController();
  const { signal } = listening;
  let press: { readonly timer: ReturnType<typeof setTimeout>; readonly from: Point } | undefined;
  let isLongPressed = false;

  const messageOf = (target: EventTarget | null): HTMLElement | undefined => {
    if (!(target instanceof Element) || target.closest("a, button, input, video, audio") !== null)
      return undefined;
    return target.closest<HTMLElement>(row) ?? undefined;
  };
  const openAt = (message: HTMLElement, at: Point): void => {
    const key = message.dataset["row"];
    if (key === undefined) return;
    message.focus({ preventScroll: true });
    open(key, at);
  };
  const endPress = (): void => {
    clearTimeout(press?.timer);
    press = undefined;
  };
  const middleOf = (message: HTMLElement): Point => {
    const box = (message.querySelector(".bubble") ?? message).getBoundingClientRect();
    return { x: box.left + Math.min(box.width / 2, 60), y: box.top + Math.min(box.height, 60) };
  };

  log.addEventListener(
    "contextmenu",
    (event) => {
      const message = messageOf(event.target);
      if (message === undefined || getSelection()?.isCollapsed === false) return;
      event.preventDefault();
      // Some platforms tell of a long press by themselves, when it begins or when it ends: it has been seen to already.
      if (event instanceof PointerEvent && event.pointerType === "touch") return;
      endPress();
      // The menu key points at nothing: its event has no place of its own.
      openAt(message, event.clientX === 0 ? middleOf(message) : { x: event.clientX, y: event.clientY });
    },
    { signal },
  );
  log.addEventListener(
    "pointerdown",
    ({ pointerType, target, clientX: x, clientY: y }) => {
      const message = pointerType === "touch" ? messageOf(target) : undefined;
      if (message === undefined) return;
      endPress();
      isLongPressed = false;
      const opening = (): void => {
        isLongPressed = true;
        openAt(message, { x, y });
      };
      press = { from: { x, y }, timer: setTimeout(opening, longPressMs) };
    },
    { signal },
  );
  log.addEventListener(
    "touchend",
    (event) => {
      // The click that would follow takes the focus out of the menu.
      if (isLongPressed && event.cancelable) event.preventDefault();
      isLongPressed = false;
    },
    { signal, passive: false },
  );
  log.addEventListener(
    "pointermove",
    ({ clientX, clientY }) => {
      if (press === undefined) return;
      if (Math.hypot(clientX - press.from.x, clientY - press.from.y) > fingerMovesPx) endPress();
    },
    { signal },
  );
  for (const end of ["pointerup", "pointercancel", "scroll"] as const) {
    log.addEventListener(end, endPress, { signal });
  }
  log.addEventListener(
    "keydown",
    (event) => {
      const { target, key } = event;
      const messages = [...log.querySelectorAll<HTMLElement>(row)];
      const at = messages.findIndex((message) => message === target);
      if (at < 0) {
        if (target !== log || key !== "Enter") return;
        event.preventDefault();
        return messages.at(-1)?.focus();
      }
      if (key === "Enter") openAt(messages[at]!, middleOf(messages[at]!));
      else if (key === "ArrowUp" && !event.altKey) messages[at - 1]?.focus();
      else if (key === "ArrowDown" && !event.altKey) messages[at + 1]?.focus();
      else if (key === "Escape") log.focus();
      else return;
      event.preventDefault();
    },
    { signal },
  );
  return () => {
    endPress();
    listening.abort();
  };
}
