/** `npm start`: the production build on one port, with the headers and the service worker of production. */
import { wranglerDevArguments, workerPort } from "./environment.ts";
import { requireNode22, toolPath } from "./paths.ts";
import { processFamily, untilHealthy } from "./processes.ts";
import { ensureDevSecrets } from "./secrets.ts";

requireNode22();
const startedAt = Date.now();
await ensureDevSecrets();
const { migrateLocal } = await import("./migrate.ts");
await migrateLocal(process.env["SOTTO_STATE"]);

const family = processFamily();
family.start(toolPath("wrangler"), wranglerDevArguments());
try {
  await untilHealthy(`http://localhost:${workerPort}`);
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  console.log(`\n  Sotto is ready after ${seconds} s:  http://localhost:${workerPort}\n`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  family.stop(1);
}
