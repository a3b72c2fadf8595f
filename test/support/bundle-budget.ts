/**
 * What a browser must download before the chat list shows: the entry's JavaScript with its static imports and the
 * crypto worker, Brotli-compressed. What is fetched later does not count. Fails above the budget.
 */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync } from "node:zlib";

const budgetBytes = 120_000;
const client = path.resolve(import.meta.dirname, "../../dist/client");

const assets = path.join(client, "assets");

/** A script and everything that it imports as a whole; what it fetches later does not count. */
function withImports(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  const source = readFileSync(path.join(assets, file), "utf8");
  for (const [, imported = ""] of source.matchAll(
    /(?:^|[;}])\s*(?:import|export)[^"'`(;]*["'`]\.\/([\w.-]+\.js)["'`]/g,
  )) {
    withImports(imported, found);
  }
  return found;
}

const scripts = readdirSync(assets).filter((file) => file.endsWith(".js"));
const page = readFileSync(path.join(client, "index.html"), "utf8");
const entries = scripts.filter((file) => page.includes(file));
// The crypto worker is started by the entry, by its address.
const starters = entries.flatMap((file) => [...withImports(file)]);
const workers = scripts.filter((file) =>
  starters.some((starter) => readFileSync(path.join(assets, starter), "utf8").includes(`/assets/${file}`)),
);
const first = new Set([...entries, ...workers].flatMap((file) => [...withImports(file)]));
const sizes = [...first].map((file) => ({
  file,
  bytes: brotliCompressSync(readFileSync(path.join(assets, file))).length,
}));
if (workers.length === 0) throw new Error("the crypto worker was not found");

for (const { file, bytes } of sizes) console.log(`${(bytes / 1000).toFixed(1).padStart(7)} kB  ${file}`);
const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
console.log(
  `${(total / 1000).toFixed(1).padStart(7)} kB  of ${budgetBytes / 1000} kB allowed before the chat list`,
);
if (sizes.length === 0 || total > budgetBytes) {
  console.error(sizes.length === 0 ? "no scripts in the build" : "over the budget");
  process.exit(1);
}
