import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: "./schema/db/conversation/tables.ts",
  out: "./schema/db/conversation/migrations",
});
