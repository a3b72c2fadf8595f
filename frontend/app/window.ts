/** What the app changes outside its own page: title, favicon, app badge, and the height left by a keyboard. */
import { text } from "./i18n/en.ts";

export function titleFor(unread: number): string {
  return unread > 0 ? `(${unread > 99 ? "99+" : unread}) ${text.app.name}` : text.app.name;
}

export function showUnread(unread: number): void {
  document.title = titleFor(unread);
  const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
  const href = unread > 0 ? "/icons/favicon-unread.svg" : "/icons/favicon.svg";
  if (icon !== null && icon.getAttribute("href") !== href) icon.href = href;
  // Only installed apps have a badge to set.
  if ("setAppBadge" in navigator) void navigator.setAppBadge(unread).catch(() => undefined);
}

/** An on-screen keyboard shrinks the visual viewport only; the app follows it, so that the composer stays in sight. */
export function trackViewport(): void {
  const viewport = window.visualViewport;
  if (viewport === null) return;
  const follow = (): void => {
    const keyboard = window.innerHeight - viewport.height > 80 && viewport.scale === 1;
    const { style } = document.documentElement;
    if (keyboard) style.setProperty("--viewport", `${viewport.height}px`);
    else style.removeProperty("--viewport");
    if (keyboard) window.scrollTo(0, 0);
  };
  viewport.addEventListener("resize", follow);
  follow();
}
