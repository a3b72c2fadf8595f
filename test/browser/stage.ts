/** The stage of the browser tests: the app as `npm start` or `npm run dev` serves it, and one real profile a person. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { browserArguments, findBrowser } from "../support/find-browser.ts";
import { freePort } from "../support/server.ts";

const root = path.resolve(import.meta.dirname, "../..");

export interface Stage {
  readonly origin: string;
  /** Everything the server printed. */
  output(): string;
  /** A browser profile of its own, as on another computer. */
  profile(options?: { phone?: boolean; dark?: boolean }): Promise<Profile>;
  close(): Promise<void>;
}

export interface Profile {
  readonly context: BrowserContext;
  readonly page: Page;
  readonly isPhone: boolean;
  /** Page errors, console errors and policy violations; a test asserts that there are none. */
  readonly problems: string[];
}

/** `start` is the production build on one port; `dev` is the development server, as `npm run dev` starts it. */
export async function openStage(
  command: "start" | "dev" = "start",
  settings: Readonly<Record<string, string>> = {},
): Promise<Stage> {
  const folder = mkdtempSync(path.join(tmpdir(), "sotto-browser-"));
  const port = await freePort();
  const inspector = await freePort();
  const appPort = command === "dev" ? await freePort() : port;
  let output = "";
  const server: ChildProcess = spawn(process.execPath, [path.join(root, `worker/dev/${command}.ts`)], {
    cwd: root,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      ...settings,
      WORKER_PORT: String(port),
      INSPECTOR_PORT: String(inspector),
      APP_PORT: String(appPort),
      SOTTO_STATE: path.join(folder, "state"),
    },
  });
  await new Promise<void>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      output += chunk.toString("utf8");
      if (output.includes("Sotto is ready")) resolve();
    };
    server.stdout?.on("data", read);
    server.stderr?.on("data", read);
    server.once("exit", (code) => reject(new Error(`the server ended with ${code}:\n${output}`)));
  });

  const contexts: BrowserContext[] = [];
  const origin = `http://localhost:${appPort}`;
  return {
    origin,
    output: () => output,
    async profile(options = {}) {
      const context = await chromium.launchPersistentContext(mkdtempSync(path.join(folder, "profile-")), {
        executablePath: findBrowser(),
        args: [...browserArguments],
        headless: true,
        viewport: options.phone === true ? { width: 390, height: 844 } : { width: 1280, height: 800 },
        ...(options.phone === true ? { hasTouch: true, isMobile: true, deviceScaleFactor: 2 } : {}),
        colorScheme: options.dark === true ? "dark" : "light",
        baseURL: origin,
      });
      contexts.push(context);
      const problems: string[] = [];
      const page = context.pages()[0] ?? (await context.newPage());
      watch(page, problems);
      return { context, page, isPhone: options.phone === true, problems };
    },
    async close() {
      await Promise.all(contexts.map((context) => context.close()));
      if (server.pid !== undefined && server.exitCode === null) process.kill(-server.pid, "SIGKILL");
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Errors that a lost connection causes are the browser's own notes, not defects of the page. */
const expected = /net::ERR_INTERNET_DISCONNECTED|net::ERR_CONNECTION_REFUSED|WebSocket connection to/;

function watch(page: Page, problems: string[]): void {
  page.on("pageerror", (error) => problems.push(`page error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !expected.test(message.text()))
      problems.push(`console: ${message.text()}`);
  });
}
