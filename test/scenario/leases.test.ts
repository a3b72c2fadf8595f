/** What ends sockets and what they tell of people, with real sockets and the clock of the wall. */
import { afterAll, expect, test } from "vitest";
import { closeCodes } from "#schema/errors.ts";
import { tokenEnding } from "../support/expired-token.ts";
import { eventually, signUp, textOf, allMessages } from "../support/people.ts";
import { createRawConversation, registerRaw } from "../support/raw-account.ts";
import { startServer } from "../support/server.ts";
import { openWatchedSocket } from "../support/watched-socket.ts";

const server = await startServer();
const { origin } = server;
afterAll(() => server.close());

test("[WS40] sockets in the inbox and in a conversation end with the token they were opened with", async () => {
  const [anna, ben] = [await registerRaw(origin, "lease.anna"), await registerRaw(origin, "lease.ben")];
  const [device] = anna.devices;
  if (device === undefined) throw new Error("an account without a device");
  const conversationId = await createRawConversation(origin, device, ben);
  const token = await tokenEnding(device.session.accessToken, 4);
  const endsAtMs = Date.now() + 4_000;
  const paths = ["/ws/inbox", `/ws/conversations/${conversationId}`];
  const sockets = await Promise.all(paths.map((path) => openWatchedSocket(origin, path, token)));
  for (const { code, atMs } of await Promise.all(sockets.map(({ closed }) => closed))) {
    expect(code).toBe(closeCodes.token_expired);
    expect(atMs).toBeGreaterThan(endsAtMs - 2_000);
    // Local workerd ends a connection that an alarm closes about 10 s late.
    expect(atMs).toBeLessThan(endsAtMs + 15_000);
  }
});

test("[CL45] [IN40] people who talk see each other come and go", async () => {
  const [anna, ben] = [await signUp(origin, "sees.anna"), await signUp(origin, "sees.ben")];
  const { conversationId } = await anna.client.startConversation("sees.ben");
  const stateOf = async (): Promise<string | undefined> => {
    const [view] = await anna.client.listConversations();
    return view?.kind === "direct" ? view.peerPresence?.state : undefined;
  };
  /** Asks at once instead of with the next interval. */
  const look = async (): Promise<void> => {
    await anna.client.closeConversation(conversationId);
    await anna.client.openConversation(conversationId);
  };
  await look();
  await anna.client.sendText(conversationId, "are you there?");
  await eventually("arrived", async () => (await ben.client.listConversations()).length === 1);
  expect(await stateOf()).toBeUndefined();
  await ben.client.sendText(conversationId, "I am");
  await eventually("answered", async () =>
    (await allMessages(anna.client, conversationId)).some((message) => textOf(message) === "I am"),
  );
  await look();
  await eventually("online", async () => (await stateOf()) === "online");
  await ben.client.close();
  await look();
  await eventually("gone", async () => (await stateOf()) === "offline");
  await anna.client.close();
});
