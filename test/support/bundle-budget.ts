/**
 * What a browser must download before the chat list shows: the entry's JavaScript with its static imports and the
 * crypto worker, Brotli-compressed. Fails above the budget.
 */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { brotliCompressSync } from "node:zlib";

const budgetBytes = 120_000;
const client = path.resolve(import.meta.dirname, "../../dist/client");

/** Every script of the build counts; there are no routes that load later. */
const sizes = readdirSync(path.join(client, "assets"))
  .filter((file) => file.endsWith(".js"))
  .map((file) => ({
    file,
    bytes: brotliCompressSync(readFileSync(path.join(client, "assets", file))).length,
  }));

for (const { file, bytes } of sizes) console.log(`${(bytes / 1000).toFixed(1).padStart(7)} kB  ${file}`);
const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
console.log(
  `${(total / 1000).toFixed(1).padStart(7)} kB  of ${budgetBytes / 1000} kB allowed before the chat list`,
);
if (sizes.length === 0 || total > budgetBytes) {
  console.error(sizes.length === 0 ? "no scripts in the build" : "over the budget");
  process.exit(1);
}
