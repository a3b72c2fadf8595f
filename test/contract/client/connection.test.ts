import { describe, expect, test } from "vitest";
import { Tokens } from "#core/api/tokens.ts";
import type { Environment, SocketEvents } from "#core/environment.ts";
import { backoffDelayMs, closeRemedy } from "#core/sync/backoff.ts";
import { Connection, type LinkState, parseFrame } from "#core/sync/connection.ts";
import { closeCodes } from "#schema/errors.ts";
import type { Session } from "#schema/http/auth.ts";
import type { AccountId, SessionId } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import { quickProvider } from "#test/support/client/fake-server.ts";
import { ManualTime, settle } from "#test/support/client/manual-time.ts";
import { readUp } from "#test/support/up-frames.ts";

const account = "AAAAAAAAAAAAAAAAAAAAAA" as AccountId;

function setUp(options: { random?: number } = {}) {
  const time = new ManualTime();
  const opened: {
    url: string;
    protocols: readonly string[];
    events: SocketEvents;
    sent: string[];
    closed: boolean;
  }[] = [];
  const environment: Environment = {
    provider: { ...quickProvider, random: (length) => new Uint8Array(length).fill(options.random ?? 0) },
    origin: "https://example.test",
    refreshTransport: "body",
    fetch: () => Promise.reject(new TypeError("offline")),
    openSocket(url, protocols, events) {
      const socket = { url, protocols, events, sent: [] as string[], closed: false };
      opened.push(socket);
      return {
        send: (frame) => void socket.sent.push(readUp(frame)),
        close: () => void (socket.closed = true),
      };
    },
    ...time.parts,
  };
  const ended: string[] = [];
  const tokens = new Tokens(environment, {
    account,
    deviceId: 1,
    refreshToken: "r",
    signChallenge: () => "s",
    renewed: async () => undefined,
    ended: (reason) => void ended.push(reason),
  });
  const session: Session = {
    account,
    username: "alice",
    deviceId: 1,
    sessionId: "AAAAAAAAAAAAAAAAAAAAAA" as SessionId,
    accessToken: "access",
    accessExpiresAtMs: time.nowMs + 10_000_000,
    serverTimeMs: time.nowMs,
  };
  tokens.adopt(session);
  const states: LinkState[] = [];
  const refused: number[] = [];
  const replaced: boolean[] = [];
  let opens = 0;
  const connection = new Connection(environment, tokens, "/ws/inbox", {
    opened: () => (opens += 1),
    events: () => undefined,
    changed: (state) => states.push(state),
    refused: (code) => refused.push(code),
    replaced: (isTaken) => replaced.push(isTaken),
  });
  return { time, opened, connection, states, refused, replaced, tokens, session, opens: () => opens };
}

