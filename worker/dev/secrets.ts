/**
 * Secrets of a development machine: made at random on first use, kept in `.dev.vars` (never committed).
 * `node worker/dev/secrets.ts --print` prints a fresh set for `wrangler secret bulk`; with `--metrics` it prints the token that
 * reads the metrics of the server whose SERVER_SECRET is in the environment; with `--franking` the key that verifies reports to it.
 */
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { frankingKey, metricsToken } from "../secrets.ts";
import { root } from "./paths.ts";

export interface Secrets {
  /** Ed25519 private key as a JSON Web Key. */
  readonly SESSION_SIGNING_KEY: string;
  /** 32 random bytes, base64url. */
  readonly SERVER_SECRET: string;
}

export async function generateSecrets(): Promise<Secrets> {
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  if (!("privateKey" in pair)) throw new Error("Ed25519 key generation gave no pair");
  const { kty, crv, d, x } = await crypto.subtle.exportKey("jwk", pair.privateKey);
  const secret = Buffer.from(crypto.getRandomValues(new Uint8Array(32)));
  return {
    SESSION_SIGNING_KEY: JSON.stringify({ kty, crv, d, x, alg: "EdDSA" }),
    SERVER_SECRET: secret.toString("base64url"),
  };
}

/** Writes `.dev.vars` unless it already holds every secret. */
export async function ensureDevSecrets(file: string = path.join(root, ".dev.vars")): Promise<void> {
  const present = existsSync(file) ? readFileSync(file, "utf8") : "";
  const secrets = await generateSecrets();
  const missing = Object.entries(secrets).filter(([name]) => !new RegExp(`^${name}=`, "m").test(present));
  if (missing.length === 0) return;
  const lines = missing.map(([name, value]) => `${name}='${value}'`);
  writeFileSync(file, [present.trimEnd(), ...lines, ""].filter((line, i) => i > 0 || line !== "").join("\n"));
  chmodSync(file, 0o600);
}

if (import.meta.main && process.argv.includes("--metrics")) {
  const secret = process.env["SERVER_SECRET"] ?? "";
  console.log(Buffer.from(await metricsToken(secret)).toString("base64url"));
} else if (import.meta.main && process.argv.includes("--franking")) {
  console.log(Buffer.from(await frankingKey(process.env["SERVER_SECRET"] ?? "")).toString("base64url"));
} else if (import.meta.main && process.argv.includes("--print")) {
  console.log(JSON.stringify(await generateSecrets(), null, 2));
}
