/**
 * Finds a Chromium-family browser for the browser tests: SOTTO_BROWSER, an installed Chrome, Chromium or Edge, or
 * Debian's chromium installed with apt when this is root. Never skips: without a browser it says what to install.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge"];

const places = [
  "/usr/bin/chromium",
  "/snap/bin/chromium",
  "/opt/google/chrome/chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
  String.raw`C:\Program Files\Google\Chrome\Application\chrome.exe`,
  String.raw`C:\Program Files (x86)\Google\Chrome\Application\chrome.exe`,
  String.raw`C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe`,
];

/** Flags that keep a headless browser quiet on a machine without network. */
export const browserArguments: readonly string[] = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Path of an installed browser, or undefined. */
export function tryFindBrowser(): string | undefined {
  const chosen = process.env["SOTTO_BROWSER"];
  if (chosen !== undefined && chosen !== "") {
    if (!existsSync(chosen)) throw new Error(`SOTTO_BROWSER names ${chosen}, which does not exist`);
    return chosen;
  }
  const folders = (process.env["PATH"] ?? "").split(path.delimiter);
  const onPath = folders.flatMap((folder) => names.map((name) => path.join(folder, name)));
  return [...onPath, ...places].find((candidate) => existsSync(candidate));
}

/** Finds a browser or installs Debian's. Throws with instructions when neither works. */
export function findBrowser(): string {
  const found = tryFindBrowser();
  if (found !== undefined) return found;
  if (process.platform === "linux" && process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    console.log("No browser found: installing Debian's chromium (this machine is root and has apt) …");
    apt(["update", "-q"]);
    apt(["install", "-y", "-q", "--no-install-recommends", "chromium", "fonts-dejavu-core"]);
    const installed = tryFindBrowser();
    if (installed !== undefined) return installed;
  }
  throw new Error(
    "The browser tests need Chrome, Chromium or Edge. Install one (Debian or Ubuntu: `sudo apt install chromium`; " +
      "macOS: `brew install --cask google-chrome`), or set SOTTO_BROWSER to its path, and run the tests again.",
  );
}

function apt(args: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const result = spawnSync("apt-get", args, { stdio: ["ignore", "ignore", "inherit"], env });
  if (result.status !== 0) console.error(`apt-get ${args.join(" ")} ended with ${result.status}`);
}

if (import.meta.main) console.log(findBrowser());
