/** The backup routes inside workerd, over a real bucket. */
import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { nobleProvider as provider } from "#core/crypto/noble-provider.ts";
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { limits } from "#schema/limits.ts";
import { addRawDevice, type RawAccount, rawRequest, registerRaw } from "#test/support/raw-account.ts";
import { manifestWrite } from "#test/support/raw-backup.ts";
import { app } from "#worker/app.ts";
import { signAccessToken } from "#worker/tokens.ts";
import { origin } from "./live-client.ts";
import { firstDevice, newName, tokenOf } from "./pair.ts";

const newSegment = () => ({
  id: encodeBase64url(provider.random(16)),
  data: encodeBase64url(provider.random(300)),
});

/** The data of a success, or the code of a refusal. */
async function outcome(method: string, path: string, token: string, json?: unknown): Promise<unknown> {
  const { body } = await rawRequest(origin, method, `/api/backup${path}`, {
    token,
    ...(json !== undefined && { json }),
  });
  return body.success ? body.data : body.error.code;
}

async function withBackup(): Promise<{
  anna: RawAccount;
  token: string;
  segment: { id: string; data: string };
}> {
  const anna = await registerRaw(origin, newName());
  const token = tokenOf(anna);
  const segment = newSegment();
  await outcome("PUT", `/segments/${segment.id}`, token, { data: segment.data });
  const write = manifestWrite(firstDevice(anna), { expected: 0, version: 1, segments: [segment.id] });
  await outcome("PUT", "/manifest", token, write);
  return { anna, token, segment };
}

test("[BK10] every device of an account reads what each of them wrote; sizes count against the allowance", async () => {
  const { anna, token, segment } = await withBackup();
  await addRawDevice(origin, anna);
  const second = tokenOf(anna, 1);
  expect(await outcome("GET", "", second)).toEqual({
    manifests: [{ device: 1, version: 1 }],
    usedBytes: 800,
    quotaBytes: limits.backupQuotaBytes,
  });
  expect(await outcome("GET", `/segments/1/${segment.id}`, second)).toEqual({ data: segment.data });
  expect(await outcome("GET", "/manifests/1", second)).toEqual({ version: 1, data: expect.any(String) });
  const own = anna.devices[1]!;
  const write = manifestWrite(own, { expected: 0, version: 1 });
  expect(await outcome("PUT", "/manifest", second, write)).toEqual({ version: 1 });
  expect(await outcome("GET", "/manifests/2", token)).toEqual({ version: 1, data: write.data });
  expect(await outcome("GET", "", token)).toMatchObject({
    manifests: [
      { device: 1, version: 1 },
      { device: 2, version: 1 },
    ],
  });
});

test("[BK11] a stranger finds nothing; signed-out, revoked and expired devices are refused", async () => {
  const { anna, token, segment } = await withBackup();
  const stranger = tokenOf(await registerRaw(origin, newName()));
  expect(await outcome("GET", "", stranger)).toMatchObject({ manifests: [], usedBytes: 0 });
  expect(await outcome("GET", "/manifests/1", stranger)).toBe("not_found");
  expect(await outcome("GET", `/segments/1/${segment.id}`, stranger)).toBe("not_found");
  const requests: [string, string, unknown?][] = [
    ["GET", ""],
    ["GET", "/manifests/1"],
    ["GET", `/segments/1/${segment.id}`],
    ["PUT", `/segments/${segment.id}`, { data: segment.data }],
    ["PUT", "/manifest", manifestWrite(firstDevice(anna), { expected: 1, version: 2 })],
  ];
  const { account, deviceId, sessionId, username } = firstDevice(anna).session;
  const identity = { account, device: deviceId, session: sessionId, username };
  const { token: expired } = await signAccessToken(env, identity, Date.now() - 3_600_000);
  for (const [method, path, json] of requests) {
    expect([path, await outcome(method, path, expired, json)]).toEqual([path, "token_expired"]);
  }
  await addRawDevice(origin, anna, [1]);
  for (const [method, path, json] of requests) {
    expect([path, await outcome(method, path, token, json)]).toEqual([path, "session_revoked"]);
  }
  expect(await outcome("GET", `/segments/1/${segment.id}`, tokenOf(anna, 1))).toEqual({ data: segment.data });
});