describe("connection", () => {
  test("[CL60] the token travels as a subprotocol, never in the URL", async () => {
    const { connection, opened, opens } = setUp();
    connection.start();
    await settle();
    expect(opened[0]).toMatchObject({
      url: "wss://example.test/ws/inbox",
      protocols: ["sotto.v2", "token.access"],
    });
    opened[0]?.events.opened();
    expect(opens()).toBe(1);
    expect(connection.state).toEqual({ state: "open" });
  });

  test("[CL61] waits between 0.5 s and a ceiling that doubles up to 30 s, and starts anew after a steady connection", async () => {
    for (const [random, expected] of [
      [0, [500, 500, 500, 500, 500, 500, 500, 500]],
      [0xff, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]],
    ] as const) {
      const { connection, opened, time } = setUp({ random });
      connection.start();
      for (const delayMs of expected) {
        await settle();
        opened.at(-1)?.events.closed(1006, "");
        expect(time.nextMs).toBe(delayMs);
        await time.pass(delayMs);
      }
      await settle();
      opened.at(-1)?.events.opened();
      await time.pass(6_000);
      opened.at(-1)?.events.closed(1006, "");
      expect(time.nextMs).toBe(expected[0]);
    }
  });

  test("[CL62] a socket that does not answer a ping is dropped and opened again", async () => {
    const { connection, opened, time } = setUp();
    connection.start();
    await settle();
    opened[0]?.events.opened();
    await time.pass(limits.pingIntervalMs);
    expect(opened[0]?.sent).toEqual(['{"type":"ping"}']);
    opened[0]?.events.text('{"type":"pong"}');
    await time.pass(10_000 + limits.pingIntervalMs);
    expect(opened[0]?.sent).toHaveLength(2);
    await time.pass(10_000);
    expect(opened[0]?.closed).toBe(true);
    await time.pass(1_000);
    expect(opened).toHaveLength(2);
  });

  test("[CL63] reconnecting is possible at once, and ends a back-off", async () => {
    const { connection, opened, states } = setUp({ random: 0xff });
    connection.start();
    await settle();
    opened[0]?.events.closed(1006, "");
    expect(states.at(-1)).toMatchObject({ state: "waiting", attempt: 1 });
    connection.retryNow();
    await settle();
    expect(opened).toHaveLength(2);
    connection.stop();
    expect(connection.state).toEqual({ state: "idle" });
  });

  test("[CL64] close codes: forbidden and upgrade stop, too_slow comes back at once, an expired token is replaced", async () => {
    for (const code of [closeCodes.forbidden, closeCodes.not_found, closeCodes.upgrade_required]) {
      const { connection, opened, refused, time } = setUp();
      connection.start();
      await settle();
      opened[0]?.events.closed(code, "");
      await time.pass(120_000);
      expect(refused).toEqual([code]);
      expect(opened).toHaveLength(1);
    }
    const { connection, opened } = setUp();
    connection.start();
    await settle();
    opened[0]?.events.opened();
    opened[0]?.events.closed(closeCodes.too_slow, "");
    await settle();
    expect(opened).toHaveLength(2);
    opened[1]?.events.opened();
    opened[1]?.events.closed(closeCodes.token_expired, "");
    await settle();
    expect(opened).toHaveLength(2); // the token could not be replaced: the network is away
    expect(connection.state).toMatchObject({ state: "waiting" });
    expect(closeRemedy(4999)).toBe("retry");
  });

  test("[CL191] 4409 is somebody else's doing, unless this client has opened another session itself", async () => {
    const { connection, opened, replaced, tokens, session } = setUp();
    connection.start();
    await settle();
    opened[0]?.events.opened();
    tokens.adopt({ ...session, sessionId: "BBBBBBBBBBBBBBBBBBBBBA" as SessionId });
    opened[0]?.events.closed(closeCodes.replaced, "");
    await settle();
    expect([replaced, opened.length]).toEqual([[false], 2]); // at once, under the new session
    opened[1]?.events.opened();
    opened[1]?.events.closed(closeCodes.session_revoked, "");
    expect(replaced).toEqual([false, false]);
    const other = setUp();
    other.connection.start();
    await settle();
    other.opened[0]?.events.opened();
    other.opened[0]?.events.closed(closeCodes.replaced, "");
    await settle();
    expect([other.replaced, other.opened.length]).toEqual([[true], 1]);
    expect(other.connection.state.state).toBe("waiting");
  });

  test("[CL61] the back-off never leaves its bounds", () => {
    for (let attempt = 0; attempt < 200; attempt += 1) {
      const delayMs = backoffDelayMs(quickProvider, attempt);
      expect(delayMs).toBeGreaterThanOrEqual(500);
      expect(delayMs).toBeLessThanOrEqual(30_000);
    }
  });

  test("[CL65] unknown events, unknown keys and text that is no frame are passed over", () => {
    const conversationId = "AAAAAAAAAAAAAAAAAAAAAA";
    const ack = {
      type: "message:ack",
      conversationId,
      clientMessageId: conversationId,
      seq: 1,
      serverTimeMs: 5,
      later: 1,
    };
    expect(
      parseFrame(JSON.stringify({ type: "batch", events: [{ type: "of:tomorrow" }, ack, null, 7] })),
    ).toEqual([ack]);
    for (const text of ["", "{", "null", "[]", '{"type":"batch","events":3}', '{"type":"message:ack"}']) {
      expect(parseFrame(text)).toEqual([]);
    }
  });
});
