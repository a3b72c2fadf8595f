import { defineConfig } from "drizzle-kit";

export default defineConfig({
  dialect: "sqlite",
  schema: "./schema/db/rendezvous/tables.ts",
  out: "./schema/db/rendezvous/migrations",
});
