/**
 * The moderators' tool. `keys` makes a key pair; `open` reads rows of the table `reports` as JSON from its input, opens each with the
 * private key in SOTTO_REPORT_KEY and checks every message in it with the franking key in SOTTO_FRANKING_KEY.
 */
import { nobleProvider } from "#core/crypto/noble-provider.ts";
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { openRow, type OpenedReport, parseRows } from "./report-rows.ts";

const usage = `Reports, for the operator:

  npm run -s reports -- keys
      a fresh key pair: the public key goes into REPORT_PUBLIC_KEY, the private one into a safe
  npx wrangler d1 execute sotto-production-directory --remote --json --command 'SELECT * FROM reports' | npm run -s reports -- open
      opens the reports, with SOTTO_REPORT_KEY (the private key) and SOTTO_FRANKING_KEY (from npm run -s secrets -- --franking)`;

function keys(): void {
  const secret = nobleProvider.random(32);
  console.log(`REPORT_PUBLIC_KEY=${encodeBase64url(nobleProvider.x25519PublicKey(secret))}`);
  console.log(`SOTTO_REPORT_KEY=${encodeBase64url(secret)}`);
}

async function open(): Promise<number> {
  const secrets = { reportKey: needed("SOTTO_REPORT_KEY"), frankingKey: needed("SOTTO_FRANKING_KEY") };
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  const opened = parseRows(Buffer.concat(chunks).toString("utf8")).map((row) =>
    openRow(nobleProvider, secrets, row),
  );
  for (const report of opened) print(report);
  return opened.every(({ problem }) => problem === undefined) ? 0 : 1;
}

function print({ reportId, reporter, receivedAtMs, problem, ...report }: OpenedReport): void {
  console.log(`report ${reportId} of ${reporter}, ${new Date(receivedAtMs).toISOString()}`);
  if (problem !== undefined) console.log(`  REFUSED: ${problem}`);
  if (report.reason !== undefined) console.log(`  reason: ${report.reason}`);
  if (report.note !== undefined && report.note !== "") console.log(`  note: ${JSON.stringify(report.note)}`);
  for (const message of report.messages ?? []) {
    const { conversation, seq, sender, serverTimeMs, content } = message;
    const place = `${conversation}/${seq} by ${sender}, ${new Date(serverTimeMs).toISOString()}`;
    if ("problem" in message) console.log(`  REFUSED ${place}: ${message.problem}`);
    else console.log(`  verified ${place}: ${JSON.stringify(content)}`);
  }
}

function needed(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") throw new Error(`${name} is not set`);
  return value;
}

async function main(): Promise<number> {
  const command = process.argv[2];
  if (command === "open") return open();
  if (command === "keys") keys();
  else console.log(usage);
  return command === "keys" || command === "help" ? 0 : 2;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`reports: ${error instanceof Error ? error.message : "failed"}`);
  process.exitCode = 1;
}
