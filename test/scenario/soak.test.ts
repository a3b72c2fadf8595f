/** The soak (`npm run soak`) in short: fewer clients, less than a minute, the same bad luck and the same oracle. */
import { expect, test } from "vitest";
import { growthOf } from "../soak/samples.ts";
import { soak } from "../soak/soak.ts";

const seed = 20_261_121;

test("[CV40] [CL80] a while of broken connections, dying clients and servers and sleeping objects loses, doubles and disorders nothing", async () => {
  const lines: string[] = [];
  const report = await soak({
    seed,
    durationMs: 45_000,
    stormShare: 0.5,
    clients: 32,
    conversations: 8,
    real: 2,
    groups: 2,
    messagesPerSecond: 30,
    faultEveryMs: 6_000,
    sampleEveryMs: 2_000,
    note: (line) => lines.push(line),
  });
  expect(report.violations).toEqual([]);
  expect(report.messages).toBeGreaterThan(1_000);
  expect(report.faults.server_kills).toBeGreaterThanOrEqual(3);
  for (const kind of ["disconnects", "client_kills", "evictions", "group_changes"] as const) {
    expect(report.faults[kind]).toBeGreaterThan(10);
  }
  const { storageBytesPerMessage } = growthOf(report.samples);
  for (const bytes of storageBytesPerMessage) expect(bytes).toBeLessThan(8_192);
  console.log(
    [
      `seed ${seed}: ${report.messages} messages, ${JSON.stringify(report.faults)}`,
      `storage per further message: ${storageBytesPerMessage.map((bytes) => Math.round(bytes ?? 0)).join(", ")} bytes`,
      ...lines.filter((_, index) => index % 5 === 0),
    ].join("\n"),
  );
}, 240_000);
