import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: "./schema/db/archive/tables.ts",
  out: "./schema/db/archive/migrations",
});
