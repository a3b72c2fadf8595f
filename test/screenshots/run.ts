/**
 * Photographs every state of the app on an in-memory client: phone and desktop, light and dark, into out/.
 * Usage: node test/screenshots/run.ts [part of a state's name] [phone|desktop] [light|dark]
 * Fails when a page logs an error or breaks the Content-Security-Policy.
 */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { type Browser, chromium } from "playwright-core";
import { build } from "vite";
import { browserArguments, findBrowser } from "#test/support/find-browser.ts";
import { serveBuild } from "./serve.ts";
import type { State } from "./state.ts";
import { states } from "./states.ts";

const repository = path.resolve(import.meta.dirname, "../..");
const out = path.join(import.meta.dirname, "out");
const screens = {
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true },
  desktop: { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1 },
} as const;
const themes = ["light", "dark"] as const;

const [wanted = "", onlyScreen, onlyTheme] = process.argv.slice(2);
const problems: string[] = [];

async function photograph(
  browser: Browser,
  origin: string,
  state: State,
  screen: keyof typeof screens,
  theme: (typeof themes)[number],
): Promise<void> {
  const name = `${state.name}-${screen}-${theme}`;
  const context = await browser.newContext({
    ...screens[screen],
    colorScheme: theme,
    locale: "en-GB",
    reducedMotion: "reduce",
    serviceWorkers: "block",
    timezoneId: "Europe/Stockholm",
  });
  const page = await context.newPage();
  await page.mouse.move(0, 0);
  page.setDefaultTimeout(5_000);
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(`${name}: ${message.text()}`);
  });
  page.on("pageerror", (error) => problems.push(`${name}: ${error.message}`));
  await page.clock.setFixedTime(new Date("2026-11-20T16:42:00+01:00"));
  try {
    await page.goto(`${origin}${state.path}${state.scene === undefined ? "" : `?scene=${state.scene}`}`);
    await page.locator("#app > *").first().waitFor({ state: "attached" });
    await page.waitForTimeout(250); // the fake network answers within 60 ms
    await state.steps?.(page);
    await page.waitForTimeout(200);
    await page.screenshot({ path: path.join(out, `${name}.png`) });
  } catch (error) {
    problems.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await context.close();
  }
}

await build({ configFile: path.join(repository, "frontend/vite.config.ts"), mode: "fake", logLevel: "warn" });
mkdirSync(out, { recursive: true });
const { origin, server } = await serveBuild(path.join(repository, "dist/fake"));
const browser = await chromium.launch({ executablePath: findBrowser(), args: [...browserArguments] });
try {
  for (const state of states.filter((one) => one.name.includes(wanted))) {
    for (const screen of ["phone", "desktop"] as const) {
      for (const theme of themes) {
        if ((onlyScreen ?? screen) !== screen || (onlyTheme ?? theme) !== theme) continue;
        await photograph(browser, origin, state, screen, theme);
      }
    }
  }
} finally {
  await browser.close();
  server.close();
}
for (const problem of problems) console.error(problem);
console.log(`${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
