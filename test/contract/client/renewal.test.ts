/** Sockets end with their access token; the client replaces them before that, without a moment offline. */
import { expect, test } from "vitest";
import { Tokens } from "#core/api/tokens.ts";
import type { Environment, SocketEvents } from "#core/environment.ts";
import { Connection } from "#core/sync/connection.ts";
import { closeCodes } from "#schema/errors.ts";
import type { Session } from "#schema/http/auth.ts";
import type { AccountId, SessionId } from "#schema/ids.ts";
import { quickProvider } from "#test/support/client/fake-server.ts";
import { ManualTime, settle } from "#test/support/client/manual-time.ts";
import { readUp } from "#test/support/up-frames.ts";

const lifeMs = 120_000;

interface Opened {
  readonly token: string;
  readonly events: SocketEvents;
  readonly sent: string[];
  closed: boolean;
}

async function connected() {
  const time = new ManualTime();
  const sockets: Opened[] = [];
  let tokens = 0;
  const session = (): Session => {
    tokens += 1;
    return {
      account: "AAAAAAAAAAAAAAAAAAAAAA" as AccountId,
      username: "alice",
      deviceId: 1,
      sessionId: "AAAAAAAAAAAAAAAAAAAAAA" as SessionId,
      accessToken: `token${tokens}`,
      accessExpiresAtMs: time.nowMs + lifeMs,
      serverTimeMs: time.nowMs,
    };
  };
  const state = { isServerUp: true };
  const environment: Environment = {
    provider: { ...quickProvider, random: (length) => new Uint8Array(length) },
    origin: "https://example.test",
    refreshTransport: "cookie",
    fetch: () =>
      state.isServerUp
        ? Promise.resolve(Response.json({ success: true, data: session() }))
        : Promise.reject(new TypeError("offline")),
    openSocket(_url, protocols, events) {
      const socket = { token: protocols[1] ?? "", events, sent: [] as string[], closed: false };
      sockets.push(socket);
      return {
        send: (frame) => void socket.sent.push(readUp(frame)),
        close: () => void (socket.closed = true),
      };
    },
    ...time.parts,
  };
  const keeper = new Tokens(environment, {
    account: "AAAAAAAAAAAAAAAAAAAAAA" as AccountId,
    deviceId: 1,
    signChallenge: () => "s",
    renewed: async () => undefined,
    ended: () => undefined,
  });
  keeper.adopt(session());
  const states: string[] = [];
  let opens = 0;
  const connection = new Connection(environment, keeper, "/ws/inbox", {
    opened: () => (opens += 1),
    events: () => undefined,
    changed: ({ state: entered }) => states.push(entered),
    refused: () => undefined,
  });
  connection.start();
  await settle();
  sockets[0]?.events.opened();
  /** Lets time pass with a server that answers pings. */
  const pass = async (durationMs: number, traffic = false): Promise<void> => {
    for (let passed = 0; passed < durationMs; passed += 1_000) {
      await time.pass(1_000);
      sockets.findLast(({ closed }) => !closed)?.events.text('{"type":"pong"}');
      sockets[0]?.events.text('{"type":"pong"}');
      if (traffic) connection.send("frame");
    }
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  return { sockets, states, connection, state, pass, opens: () => opens };
}

test("[CL44] before its token runs out a socket is replaced at a quiet moment, and is used until then", async () => {
  const { sockets, states, connection, pass, opens } = await connected();
  await pass(lifeMs - 62_000);
  expect(sockets).toHaveLength(1);
  await pass(4_000);
  expect(sockets.map(({ token }) => token)).toEqual(["token.token1", "token.token2"]);
  connection.send("on the old one");
  expect(sockets[0]?.sent).toContain("on the old one");
  sockets[1]?.events.opened();
  expect([sockets[0]?.closed, sockets[1]?.closed, opens()]).toEqual([true, false, 2]);
  connection.send("on the new one");
  expect(sockets[1]?.sent).toContain("on the new one");
  expect(states).toEqual(["connecting", "open", "open"]);
});

test("[CL44] while there is traffic it waits, but not beyond the last moment", async () => {
  const { sockets, pass } = await connected();
  await pass(lifeMs - 30_000, true);
  expect(sockets).toHaveLength(1);
  await pass(14_000, true);
  expect(sockets).toHaveLength(2);
});

test("[CL44] the old socket closed as replaced before the new one opens is no loss", async () => {
  const { sockets, states, pass } = await connected();
  await pass(lifeMs - 58_000);
  sockets[0]?.events.closed(closeCodes.replaced, "");
  expect(states.at(-1)).toBe("open");
  sockets[1]?.events.opened();
  expect(states).toEqual(["connecting", "open", "open"]);
});

test("[CL44] a new socket that fails leaves the old one in use; with both gone the client waits and returns", async () => {
  const first = await connected();
  await first.pass(lifeMs - 58_000);
  first.sockets[1]?.events.closed(1006, "");
  expect(first.connection.state).toEqual({ state: "open" });
  const second = await connected();
  await second.pass(lifeMs - 58_000);
  second.sockets[0]?.events.closed(closeCodes.replaced, "");
  second.sockets[1]?.events.closed(1006, "");
  expect(second.connection.state.state).toBe("waiting");
  await second.pass(31_000);
  expect(second.sockets.length).toBeGreaterThan(2);
});

test("[CL44] without a fresh token the old socket stays until the server ends it", async () => {
  const { sockets, state, connection, pass } = await connected();
  state.isServerUp = false;
  await pass(lifeMs - 1_000);
  expect([sockets.length, connection.state.state]).toEqual([1, "open"]);
  sockets[0]?.events.closed(closeCodes.token_expired, "");
  state.isServerUp = true;
  await pass(62_000);
  expect(sockets[1]?.token).toBe("token.token2");
});