test("[BK12] a manifest takes the place of the one it names; late, repeated and raced writes change nothing", async () => {
  const { anna, token } = await withBackup();
  const device = firstDevice(anna);
  const put = (write: object) => outcome("PUT", "/manifest", token, write);
  const second = manifestWrite(device, { expected: 1, version: 2 });
  expect([await put(second), await put(second)]).toEqual([{ version: 2 }, { version: 2 }]);
  expect(await put(manifestWrite(device, { expected: 1, version: 2 }))).toBe("backup_conflict");
  expect(await put(manifestWrite(device, { expected: 0, version: 3 }))).toBe("backup_conflict");
  expect(await put(manifestWrite(device, { expected: 2, version: 2 }))).toBe("backup_conflict");
  expect(await put(manifestWrite(device, { expected: 2, version: 1 }))).toBe("backup_conflict");
  const raced = [1, 2, 3].map(() => manifestWrite(device, { expected: 2, version: 3 }));
  const answers = await Promise.all(raced.map(put));
  const winner = answers.findIndex((answer) => typeof answer === "object");
  expect(answers.filter((answer) => answer === "backup_conflict").length).toBe(2);
  expect(await outcome("GET", "/manifests/1", token)).toEqual({ version: 3, data: raced[winner]?.data });
});

test("[BK13] without the device's signature over all of it nothing is replaced and nothing removed", async () => {
  const { anna, token, segment } = await withBackup();
  await addRawDevice(origin, anna);
  const good = manifestWrite(firstDevice(anna), { expected: 1, version: 2, segments: [segment.id] });
  const spoilt = [
    { ...good, segments: [] },
    { ...good, data: encodeBase64url(provider.random(500)) },
    { ...good, version: 3 },
    { ...good, signature: manifestWrite(anna.devices[1]!, { expected: 1, version: 2 }).signature },
  ];
  for (const write of spoilt) expect(await outcome("PUT", "/manifest", token, write)).toBe("bad_signature");
  expect(await outcome("GET", "", token)).toMatchObject({ manifests: [{ device: 1, version: 1 }] });
  expect(await outcome("GET", `/segments/1/${segment.id}`, token)).toEqual({ data: segment.data });
});

test("[BK14] a segment never changes; one that the manifest no longer names is removed, another device's is not", async () => {
  const { anna, token, segment } = await withBackup();
  await addRawDevice(origin, anna);
  const other = newSegment();
  const path = `/segments/${segment.id}`;
  expect(await outcome("PUT", path, token, { data: other.data })).toEqual({ stored: false });
  expect(await outcome("PUT", path, tokenOf(anna, 1), { data: other.data })).toEqual({ stored: true });
  expect(await outcome("GET", `/segments/1/${segment.id}`, token)).toEqual({ data: segment.data });
  expect(await outcome("PUT", `/segments/${other.id}`, token, { data: other.data })).toEqual({
    stored: true,
  });
  const write = manifestWrite(firstDevice(anna), { expected: 1, version: 2, segments: [other.id] });
  expect(await outcome("PUT", "/manifest", token, write)).toEqual({ version: 2 });
  expect(await outcome("GET", `/segments/1/${segment.id}`, token)).toBe("not_found");
  expect(await outcome("GET", `/segments/1/${other.id}`, token)).toEqual({ data: other.data });
  expect(await outcome("GET", `/segments/2/${segment.id}`, token)).toEqual({ data: other.data });
});

test("[BK15] beyond the account's allowance a segment is refused, and names in the bucket say nothing", async () => {
  const { anna, token, segment } = await withBackup();
  const put = async (quota: string, { id, data }: { id: string; data: string }) => {
    const request = new Request(`${origin}/api/backup/segments/${id}`, {
      method: "PUT",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ data }),
    });
    const answer = await app.fetch(request, { ...env, BACKUP_QUOTA: quota }, createExecutionContext());
    const body: { success: boolean; data?: unknown; error?: { code: string } } = await answer.json();
    return body.success ? body.data : body.error?.code;
  };
  expect(await put("1099", newSegment())).toBe("quota_exceeded");
  expect(await outcome("GET", "", token)).toMatchObject({ usedBytes: 800 });
  expect(await put("1099", segment)).toEqual({ stored: false });
  expect(await put("1100", newSegment())).toEqual({ stored: true });
  const names = (await env.MEDIA.list()).objects.map(({ key }) => key);
  expect(names.length).toBeGreaterThan(0);
  expect(names.filter((name) => name.includes(anna.account) || name.includes(anna.username))).toEqual([]);
});
