/** `npm run bench [-- --quick]`: prints the table of ratios and writes bench-results.json. */
import os from "node:os";
import { ensureDevSecrets } from "#worker/dev/secrets.ts";
import { benchCrypto } from "./crypto.ts";
import { printTable, writeResults } from "./result.ts";
import { benchSendPath } from "./send-path.ts";

const quick = process.argv.includes("--quick");
await ensureDevSecrets();
console.log(`${os.cpus().length} × ${os.cpus()[0]?.model ?? "unknown CPU"}, Node ${process.version}`);
const results = [...benchCrypto(quick), ...(await benchSendPath(quick))];
printTable(results);
writeResults(results);
process.exit(0);
