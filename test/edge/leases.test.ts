/** How long sockets stay: token expiry and silence, judged by an alarm after hibernation. */
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { limits } from "#schema/limits.ts";
import { connect } from "./live-client.ts";
import { makePair, type Pair } from "./pair.ts";

const places = (pair: Pair) =>
  [
    ["/ws/inbox", env.INBOX.getByName(pair.anna.account)],
    [`/ws/conversations/${pair.id}`, env.CONVERSATION.getByName(pair.id)],
  ] as const;

/** Changes what sleeping sockets remember, then wakes their object by its alarm, twice. */
async function tidied(
  stub: DurableObjectStub,
  change: { readonly expiresAtMs?: number; readonly openedAtMs?: number },
): Promise<void> {
  await runInDurableObject(stub, (_object, state) => {
    for (const socket of state.getWebSockets()) {
      const attachment: unknown = socket.deserializeAttachment();
      socket.serializeAttachment(Object.assign(Object(attachment), change));
    }
  });
  for (let time = 0; time < 2; time += 1) {
    await runInDurableObject(stub, async (_object, state) => {
      state.storage.sql.exec("UPDATE alarms SET at_ms = 0 WHERE name = 'sockets'");
      await state.storage.setAlarm(Date.now() + 60_000);
    });
    await evictDurableObject(stub);
    await runDurableObjectAlarm(stub);
  }
}

test("[WS40] when its access token runs out a socket is closed, in both objects, after eviction", async () => {
  const pair = await makePair();
  for (const [path, stub] of places(pair)) {
    const client = await connect(path, pair.annaToken);
    await tidied(stub, { expiresAtMs: Date.now() - 1 });
    expect(await client.closed).toEqual({ code: 4402, reason: "token_expired" });
    expect(await (await connect(path, pair.annaToken)).pending()).toEqual([]);
  }
});

test("[WS41] a socket that fell silent is closed; one that pings stays", async () => {
  const pair = await makePair();
  for (const [path, stub] of places(pair)) {
    const silent = await connect(path, pair.annaToken);
    const openedAtMs = Date.now() - limits.socketSilenceMs;
    await tidied(stub, { openedAtMs });
    expect(await silent.closed).toEqual({ code: 4408, reason: "silent" });
    const pinging = await connect(path, pair.annaToken);
    await pinging.pending();
    await tidied(stub, { openedAtMs });
    expect(await pinging.pending()).toEqual([]);
  }
});
