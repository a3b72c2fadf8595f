/** Vitest global set-up of the suites inside workerd: `.dev.vars` must exist before the configuration is read. */
import { ensureDevSecrets } from "#worker/dev/secrets.ts";

export async function setup(): Promise<void> {
  await ensureDevSecrets();
}
