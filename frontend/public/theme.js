/** Runs before the first paint, so that a chosen theme does not flash. Its key is the one in preferences.ts. */
try {
  const theme = localStorage.getItem("sotto.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is blocked: the system's theme it is.
}
