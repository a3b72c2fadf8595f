/**
 * Who gets no socket, and how sockets end, over real connections. A refused upgrade is accepted and closed with the code
 * that says why; nothing is stored. What this does not show: what a page of another origin sees of it.
 */
import { importJWK, SignJWT } from "jose";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { closeCodes, type CloseReason } from "#schema/errors.ts";
import { subprotocol, tokenSubprotocolPrefix } from "#schema/protocol/version.ts";
import { deviceOf, FrameStage, someId, tokenOf } from "../support/frame-stage.ts";
import { addRawDevice, rawRequest } from "../support/raw-account.ts";
import { openRawConversation, openRawInbox, protocolHeader, rawUpgrade } from "../support/raw-socket.ts";
import { pendingAlarms, storedDigests } from "../support/stored-rows.ts";

let stage: FrameStage;

beforeAll(async () => {
  stage = await FrameStage.open();
});
afterAll(() => stage.server.close());

const paths = (): string[] => ["/ws/inbox", `/ws/conversations/${stage.cast.id}`];

/** The upgrade is accepted and closed at once with the code of `reason`, and nothing is stored. */
async function expectClosed(
  path: string,
  headers: Readonly<Record<string, string | undefined>>,
  reason: CloseReason,
): Promise<void> {
  const before = storedDigests(stage.server.state);
  const socket = await rawUpgrade(stage.server.origin, path, headers);
  expect([path, socket.head.split("\r\n")[0]]).toEqual([path, "HTTP/1.1 101 Switching Protocols"]);
  expect([path, await socket.closed]).toEqual([path, { code: closeCodes[reason], reason }]);
  expect(storedDigests(stage.server.state)).toEqual(before);
}

function claimsOf(token: string): Record<string, unknown> {
  const [, claims = ""] = token.split(".");
  return JSON.parse(Buffer.from(claims, "base64url").toString()) as Record<string, unknown>;
}

/** Signs with the server's own key, as only the server can. */
async function sign(claims: Record<string, unknown>): Promise<string> {
  const secret = /SESSION_SIGNING_KEY='(.+)'/.exec(readFileSync(".dev.vars", "utf8"))?.[1] ?? "";
  const key = await importJWK(JSON.parse(secret) as Record<string, string>, "EdDSA");
  return new SignJWT(claims).setProtectedHeader({ alg: "EdDSA" }).sign(key);
}

test("[WS1] without the subprotocol of a version the server speaks: 4426", async () => {
  const token = `${tokenSubprotocolPrefix}${tokenOf(stage.cast.anna)}`;
  for (const path of paths()) {
    for (const offered of [
      undefined,
      "",
      token,
      `sotto.v0, ${token}`,
      `sotto.v999, ${token}`,
      `SOTTO.V1, ${token}`,
    ]) {
      await expectClosed(path, { "sec-websocket-protocol": offered }, "upgrade_required");
    }
  }
});

test("[WS1] without a token, or with one that is forged, of another purpose or for nobody: 4401", async () => {
  const valid = tokenOf(stage.cast.anna);
  const [head = "", claims = "", signature = ""] = valid.split(".");
  const other = { ...claimsOf(valid), sub: stage.cast.ben.account };
  const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const begun = await rawRequest(stage.server.origin, "POST", "/api/auth/register/begin", {
    json: { username: "somebody" },
  });
  const ticket = (begun.body as unknown as { data: { ticket: string } }).data.ticket;
  const tokens = [
    "",
    "x",
    `${head}.${claims}.`,
    `${head}.${encoded(other)}.${signature}`,
    `${encoded({ alg: "none" })}.${claims}.`,
    `${head}.${claims}.${signature.slice(0, -4)}AAAA`,
    ticket,
    await sign({ ...claimsOf(valid), aud: "sotto:login" }),
    await sign({ ...claimsOf(valid), iss: "someone" }),
  ];
  for (const path of paths()) {
    await expectClosed(path, { "sec-websocket-protocol": subprotocol }, "unauthenticated");
    for (const token of tokens) await expectClosed(path, protocolHeader(token), "unauthenticated");
  }
});

test("[WS60] a token counts only where tokens go: not in the address, a cookie or a header", async () => {
  const token = tokenOf(stage.cast.anna);
  for (const path of paths()) {
    const headers = {
      "sec-websocket-protocol": subprotocol,
      authorization: `Bearer ${token}`,
      cookie: `token=${token}`,
      "x-sotto-account": stage.cast.anna.account,
      "x-sotto-device": "1",
      "x-sotto-session": deviceOf(stage.cast.anna).session.sessionId,
      "x-sotto-username": "anna",
    };
    await expectClosed(`${path}?token=${token}`, headers, "unauthenticated");
  }
});

test("[WS1] an expired token asks for a refresh: 4402", async () => {
  const claims = claimsOf(tokenOf(stage.cast.anna));
  const expired = await sign({ ...claims, exp: Math.floor(Date.now() / 1000) - 1 });
  for (const path of paths()) await expectClosed(path, protocolHeader(expired), "token_expired");
});

test("[WS1] a foreign web page gets no socket, whatever it sends: 4403", async () => {
  const { origin } = stage.server;
  for (const path of paths()) {
    for (const foreign of [
      "https://evil.example",
      "null",
      origin.replace("http:", "https:"),
      `${origin}.evil.example`,
    ]) {
      await expectClosed(path, { ...protocolHeader(tokenOf(stage.cast.anna)), origin: foreign }, "forbidden");
    }
    const own = await rawUpgrade(origin, path, { ...protocolHeader(tokenOf(stage.cast.anna)), origin });
    own.send({ type: "nonsense" });
    expect(await own.next()).toMatchObject({ type: "error", error: { code: "malformed" } });
    own.close();
  }
  await stage.reopen();
});

