/** Somebody can be taken to look at the page: its tab is visible and its window has the focus. */
export function isWatched(): boolean {
  return document.visibilityState === "visible" && document.hasFocus();
}
