/** The rendezvous of a link over HTTP inside workerd, and the device routes of an account. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { createAccountKey } from "#core/crypto/device-identity.ts";
import { createNextList } from "#core/crypto/device-list.ts";
import { nobleProvider as provider } from "#core/crypto/noble-provider.ts";
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { limits } from "#schema/limits.ts";
import { addRawDevice, type RawAccount, rawRequest, registerRaw } from "#test/support/raw-account.ts";
import { openInbox, origin } from "./live-client.ts";
import { firstDevice, newName, tokenOf } from "./pair.ts";

interface Request {
  readonly json?: unknown;
  readonly token?: string;
}

/** The data of a success, or the code of a refusal. */
async function ask(method: string, path: string, request: Request = {}): Promise<unknown> {
  const { body } = await rawRequest(origin, method, path, request);
  return body.success ? body.data : body.error.code;
}

const newId = (): string => encodeBase64url(provider.random(16));
const expires = { expiresAtMs: expect.any(Number) };
const one = "AQ";
const two = "Ag";

describe("the rendezvous", () => {
  test("[LK2] [LK3] four messages go to and fro; a read that waits gets the next one as soon as it is there", async () => {
    const token = tokenOf(await registerRaw(origin, newName()));
    const at = `/api/links/${newId()}`;
    const waiting = ask("GET", `${at}/from-new/request?wait=1`, { token });
    expect(await ask("POST", `${at}/from-old/offer`, { token, json: { data: one } })).toBe("not_found");
    expect(await ask("POST", `${at}/from-new/request`, { json: { data: one } })).toEqual(expires);
    expect(await waiting).toEqual({ data: one });
    const offered = ask("GET", `${at}/from-old/offer?wait=1`);
    expect(await ask("POST", `${at}/from-old/offer`, { token, json: { data: two } })).toEqual(expires);
    expect(await offered).toEqual({ data: two });
    expect(await ask("GET", `${at}/from-old/grant`)).toEqual({});
    expect(await ask("POST", `${at}/from-new/proof`, { json: { data: one } })).toEqual(expires);
    expect(await ask("POST", `${at}/from-new/proof`, { json: { data: two } })).toBe("slot_taken");
    expect(await ask("GET", `${at}/from-new/proof`, { token })).toEqual({ data: one });
    expect(await ask("POST", `${at}/from-old/grant`, { token, json: { data: one } })).toEqual(expires);
    expect(await ask("GET", `${at}/from-old/grant`)).toEqual({ data: one });
  });

  test("[LK4] [ATTACK 47] the side of the account needs a session, and the first account is the only one", async () => {
    const [anna, ben] = [
      tokenOf(await registerRaw(origin, newName())),
      tokenOf(await registerRaw(origin, newName())),
    ];
    const at = `/api/links/${newId()}`;
    await ask("POST", `${at}/from-new/request`, { json: { data: one } });
    expect(await ask("GET", `${at}/from-new/request`)).toBe("unauthenticated");
    expect(await ask("POST", `${at}/from-old/offer`, { json: { data: one } })).toBe("unauthenticated");
    expect(await ask("GET", `${at}/from-new/request`, { token: anna })).toEqual({ data: one });
    expect(await ask("GET", `${at}/from-new/request`, { token: ben })).toBe("forbidden");
    expect(await ask("POST", `${at}/from-old/offer`, { token: ben, json: { data: one } })).toBe("forbidden");
  });

  test("[LK5] [ATTACK 47] an ended link wakes who waits, keeps no message, and its id cannot be used again", async () => {
    const id = newId();
    const at = `/api/links/${id}`;
    await ask("POST", `${at}/from-new/request`, { json: { data: one } });
    const waiting = ask("GET", `${at}/from-old/offer?wait=1`);
    expect(await ask("DELETE", at)).toEqual({});
    expect(await waiting).toBe("link_over");
    expect(await ask("POST", `${at}/from-new/request`, { json: { data: one } })).toBe("link_over");
    const stub = env.RENDEZVOUS.getByName(id);
    const rows = await runInDurableObject(stub, (_object, { storage }) =>
      storage.sql.exec("SELECT * FROM messages").toArray(),
    );
    expect(rows).toEqual([]);
  });

  test("[LK1] [LK5] what nobody ended is deleted by the alarm, and in the end the id is forgotten", async () => {
    const id = newId();
    const at = `/api/links/${id}`;
    await ask("POST", `${at}/from-new/request`, { json: { data: one } });
    const stub = env.RENDEZVOUS.getByName(id);
    const look = (): Promise<unknown> =>
      runInDurableObject(stub, async (_object, { storage }) => ({
        tables: storage.sql
          .exec("SELECT name FROM sqlite_master WHERE name IN ('link', 'messages')")
          .toArray().length,
        alarm: ((await storage.getAlarm()) ?? 0) - Date.now() > limits.linkMs,
      }));
    expect(await look()).toEqual({ tables: 2, alarm: false });
    await runDurableObjectAlarm(stub);
    expect(await ask("GET", `${at}/from-old/offer`)).toBe("link_over");
    expect(await look()).toEqual({ tables: 2, alarm: true });
    await runInDurableObject(stub, (_object, { storage }) => {
      storage.sql.exec("UPDATE link SET opened_at_ms = opened_at_ms - ?", limits.linkTombstoneMs);
    });
    await runDurableObjectAlarm(stub);
    expect(await look()).toEqual({ tables: 0, alarm: false });
  });

  test("[LK6] opening links is limited per address, and only so many reads may wait", async () => {
    const at = `/api/links/${newId()}`;
    await ask("POST", `${at}/from-new/request`, { json: { data: one } });
    const waiting = Array.from({ length: limits.linkWaiters + 1 }, () =>
      ask("GET", `${at}/from-old/offer?wait=1`),
    );
    expect(await Promise.race(waiting)).toBe("rate_limited");
    await ask("DELETE", at);
    const ended = (await Promise.all(waiting)).filter((outcome) => outcome === "link_over");
    expect(ended.length).toBe(limits.linkWaiters);
    const headers = { "cf-connecting-ip": "203.0.113.7" };
    const codes: unknown[] = [];
    for (let count = 0; count < 21; count += 1) {
      const path = `/api/links/${newId()}/from-new/request`;
      const { body } = await rawRequest(origin, "POST", path, { json: { data: one }, headers });
      codes.push(body.success ? "accepted" : body.error.code);
    }
    expect([codes.slice(0, 20), codes[20]]).toEqual([
      Array.from({ length: 20 }, () => "accepted"),
      "rate_limited",
    ]);
  });

  test("[LK7] the ticket for a new device comes with the vault under nothing that could be guessed, and lets nobody in by itself", async () => {
    const anna = await registerRaw(origin, newName());
    const prepared = await ask("POST", "/api/auth/device/ticket", { token: tokenOf(anna) });
    expect(prepared).toEqual({
      account: anna.account,
      ticket: expect.any(String),
      salt: expect.stringMatching(/^.{22}$/),
      vault: {
        version: 1,
        data: expect.any(String),
        wraps: [{ kind: "recovery", data: expect.any(String) }],
      },
      devices: expect.objectContaining({ account: anna.account, username: anna.username }),
      passwordId: expect.stringMatching(/^.{22}$/),
      hasRecoveryKey: true,
    });
    const { ticket } = prepared as { ticket: string };
    const thief = { ...anna, aik: createAccountKey(provider), devices: [] };
    await expect(addRawDevice(origin, thief)).rejects.toThrow("device_list_conflict");
    expect(await ask("POST", "/api/auth/register", { json: { ticket } })).toBe("malformed");
    expect(await ask("POST", "/api/auth/device/ticket")).toBe("unauthenticated");
  });
});

