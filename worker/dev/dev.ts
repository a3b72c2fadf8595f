/** `npm run dev`: migrations, then the Worker with embedded D1, R2 and Durable Objects, then Vite with hot reload. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { wranglerDevArguments, workerPort } from "./environment.ts";
import { requireNode22, root, toolPath } from "./paths.ts";
import { processFamily, untilHealthy } from "./processes.ts";
import { ensureDevSecrets } from "./secrets.ts";

requireNode22();
const startedAt = Date.now();
await ensureDevSecrets();
const { migrateLocal } = await import("./migrate.ts");
await migrateLocal(process.env["SOTTO_STATE"]);

// wrangler wants the assets folder to exist; in development Vite serves the app itself.
const assets = path.join(root, "dist/client");
if (!existsSync(path.join(assets, "index.html"))) {
  mkdirSync(assets, { recursive: true });
  writeFileSync(
    path.join(assets, "index.html"),
    "<!doctype html><p>Run npm run build, or open the Vite address.",
  );
}

// Pages come from Vite's origin, which the Worker would refuse as a stranger's.
const appPort = process.env["APP_PORT"] ?? "5173";
const family = processFamily();
family.start(toolPath("wrangler"), [
  ...wranglerDevArguments(),
  "--var",
  `ALLOWED_ORIGINS:http://localhost:${appPort}`,
]);
await untilAnswers(`http://localhost:${workerPort}`);
family.start(toolPath("vite"), [
  "--config",
  "frontend/vite.config.ts",
  "--logLevel",
  "warn",
  "--port",
  appPort,
]);
// Vite passes the question on to the Worker: both have to answer before anybody is told to come.
await untilAnswers(`http://localhost:${appPort}`);
console.log(
  `\n  Sotto is ready after ${((Date.now() - startedAt) / 1000).toFixed(1)} s:  http://localhost:${appPort}\n`,
);

async function untilAnswers(origin: string): Promise<void> {
  try {
    await untilHealthy(origin);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    family.stop(1);
  }
}
