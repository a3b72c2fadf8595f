import path from "node:path";
import { defineConfig } from "vitest/config";

const root = path.resolve(import.meta.dirname, "..");

/** Suites that start processes run one file after the other: two cores, honest timings. */
const oneByOne = { fileParallelism: false, testTimeout: 120_000, hookTimeout: 120_000 } as const;

export default defineConfig({
  root,
  test: {
    projects: [
      {
        root,
        test: {
          name: "unit",
          environment: "node",
          include: [
            "{schema,worker,durable-objects,frontend}/**/*.test.{ts,tsx}",
            "test/{vectors,attacks,contract,simulation,support}/**/*.test.ts",
          ],
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
    ],
  },
});
