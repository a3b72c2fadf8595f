import { describe, expect, test } from "vitest";
import { Tokens } from "#core/api/tokens.ts";
import type { Session } from "#schema/http/auth.ts";
import type { AccountId, SessionId } from "#schema/ids.ts";
import { quickProvider } from "#test/support/client/fake-server.ts";
import { ManualTime, settle } from "#test/support/client/manual-time.ts";

const account = "AAAAAAAAAAAAAAAAAAAAAA" as AccountId;
type Answer =
  | { status: "session"; of?: { account?: AccountId; deviceId?: number } }
  | { status: "error"; code: string }
  | { status: "network" };

function setUp(answers: Record<string, Answer>, refreshTransport: "cookie" | "body" = "body") {
  const time = new ManualTime();
  const calls: { path: string; body: unknown; credentials: string | undefined }[] = [];
  let issued = 0;
  const session = (): Session => {
    issued += 1;
    return {
      account,
      username: "alice",
      deviceId: 1,
      sessionId: "AAAAAAAAAAAAAAAAAAAAAA" as SessionId,
      accessToken: `access ${issued}`,
      accessExpiresAtMs: time.nowMs + 1_000_000 + 900_000,
      serverTimeMs: time.nowMs + 1_000_000,
      ...(refreshTransport === "body" && { refreshToken: `refresh ${issued}` }),
    };
  };
  const renewed: string[] = [];
  const ended: string[] = [];
  const environment = {
    provider: quickProvider,
    origin: "https://example.test",
    refreshTransport,
    openSocket: () => ({ send() {}, close() {} }),
    async fetch(url: string, init: RequestInit) {
      const path = new URL(url).pathname.replace("/api/auth/", "");
      calls.push({
        path,
        body: typeof init.body === "string" ? JSON.parse(init.body) : undefined,
        credentials: init.credentials,
      });
      if (path === "renew/challenge")
        return Response.json({ success: true, data: { challenge: "c", ticket: "t" } });
      const answer = answers[path] ?? { status: "network" };
      if (answer.status === "network") throw new TypeError("offline");
      if (answer.status === "session")
        return Response.json({ success: true, data: { ...session(), ...answer.of } });
      const error = { code: answer.code, message: "no", requestId: "r" };
      return Response.json({ success: false, error }, { status: 401 });
    },
    ...time.parts,
  };
  const tokens = new Tokens(environment, {
    account,
    deviceId: 1,
    ...(refreshTransport === "body" && { refreshToken: "refresh 0" }),
    signChallenge: (challenge) => `signed ${challenge}`,
    renewed: async ({ accessToken }) => void renewed.push(accessToken),
    ended: (reason) => void ended.push(reason),
  });
  return { time, tokens, calls, renewed, ended };
}

describe("tokens", () => {
  test("[CL191] while held no token is given and none fetched; afterwards it goes on", async () => {
    const { tokens, calls } = setUp({ refresh: { status: "session" } });
    await tokens.access();
    tokens.hold(true);
    await expect(tokens.access()).rejects.toMatchObject({ kind: "unavailable" });
    tokens.invalidate("access 1");
    await expect(tokens.access()).rejects.toMatchObject({ kind: "unavailable" });
    expect(calls).toHaveLength(1);
    tokens.hold(false);
    expect(await tokens.access()).toBe("access 2");
  });

  test("[CL56] many callers lead to one refresh; the token is used until a minute before it expires", async () => {
    const { tokens, calls, renewed, time } = setUp({ refresh: { status: "session" } });
    expect(await Promise.all([tokens.access(), tokens.access(), tokens.access()])).toEqual(
      Array(3).fill("access 1"),
    );
    expect(renewed).toEqual(["access 1"]);
    expect(tokens.serverNowMs()).toBe(time.nowMs + 1_000_000);
    await time.pass(839_000);
    expect(await tokens.access()).toBe("access 1");
    await time.pass(2_000);
    expect(await tokens.access()).toBe("access 2");
    expect(calls.map(({ body }) => body)).toEqual([
      { refreshToken: "refresh 0" },
      { refreshToken: "refresh 1" },
    ]);
  });

  test("[CL57] a refused refresh token is replaced by proof of the device's key", async () => {
    for (const code of ["unauthenticated", "session_revoked"]) {
      const { tokens, calls, ended } = setUp({
        refresh: { status: "error", code },
        renew: { status: "session" },
      });
      expect(await tokens.access()).toBe("access 1");
      expect(calls.map(({ path }) => path)).toEqual(["refresh", "renew/challenge", "renew"]);
      expect(calls[2]?.body).toEqual({ ticket: "t", signature: "signed c", refreshTransport: "body" });
      expect(ended).toEqual([]);
    }
  });

  test("[CL160] a session of another device, as a cookie left behind would give, is not taken for the own one", async () => {
    const other = "BBBBBBBBBBBBBBBBBBBBBA" as AccountId;
    for (const of of [{ account: other }, { deviceId: 2 }]) {
      const answers = { refresh: { status: "session", of }, renew: { status: "session" } } as const;
      const { tokens, calls, renewed } = setUp(answers, "cookie");
      expect(await tokens.access()).toBe("access 2");
      expect(calls.map(({ path }) => path)).toEqual(["refresh", "renew/challenge", "renew"]);
      expect(renewed).toEqual(["access 2"]);
      const wrong = setUp({ ...answers, renew: { status: "session", of } }, "cookie");
      await expect(wrong.tokens.access()).rejects.toMatchObject({ kind: "internal" });
      expect([wrong.renewed, wrong.ended, wrong.tokens.tryCurrent()]).toEqual([[], [], undefined]);
    }
  });

  test("[CL57] a device that may not renew has ended; being offline ends nothing", async () => {
    for (const [code, reason] of [
      ["session_revoked", "logged_out"],
      ["unauthenticated", "logged_out"],
      ["bad_signature", "security"],
    ] as const) {
      const refused = { status: "error", code } as const;
      const { tokens, ended } = setUp({
        refresh: { status: "error", code: "unauthenticated" },
        renew: refused,
      });
      await expect(tokens.access()).rejects.toMatchObject({ kind: code });
      expect(ended).toEqual([reason]);
    }
    const { tokens, ended } = setUp({});
    await expect(tokens.access()).rejects.toMatchObject({ kind: "unavailable" });
    await settle();
    expect(ended).toEqual([]);
  });

  test("[CL58] with the cookie transport no token is in a body", async () => {
    const { tokens, calls } = setUp({ refresh: { status: "session" } }, "cookie");
    await tokens.access();
    expect(calls).toEqual([{ path: "refresh", body: {}, credentials: "same-origin" }]);
  });
});
