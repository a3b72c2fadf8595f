import { expect, test } from "vitest";
import { limits } from "#schema/limits.ts";
import { leaseCheckAtMs, leaseEnd } from "./lease.ts";

const { socketSilenceMs } = limits;

test("[WS40] a socket may stay until its token runs out", () => {
  const lease = { expiresAtMs: 1_000_000, heardAtMs: 999_000 };
  expect([leaseEnd(lease, 999_999), leaseEnd(lease, 1_000_000)]).toEqual([undefined, "token_expired"]);
  expect(leaseCheckAtMs(lease)).toBe(1_000_000);
});

test("[WS41] a socket may stay silent for three pings and no longer", () => {
  const lease = { expiresAtMs: 10_000_000, heardAtMs: 5_000 };
  expect(socketSilenceMs).toBe(3 * limits.pingIntervalMs);
  expect(leaseEnd(lease, 4_999 + socketSilenceMs)).toBeUndefined();
  expect(leaseEnd(lease, 5_000 + socketSilenceMs)).toBe("silent");
  expect(leaseCheckAtMs(lease)).toBe(5_000 + socketSilenceMs);
});