describe("the devices of an account", () => {
  const listOf = (account: RawAccount, revoke: readonly number[], aik = account.aik): string =>
    encodeBase64url(createNextList(provider, aik, account.list, { issuedAtMs: Date.now(), revoke }).bytes);

  test("[LK8] a device sees and names the devices of its account, and of no other", async () => {
    const anna = await registerRaw(origin, newName());
    await addRawDevice(origin, anna);
    const token = tokenOf(anna);
    expect(
      await ask("PUT", "/api/devices/2/name", { token, json: { deviceName: "Kitchen tablet" } }),
    ).toEqual({});
    const device = { addedAtMs: expect.any(Number), lastActiveDayMs: expect.any(Number) };
    expect(await ask("GET", "/api/devices", { token })).toEqual({
      devices: [
        { deviceId: 1, deviceName: "raw device", ...device },
        { deviceId: 2, deviceName: "Kitchen tablet", ...device },
      ],
    });
    expect(await ask("PUT", "/api/devices/3/name", { token, json: { deviceName: "x" } })).toBe("not_found");
    expect(await ask("PUT", "/api/devices/x/name", { token, json: { deviceName: "x" } })).toBe("malformed");
  });

  test("[LK9] a list that revokes a device ends its session and closes its socket; repeating it is harmless", async () => {
    const anna = await registerRaw(origin, newName());
    await addRawDevice(origin, anna);
    const lost = await openInbox(tokenOf(anna, 1));
    const deviceList = listOf(anna, [2]);
    const publish = (token: string) => ask("PUT", "/api/devices/list", { token, json: { deviceList } });
    expect(await publish(tokenOf(anna))).toEqual({});
    expect(await lost.closed).toMatchObject({ reason: "session_revoked" });
    expect(await ask("GET", "/api/auth/me", { token: tokenOf(anna, 1) })).toBe("session_revoked");
    expect(await publish(tokenOf(anna))).toEqual({});
    expect(await ask("GET", "/api/devices", { token: tokenOf(anna) })).toMatchObject({
      devices: [{ deviceId: 1 }],
    });
  });

  test("[LK9] a list that is not signed by the account key, adds a device or follows no list is refused", async () => {
    const anna = await registerRaw(origin, newName());
    const ben = await registerRaw(origin, newName());
    await addRawDevice(origin, anna);
    const token = tokenOf(anna);
    const publish = (deviceList: string) => ask("PUT", "/api/devices/list", { token, json: { deviceList } });
    const spoilt = listOf(anna, [2]).replace(/.{4}$/, "AAAA");
    expect(await publish(spoilt)).toBe("bad_signature");
    expect(await publish(listOf(ben, [1]))).toBe("bad_signature");
    expect(await publish(listOf(anna, [2], createAccountKey(provider)))).toBe("device_list_conflict");
    const { cert } = firstDevice(ben).own;
    const adding = createNextList(provider, anna.aik, anna.list, {
      issuedAtMs: 1,
      add: [{ ...cert, deviceId: 3 }],
    });
    expect(await publish(encodeBase64url(adding.bytes))).toBe("device_list_conflict");
    expect(await ask("GET", "/api/devices", { token })).toMatchObject({
      devices: [{ deviceId: 1 }, { deviceId: 2 }],
    });
  });
});
