import type { D1Migration } from "cloudflare:test";
import type { Env as WorkerEnv } from "#worker/env.ts";
import type * as worker from "#worker/index.ts";

declare global {
  namespace Cloudflare {
    interface Env extends Omit<WorkerEnv, never> {
      readonly ARCHIVE_0: D1Database;
      readonly ARCHIVE_1: D1Database;
      readonly DIRECTORY_MIGRATIONS: D1Migration[];
      readonly ARCHIVE_MIGRATIONS: D1Migration[];
    }
    interface GlobalProps {
      mainModule: typeof worker;
    }
  }
}
