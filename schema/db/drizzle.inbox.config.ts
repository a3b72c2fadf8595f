import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: "./schema/db/inbox/tables.ts",
  out: "./schema/db/inbox/migrations",
});
