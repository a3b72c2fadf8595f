import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import path from "node:path";
import { defineConfig } from "vitest/config";
import { ensureDevSecrets } from "#worker/dev/secrets.ts";

const root = path.resolve(import.meta.dirname, "..");
// Tools read required secrets from .dev.vars when they load the Worker's configuration.
await ensureDevSecrets();

/** No test is a timed test: the limit is for what hangs, on a slow machine too. */
const patient = { testTimeout: 60_000, hookTimeout: 60_000 } as const;
/** Suites that start processes run one file after the other: two cores, honest timings. */
const oneByOne = { fileParallelism: false, testTimeout: 120_000, hookTimeout: 120_000 } as const;

export default defineConfig(async () => ({
  root,
  test: {
    projects: [
      {
        root,
        test: {
          name: "unit",
          environment: "node" as const,
          include: [
            "{schema,worker,durable-objects,frontend}/**/*.test.{ts,tsx}",
            "test/{vectors,attacks,contract,model,simulation,soak,support}/**/*.test.ts",
          ],
          ...patient,
        },
      },
      {
        root,
        test: {
          name: "server",
          environment: "node",
          include: ["test/scenario/**/*.test.ts"],
          globalSetup: [path.join(root, "test/support/build-once.ts")],
          ...oneByOne,
        },
      },
      {
        root,
        test: { name: "browser", environment: "node", include: ["test/browser/**/*.test.ts"], ...oneByOne },
      },
      {
        root,
        plugins: [
          cloudflareTest({
            wrangler: { configPath: path.join(root, "wrangler.toml") },
            miniflare: {
              // Two archive shards, so that nothing takes the first one for the only one.
              d1Databases: { ARCHIVE_1: "sotto-archive-1" },
              bindings: {
                ARCHIVE_SHARDS: "2",
                DIRECTORY_MIGRATIONS: await readD1Migrations(
                  path.join(root, "schema/db/directory/migrations"),
                ),
                ARCHIVE_MIGRATIONS: await readD1Migrations(path.join(root, "schema/db/archive/migrations")),
              },
            },
          }),
        ],
        test: {
          name: "workers",
          include: ["test/edge/**/*.test.ts"],
          setupFiles: [path.join(root, "test/edge/setup.ts")],
          ...patient,
        },
      },
    ],
  },
}));
