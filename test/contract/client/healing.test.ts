/** What a client does about messages that are missing although its conversation socket is live. */
import { afterEach, expect, test } from "vitest";
import type { ConversationId } from "#schema/ids.ts";
import { FakeServer, type FakeSocket } from "#test/support/client/fake-server.ts";
import { type Person, person, shows, until } from "#test/support/client/people.ts";

let people: Person[] = [];
afterEach(async () => {
  await Promise.all(people.map(({ client }) => client.close()));
  people = [];
});

/** Anna and Ben with one conversation on screen, both live on it. */
async function twoLive(server: FakeServer) {
  const [anna, ben] = [await person(server, "anna"), await person(server, "ben")];
  people = [anna, ben];
  const { conversationId } = await anna.client.startConversation("ben");
  await ben.client.startConversation("anna");
  for (const { client } of people) await client.openConversation(conversationId);
  await until(
    async () => [...server.sockets].filter(({ live, conversation }) => live && conversation).length === 2,
  );
  return { anna: anna.client, ben: ben.client, conversationId };
}

const isFrom = (socket: FakeSocket, username: string, server: FakeServer): boolean =>
  server.accounts.get(socket.account).username === username;

/** Tells someone's inbox where the conversation stands, past the conversation's own socket. */
function tellInbox(
  server: FakeServer,
  username: string,
  conversationId: ConversationId,
  lastSeq: number,
): void {
  const conversation = server.conversations.get(conversationId);
  const inbox = [...server.sockets].find(
    (socket) => socket.conversation === undefined && isFrom(socket, username, server),
  );
  if (conversation === undefined || inbox === undefined) throw new Error("nobody to tell");
  inbox.send({ type: "conversation:update", summary: { ...conversation.summary(inbox.account), lastSeq } });
}

test("[CL81] word of a message that a live socket is about to bring makes the client ask for nothing", async () => {
  const server = new FakeServer();
  const { anna, ben, conversationId } = await twoLive(server);
  let resumes = 0;
  server.frameFilter = ({ type }) => {
    if (type === "conversation:resume") resumes += 1;
    return true;
  };
  for (let seq = 1; seq <= 5; seq += 1) {
    tellInbox(server, "ben", conversationId, seq);
    await until(async () => (await ben.listConversations())[0]?.lastSeq === seq);
    await anna.sendText(conversationId, `text ${seq}`);
    await shows(
      ben,
      conversationId,
      Array.from({ length: seq }, (_, index) => `text ${index + 1}`),
    );
  }
  expect(resumes).toBe(0);
});

test("[CL82] healing on a live socket sends nothing again that is in flight on it", async () => {
  const server = new FakeServer();
  const { anna, ben, conversationId } = await twoLive(server);
  server.frameFilter = ({ type }, socket) => type !== "message:send" || isFrom(socket, "ben", server);
  for (const text of ["one", "two", "three"]) await anna.sendText(conversationId, text);
  await until(async () => server.wire.length === 3);

  server.eventFilter = (event, socket) =>
    event.type === "message:new" && isFrom(socket, "anna", server) ? undefined : event;
  await ben.sendText(conversationId, "lost on the way");
  await until(async () => server.conversations.get(conversationId)?.log.length === 1);
  tellInbox(server, "anna", conversationId, 1);
  await until(async () => (await anna.listConversations())[0]?.lastSeq === 1);
  await shows(anna, conversationId, ["lost on the way", "one", "two", "three"]);
  const four = await anna.sendText(conversationId, "four");
  await until(async () => server.wire.some((frame) => frame.includes(four)));
  expect(server.wire.length).toBe(5);
});

test("[CL84] a watermark whose conversation socket broke goes again", async () => {
  const server = new FakeServer();
  const { anna, conversationId } = await twoLive(server);
  let broken = 0;
  server.frameFilter = ({ type }, socket) => {
    if (type !== "message:delivered" || socket.conversation === undefined || broken > 0) return true;
    broken += 1;
    socket.close(1006);
    return false;
  };
  const sent = await anna.sendText(conversationId, "are you there?");
  await until(async () => {
    const { messages } = await anna.listMessages(conversationId, { limit: 10 });
    return messages.some((each) => each.clientMessageId === sent && each.delivery === "delivered");
  });
  expect(broken).toBe(1);
});
