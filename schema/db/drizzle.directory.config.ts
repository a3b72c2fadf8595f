import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: "./schema/db/directory/tables.ts",
  out: "./schema/db/directory/migrations",
});
