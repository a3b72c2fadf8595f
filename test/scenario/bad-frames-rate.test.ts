/** The exact limit of the conversation object, over real sockets, with a low rate: nothing is lost to it. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { setTimeout as pause } from "node:timers/promises";
import type { ErrorKind } from "#schema/errors.ts";
import { limits } from "#schema/limits.ts";
import type { MessageSend } from "#schema/protocol/message.ts";
import { expectErrorBody, tokenOf } from "../support/frame-stage.ts";
import { createRawConversation, type RawAccount, registerRaw } from "../support/raw-account.ts";
import { rawMessage } from "../support/raw-frames.ts";
import { openRawConversation } from "../support/raw-socket.ts";
import { startServer, type TestServer } from "../support/server.ts";

const messagesPerSecond = 4;
const burst = messagesPerSecond * (limits.messageBurst / limits.messagesPerSecond);

let server: TestServer;
let anna: RawAccount;
let ben: RawAccount;
let id: string;

beforeAll(async () => {
  server = await startServer({ messagesPerSecond });
  anna = await registerRaw(server.origin, "anna");
  ben = await registerRaw(server.origin, "ben");
  const [device] = anna.devices;
  if (device === undefined) throw new Error("no device");
  id = await createRawConversation(server.origin, device, ben);
});
afterAll(() => server.close());

function message(to: RawAccount): MessageSend {
  const lists = [anna, ben].map(({ account }) => ({ account, version: 1 }));
  return rawMessage(id, [{ account: to.account, device: 1 }], lists);
}

test("[CV8] above the burst: rate_limited with the time to wait, the other member unaffected, nothing lost after it", async () => {
  const annas = await openRawConversation(server.origin, id, tokenOf(anna));
  const bens = await openRawConversation(server.origin, id, tokenOf(ben));
  const sent = Array.from({ length: burst + 3 }, () => message(ben));
  for (const frame of sent) annas.send(frame);
  const waiting: MessageSend[] = [];
  let acknowledged = 0;
  for (const frame of sent) {
    const event = await annas.next();
    if (event.type === "message:ack") {
      acknowledged += 1;
      continue;
    }
    expect(event).toMatchObject({ type: "message:refused", conversationId: id });
    const { code, retryAfterMs } = event["error"] as { code: ErrorKind; retryAfterMs: number };
    // What would be in time again is held up by what was not.
    expectErrorBody(event["error"], code === "unavailable" ? code : "rate_limited");
    expect(retryAfterMs).toBeGreaterThan(0);
    if (code === "rate_limited") expect(retryAfterMs).toBeLessThanOrEqual(1000 / messagesPerSecond);
    const refused = sent.find(({ clientMessageId }) => clientMessageId === event["clientMessageId"]);
    if (refused !== undefined) waiting.push(refused);
    expect(frame.type).toBe("message:send");
  }
  expect(acknowledged).toBeGreaterThanOrEqual(burst);
  expect(acknowledged + waiting.length).toBe(sent.length);
  expect(waiting.length).toBeGreaterThan(0);
  bens.send(message(anna));
  await bens.nextOf("message:ack");
  await annas.nextOf("message:new");
  for (let frame = waiting.shift(); frame !== undefined;) {
    annas.send(frame);
    const event = await annas.next();
    if (event.type === "message:ack") frame = waiting.shift();
    else await pause((event["error"] as { retryAfterMs: number }).retryAfterMs);
  }
  annas.send({ type: "conversation:resume", conversationId: id, after: 0 });
  const log = new Set<unknown>();
  for (let event = await annas.next(); event.type !== "conversation:resumed"; event = await annas.next()) {
    log.add(event["clientMessageId"]);
  }
  expect(log.size).toBe(sent.length + 1);
  expect(sent.every(({ clientMessageId }) => log.has(clientMessageId))).toBe(true);
});
