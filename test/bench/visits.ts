/**
 * What a device waits for when it comes back: the messages it missed, an answer from a conversation that slept, the
 * chat list. Each from the first byte of the upgrade to the last of the answer, token check included.
 */
import { WebSocket } from "ws";
import { subprotocol, tokenSubprotocolPrefix } from "#schema/protocol/version.ts";
import { type BenchContext, settle } from "./context.ts";
import { fillChatList } from "./databases.ts";
import type { Channel, Endpoint } from "./load/channel.ts";
import type { Talk } from "./load/job.ts";
import { openChannel } from "./load/open.ts";
import { bodyOf } from "./ours.ts";
import { type BenchResult, compare, median, under } from "./result.ts";

const missed = 1000;
const chats = 500;

/** Both sides send back the whole log of 1,000 messages to a device that has none of it. */
export async function benchResume({ ours, peer, generator, quick }: BenchContext): Promise<BenchResult[]> {
  const conversation = await ours.converse();
  const room = await peer?.room(bodyOf(conversation));
  const job = { inFlight: 16, until: { messages: missed } };
  await generator.run({ ...job, conversations: [conversation] });
  if (room !== undefined) await generator.run({ ...job, conversations: [room] });
  await settle(ours);
  const timesMs = { ours: [] as number[], peer: [] as number[] };
  let requests = 0;
  for (let round = 0; round < (quick ? 10 : 30); round += 1) {
    const mine = await timeOpening(listenerOf(conversation));
    timesMs.ours.push(mine.elapsedMs);
    requests = Math.max(requests, mine.requests);
    if (room !== undefined) timesMs.peer.push((await timeOpening(listenerOf(room))).elapsedMs);
  }
  const peerMs = room === undefined ? undefined : median(timesMs.peer);
  const name = "reconnect with 1,000 messages missed";
  return [
    under(150, "ms", compare(`${name}: ms`, median(timesMs.ours), peerMs)),
    { ...compare(`${name}: requests`, requests), goal: "one", met: requests === 1 },
  ];
}

/** Evicts the object, its sockets asleep, and times the acknowledgement of the message that wakes it. */
export async function benchWakeUp({ ours, quick }: BenchContext): Promise<BenchResult[]> {
  const { conversationId, sender } = await ours.converse();
  const channel = await openChannel(sender);
  const timesMs: number[] = [];
  for (let index = 0; index < (quick ? 10 : 50); index += 1) {
    await ours.server.evict("Conversation", conversationId);
    timesMs.push(await timeSending(channel, index));
  }
  channel.close();
  await settle(ours);
  return [under(10, "ms", compare("first message to an evicted conversation: ack p50 ms", median(timesMs)))];
}

/** A listener that has nothing yet. */
function listenerOf({ listeners: [listener] }: Talk): Endpoint {
  if (listener === undefined) throw new Error("nobody listens");
  return { ...listener, after: 0 };
}

export async function benchChatList({ ours, quick }: BenchContext): Promise<BenchResult[]> {
  const person = await ours.newcomer();
  await ours.whileDown((state) => fillChatList(state, person.account, chats));
  const [device] = person.devices;
  if (device === undefined) throw new Error("no device");
  const { accessToken } = device.session;
  const timesMs: number[] = [];
  for (let round = 0; round < (quick ? 10 : 30); round += 1) {
    const startedAt = performance.now();
    const listed = await listChats(`${ours.server.origin.replace("http", "ws")}/ws/inbox`, accessToken);
    timesMs.push(performance.now() - startedAt);
    if (listed !== chats) throw new Error(`${listed} of ${chats} conversations were listed`);
  }
  const result = compare("chat list of 500 conversations, one request: ms", median(timesMs));
  return [{ ...result, goal: "one request", met: true }];
}

async function timeOpening(endpoint: Endpoint): Promise<{ elapsedMs: number; requests: number }> {
  const startedAt = performance.now();
  const channel = await openChannel(endpoint);
  const elapsedMs = performance.now() - startedAt;
  channel.close();
  if (channel.missed !== missed) throw new Error(`${channel.missed} of ${missed} messages came`);
  return { elapsedMs, requests: channel.requests };
}

function timeSending(channel: Channel, index: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    channel.onFailure = reject;
    channel.onAck = () => resolve(performance.now() - startedAt);
    channel.send(index);
  });
}

/** One `inbox:resume`; counts the conversations of all frames that answer it. */
function listChats(url: string, token: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, [subprotocol, `${tokenSubprotocolPrefix}${token}`]);
    let listed = 0;
    socket.on("error", reject);
    socket.on("open", () => socket.send(JSON.stringify({ type: "inbox:resume" })));
    socket.on("message", (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as State & { events?: State[] };
      for (const { type, conversations = [], more } of frame.events ?? [frame]) {
        listed += conversations.length;
        if (type !== "inbox:state" || more === true) continue;
        socket.close(1000);
        resolve(listed);
      }
    });
  });
}

interface State {
  readonly type: string;
  readonly conversations?: readonly unknown[];
  readonly more?: boolean;
}
