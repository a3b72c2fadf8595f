import path from "node:path";
import { defineConfig } from "vitest/config";

const root = path.resolve(import.meta.dirname, "..");

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
    ],
  },
});
