declare namespace Cloudflare {
  interface Env extends Omit<import("#worker/env.ts").Env, never> {
    readonly ARCHIVE_0: D1Database;
    readonly DIRECTORY_MIGRATIONS: import("cloudflare:test").D1Migration[];
    readonly ARCHIVE_MIGRATIONS: import("cloudflare:test").D1Migration[];
  }
  interface GlobalProps {
    mainModule: typeof import("#worker/index.ts");
  }
}