test("[WS2] a stranger gets no socket of a conversation: 4403; one that does not exist stores nothing: 4404", async () => {
  const { stranger, othersId, annasOtherId, anna, ben, id } = stage.cast;
  await expectClosed(`/ws/conversations/${id}`, protocolHeader(tokenOf(stranger)), "forbidden");
  await expectClosed(`/ws/conversations/${othersId}`, protocolHeader(tokenOf(anna)), "forbidden");
  await expectClosed(`/ws/conversations/${annasOtherId}`, protocolHeader(tokenOf(ben)), "forbidden");
  for (const unknown of [someId, "x", `${"A".repeat(21)}B`, `${id}A`, "%2e%2e%2finbox"]) {
    await expectClosed(`/ws/conversations/${unknown}`, protocolHeader(tokenOf(anna)), "not_found");
  }
  await stage.expectUnharmed("strangers");
});

test("[WS62] a plain request to a socket's address is malformed", async () => {
  const token = tokenOf(stage.cast.anna);
  for (const path of paths()) {
    const { status, body } = await rawRequest(stage.server.origin, "GET", path, { token });
    expect([status, body]).toEqual([
      400,
      {
        success: false,
        error: {
          code: "malformed",
          message: "This address takes WebSocket upgrades only.",
          requestId: expect.stringMatching(/^[\w-]{36}$/),
        },
      },
    ]);
    const posted = await rawRequest(stage.server.origin, "POST", path, { token, json: {} });
    expect(posted.status).toBe(405);
  }
});

test("[WS7] a client's close is answered with its own code at once, on either channel", async () => {
  const { anna, id } = stage.cast;
  const protocols = [subprotocol, `${tokenSubprotocolPrefix}${tokenOf(anna)}`];
  const ends: [number | undefined, string, object][] = [
    [undefined, "", { code: 1000, reason: "" }],
    [1000, "", { code: 1000, reason: "" }],
    [4001, "bye", { code: 4001, reason: "bye" }],
  ];
  for (const path of paths()) {
    for (const [code, reason, answer] of ends) {
      const raw = path.endsWith("inbox")
        ? await openRawInbox(stage.server.origin, tokenOf(anna))
        : await openRawConversation(stage.server.origin, id, tokenOf(anna));
      raw.close(code, reason);
      expect([path, code, await raw.closed]).toEqual([path, code, answer]);
    }
    for (const [code, reason] of ends) {
      const socket = new WebSocket(`${stage.server.origin.replace("http", "ws")}${path}`, protocols);
      await new Promise((resolve) => socket.addEventListener("open", resolve));
      const startedAtMs = performance.now();
      const ended = new Promise<CloseEvent>((resolve) => socket.addEventListener("close", resolve));
      if (code === undefined) socket.close();
      else socket.close(code, reason);
      const { wasClean, code: seen } = await ended;
      expect([path, wasClean, seen === 1006]).toEqual([path, true, false]);
      expect(performance.now() - startedAtMs).toBeLessThan(2_000);
    }
  }
  await stage.reopen();
  await stage.expectUnharmed("ends");
});

test("[WS3] a newer socket of the same device takes the place of the older: 4409", async () => {
  const { annas, annasInbox } = stage.sockets;
  await stage.reopen();
  for (const older of [annas, annasInbox]) {
    expect(await older.closed).toEqual({ code: closeCodes.replaced, reason: "replaced" });
  }
  await stage.expectUnharmed("replaced");
});

test("[WS8] a device that a newer list revokes loses its sockets and gets no new ones: 4410", async () => {
  const { origin } = stage.server;
  const { anna, id } = stage.cast;
  const revoked = deviceOf(anna, 1);
  const token = revoked.session.accessToken;
  const open = [await openRawConversation(origin, id, token), await openRawInbox(origin, token)];
  await addRawDevice(origin, anna, [revoked.own.cert.deviceId]);
  for (const socket of open) {
    expect(await socket.closed).toEqual({ code: closeCodes.session_revoked, reason: "session_revoked" });
  }
  await expectSettled();
  for (const path of paths()) await expectClosed(path, protocolHeader(token), "session_revoked");
});

test("[WS8] a session that ended and a device that was signed out get no socket: 4410", async () => {
  const { origin } = stage.server;
  const { anna, id } = stage.cast;
  const signedOut = await addRawDevice(origin, anna);
  const token = signedOut.session.accessToken;
  const open = [await openRawConversation(origin, id, token), await openRawInbox(origin, token)];
  const ended = await rawRequest(origin, "POST", "/api/auth/logout", { token, json: { scope: "device" } });
  expect(ended.body.success).toBe(true);
  for (const socket of open) {
    expect(await socket.closed).toEqual({ code: closeCodes.session_revoked, reason: "session_revoked" });
  }
  await expectSettled();
  for (const path of paths()) await expectClosed(path, protocolHeader(token), "session_revoked");
});

/** What follows from a change of devices has been told everywhere. */
async function expectSettled(): Promise<void> {
  await expect
    .poll(
      () => pendingAlarms(stage.server.state).filter((name) => !["sweep", "clean", "sockets"].includes(name)),
      {
        timeout: 30_000,
      },
    )
    .toEqual([]);
}
