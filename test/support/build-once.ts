/** Vitest global set-up of the suites that need a running server: secrets, and the Worker's bundle. */
import { ensureDevSecrets } from "#worker/dev/secrets.ts";
import { buildWorker } from "./server.ts";

export async function setup(): Promise<void> {
  await ensureDevSecrets();
  buildWorker();
}
