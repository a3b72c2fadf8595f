/** The fake client keeps the promises of ClientApi that the app relies on. It proves nothing about the real one. */
import { expect, test } from "vitest";
import { ClientError, type ClientEvent } from "#core/client-api.ts";
import { createFakeClient } from "#test/support/fake-client.ts";
import { conversations, history } from "#test/support/fake-client-data.ts";

const nowMs = Date.UTC(2026, 10, 20, 15, 42);

function signedIn() {
  const client = createFakeClient({ signedIn: true, conversations: conversations(nowMs), now: () => nowMs });
  const events: ClientEvent[] = [];
  const unsubscribe = client.subscribe((event) => events.push(event));
  return { ...client, events, unsubscribe };
}

test("registering signs in and gives a code of 8 groups of 5", async () => {
  const client = createFakeClient({ signedIn: false });
  const { recoveryCode } = await client.api.register({ username: "mira", password: "p", deviceName: "d" });
  expect(recoveryCode).toMatch(/^([0-9A-HJKMNP-TV-Z]{5}-){7}[0-9A-HJKMNP-TV-Z]{5}$/);
  expect(await client.api.accountStatus()).toMatchObject({ state: "signed_in", username: "mira" });
});

test("refusals are ClientErrors and change nothing", async () => {
  const client = createFakeClient({ signedIn: false });
  const refused = client.api.register({ username: "anna", password: "p", deviceName: "d" });
  await expect(refused).rejects.toEqual(new ClientError("username_taken"));
  await client.api.login({ username: "mira", password: "p" });
  const wrongCode = client.api.completeLogin({ recoveryCode: "X", deviceName: "d" });
  await expect(wrongCode).rejects.toEqual(new ClientError("wrong_recovery_code"));
  expect(await client.api.accountStatus()).toEqual({ state: "signed_out" });
});

test("conversations come newest first", async () => {
  const { api } = signedIn();
  const times = (await api.listConversations()).map((view) => view.updatedAtMs);
  expect(times).toEqual([...times].sort((a, b) => b - a));
});

test("pages are ascending, without holes, and the outbox is on the newest only", async () => {
  const chat = history(120, nowMs);
  const { api } = createFakeClient({
    signedIn: true,
    conversations: [chat],
    now: () => nowMs,
    connection: { state: "idle" },
  });
  await api.sendText(chat.conversationId, "in the outbox");
  const newest = await api.listMessages(chat.conversationId, { limit: 50 });
  const older = await api.listMessages(chat.conversationId, { before: 72, limit: 100 });
  expect(newest.messages.map((message) => message.seq)).toEqual([
    ...Array.from({ length: 49 }, (_, i) => 72 + i),
    undefined,
  ]);
  expect(older.messages.map((message) => message.seq)).toEqual(Array.from({ length: 71 }, (_, i) => i + 1));
  expect([newest.hasOlder, older.hasOlder]).toEqual([true, false]);
});

test("a message is pending when sendText resolves, then gets the next number, and listeners are told", async () => {
  const { api, events, unsubscribe } = signedIn();
  const [view] = await api.listConversations();
  if (view === undefined) throw new Error("no conversation");
  const id = await api.sendText(view.conversationId, "Hello");
  await Promise.resolve();
  const { messages } = await api.listMessages(view.conversationId, { limit: 1 });
  expect(messages).toMatchObject([{ clientMessageId: id, seq: view.lastSeq + 1, delivery: "sent" }]);
  expect(events).toContainEqual({ type: "messages", conversationId: view.conversationId });
  const told = events.length;
  unsubscribe();
  await api.saveDraft(view.conversationId, "x");
  expect(events).toHaveLength(told);
});

test("the read watermark only moves forwards, and drafts stay", async () => {
  const { api } = signedIn();
  const find = async () => (await api.listConversations()).find((one) => one.unread === 3);
  const before = await find();
  if (before === undefined) throw new Error("no unread conversation");
  await api.saveDraft(before.conversationId, "soon");
  await api.markRead(before.conversationId, before.lastSeq - 1);
  await api.markRead(before.conversationId, 1);
  const after = (await api.listConversations()).find((one) => one.conversationId === before.conversationId);
  expect(after).toMatchObject({ unread: 1, readSeq: before.lastSeq - 1, draft: "soon" });
});

test("starting a conversation twice gives the same one; strangers and oneself are refused", async () => {
  const { api } = signedIn();
  const first = await api.startConversation("wren");
  expect((await api.startConversation("wren")).conversationId).toBe(first.conversationId);
  await expect(api.startConversation("nobody.here")).rejects.toEqual(new ClientError("user_not_found"));
  await expect(api.startConversation("mira")).rejects.toEqual(new ClientError("cannot_write_to_self"));
});
