import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import path from "node:path";
import { defineConfig } from "vitest/config";

const root = path.resolve(import.meta.dirname, "..");
await setTestSecrets();

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
            "test/{vectors,attacks,contract,simulation,support}/**/*.test.ts",
          ],
        },
      },
      {
        root,
        plugins: [
          cloudflareTest({
            wrangler: { configPath: path.join(root, "wrangler.toml") },
            miniflare: {
              bindings: {
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
        },
      },
    ],
  },
}));

/** Fresh secrets for each run, in the environment, where the tools look for required ones. */
async function setTestSecrets(): Promise<void> {
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  const { kty, crv, x, d } = await crypto.subtle.exportKey("jwk", pair.privateKey);
  const secret = Buffer.from(crypto.getRandomValues(new Uint8Array(32)));
  process.env["SESSION_SIGNING_KEY"] = JSON.stringify({ kty, crv, x, d });
  process.env["SERVER_SECRET"] = secret.toString("base64url");
}
