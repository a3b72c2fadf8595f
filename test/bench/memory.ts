/**
 * `node test/bench/memory.ts`: how much memory a conversation object takes at its worst. Samples the isolate's heap
 * through workerd's inspector, garbage included, while it happens; `kept` is what is left after a collection. The
 * resident memory is that of the whole runtime, with what waits for readers outside the heap.
 */
import { paddedLength } from "#schema/envelope/padding.ts";
import { groupMembersMax } from "#schema/envelope/group-change.ts";
import { limits } from "#schema/limits.ts";
import { ensureDevSecrets } from "#worker/dev/secrets.ts";
import { openInspector, usedHeapBytes } from "../support/inspector.ts";
import {
  addRawDevice,
  createRawConversation,
  type RawAccount,
  rawRequest,
  registerRaw,
} from "../support/raw-account.ts";
import { rawBody, rawMessage } from "../support/raw-frames.ts";
import { openRawConversation, protocolHeader, type RawSocket, rawUpgrade } from "../support/raw-socket.ts";
import { buildWorker, freePort, startServer, type TestServer } from "../support/server.ts";
import { createChange } from "../support/group-changes.ts";
import {
  createOperation,
  groupIdOf,
  groupMessage,
  keyEntry,
  newKeyId,
  operationOn,
} from "../support/raw-group.ts";
import { decodeBase64url } from "#schema/envelope/base64url.ts";
import { compareBytes } from "#schema/envelope/bytes.ts";
import type { GroupHead } from "#schema/envelope/group-rules.ts";
import { fillHistory, fillMembers } from "./databases.ts";

const goalBytes = 64 * 2 ** 20;
const sampleMs = 3;
/** Ciphertext of an ordinary message, and of the largest that bodies hold. */
const usualBytes = paddedLength(1_000);
const largestBytes = paddedLength(60_000);
const flushMessages = 16;

interface Scene {
  readonly server: TestServer;
  readonly inspectorPort: number;
  readonly accounts: readonly RawAccount[];
  readonly conversationId: string;
}

interface Reading {
  readonly name: string;
  readonly peakHeapBytes: number;
  readonly keptHeapBytes: number;
  readonly peakResidentBytes: number;
}

async function prepare(): Promise<Scene> {
  const inspectorPort = await freePort();
  const server = await startServer({ inspectorPort, messagesPerSecond: 1_000_000 });
  const accounts = await Promise.all(
    ["anna", "ben"].map((name) => registerRaw(server.origin, `memory.${name}`)),
  );
  const [first, second] = accounts;
  if (first === undefined || second === undefined) throw new Error("nobody came");
  for (const account of accounts) {
    while (account.devices.length < limits.devices) await addRawDevice(server.origin, account);
  }
  const conversationId = await createRawConversation(server.origin, first.devices[0]!, second);
  await server.kill();
  const body = rawBody(conversationId, conversationId, usualBytes);
  fillHistory(server.state, conversationId, limits.hotMessages, body);
  await server.restart();
  return { server, inspectorPort, accounts, conversationId };
}

const devices = ({ accounts }: Scene) => accounts.flatMap((account) => account.devices);

/** Runs `work` while the heap is watched. */
async function watch(
  name: string,
  { server, inspectorPort }: Scene,
  work: () => Promise<void>,
): Promise<Reading> {
  await usedHeapBytes(inspectorPort);
  const inspector = await openInspector(inspectorPort);
  let [peakHeapBytes, peakResidentBytes] = [0, 0];
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      const usage = (await inspector.send("Runtime.getHeapUsage")) as {
        usedSize: number;
        backingStorageSize?: number;
      };
      peakHeapBytes = Math.max(peakHeapBytes, usage.usedSize + (usage.backingStorageSize ?? 0));
      peakResidentBytes = Math.max(peakResidentBytes, server.runtimeMemoryBytes());
      await new Promise((resolve) => setTimeout(resolve, sampleMs)); // the interval of sampling
    }
  })();
  await work();
  isOver = true;
  await watching;
  inspector.close();
  return { name, peakHeapBytes, keptHeapBytes: await usedHeapBytes(inspectorPort), peakResidentBytes };
}

/** A socket of every device, live from the newest message on. */
async function openAll(scene: Scene): Promise<RawSocket[]> {
  const { server, conversationId } = scene;
  return Promise.all(
    devices(scene).map(async ({ session }) => {
      const socket = await rawUpgrade(
        server.origin,
        `/ws/conversations/${conversationId}`,
        protocolHeader(session.accessToken),
      );
      socket.send({ type: "conversation:resume", conversationId, after: limits.hotMessages });
      await socket.nextOf("conversation:resumed");
      return socket;
    }),
  );
}

/** One device sends as much at once as fits into one flush; resolves when the last device has the last of it. */
async function bigFlush(
  scene: Scene,
  sockets: readonly RawSocket[],
  count: number,
  bytes: number,
): Promise<void> {
  const { accounts, conversationId } = scene;
  const all = accounts.flatMap(({ account, devices: own }) =>
    own.map((device) => ({ account, device: device.own.cert.deviceId })),
  );
  const lists = accounts.map(({ account, list }) => ({ account, version: list.version }));
  const [sender, ...readers] = sockets;
  if (sender === undefined) throw new Error("no sockets");
  for (let index = 0; index < count; index += 1) {
    const message = rawMessage(conversationId, all.slice(1), lists);
    sender.send({ ...message, body: rawBody(conversationId, message.clientMessageId, bytes) });
  }
  for (const reader of readers)
    for (let index = 0; index < count; index += 1) await reader.nextOf("message:new");
}

interface GroupScene extends Scene {
  readonly head: GroupHead;
  /** The accounts that nobody speaks for. */
  readonly silent: readonly string[];
}

/** A group of 1,024: the two accounts with all their devices, and members that are only in its database, two devices each. */
async function prepareGroup(scene: Scene): Promise<GroupScene> {
  const { server, accounts } = scene;
  const [first, second] = accounts as [RawAccount, RawAccount];
  const roles = { [first.account]: "owner", [second.account]: "member" } as const;
  const created = createOperation(actorOf(first), roles);
  await post(scene, "/api/conversations/groups", created.operation);
  const conversationId = groupIdOf(created.head);
  await server.kill();
  const silent = fillMembers(server.state, conversationId, groupMembersMax - accounts.length);
  await server.restart();
  const { state } = created.head;
  const more = silent.map((account) => {
    return { accountId: decodeBase64url(account), role: "member" as const, joinedEpoch: 1 };
  });
  const members = [...state.members, ...more].sort((a, b) => compareBytes(a.accountId, b.accountId));
  return { ...scene, conversationId, silent, head: { ...created.head, state: { ...state, members } } };
}

function actorOf({ account, devices: [device] }: RawAccount) {
  if (device === undefined) throw new Error("no device");
  return { account, device: 1, signingKey: device.own.keys.dsk.secret };
}

async function post({ server, accounts }: Scene, path: string, operation: string): Promise<void> {
  const token = accounts[0]?.devices[0]?.session.accessToken ?? "";
  const { body } = await rawRequest(server.origin, "POST", path, { token, json: { operation } });
  if (!body.success) throw new Error(`${path}: ${body.error.code}`);
}

/** Everyone gets the sender key of one device, which then writes; resolves when the last device has the last of it. */
async function groupFlush(scene: GroupScene, sockets: readonly RawSocket[], count: number): Promise<void> {
  const { accounts, conversationId: groupId, silent } = scene;
  const others = [
    ...accounts
      .flatMap(({ account, devices: own }) =>
        own.map((device) => ({ account, device: device.own.cert.deviceId })),
      )
      .slice(1),
    ...silent.flatMap((account) => [1, 2].map((device) => ({ account, device }))),
  ];
  const versions = new Map([
    ...accounts.map(({ account, list }) => [account, list.version] as const),
    ...silent.map((account) => [account, 2] as const),
  ]);
  const keyId = newKeyId();
  const [sender, ...readers] = sockets;
  if (sender === undefined) throw new Error("no sockets");
  for (let start = 0; start < others.length; start += limits.capsulesPerMessage) {
    const to = others.slice(start, start + limits.capsulesPerMessage);
    const lists = [...new Set(to.map(({ account }) => account))].map((account) => {
      return { account, version: versions.get(account) ?? 0 };
    });
    sender.send(keyEntry({ groupId, keyId, to, lists }));
  }
  for (let index = 0; index < count; index += 1) sender.send(groupMessage({ groupId, epoch: 1, keyId }));
  const entries = Math.ceil(others.length / limits.capsulesPerMessage) + count;
  for (const reader of readers)
    for (let index = 0; index < entries; index += 1) await reader.nextOf("message:new");
}

/** Every device asks for everything at once, page after page. */
async function resumeStorm({ server, conversationId, ...scene }: Scene): Promise<void> {
  await Promise.all(
    devices({ server, conversationId, ...scene }).map(async ({ session }) => {
      const socket = await rawUpgrade(
        server.origin,
        `/ws/conversations/${conversationId}`,
        protocolHeader(session.accessToken),
      );
      for (let after = 0; ;) {
        socket.send({ type: "conversation:resume", conversationId, after });
        for (;;) {
          const event = await socket.next();
          if (event.type === "message:new") after = Number(event["seq"]);
          if (event.type !== "conversation:resumed") continue;
          if (event["more"] === true) break;
          socket.destroy();
          return;
        }
      }
    }),
  );
}

await ensureDevSecrets();
buildWorker();
const scene = await prepare();
// The runtime answers its inspector only while it has something else to do.
const busy = setInterval(() => void fetch(`${scene.server.origin}/api/health`).catch(() => undefined), 10);
try {
  const readings: Reading[] = [];
  readings.push(
    await watch("one socket, 5,000 hot messages", scene, async () => {
      const [device] = devices(scene);
      const token = device?.session.accessToken ?? "";
      (
        await openRawConversation(scene.server.origin, scene.conversationId, token).catch(() => undefined)
      )?.destroy();
    }),
  );
  let sockets: RawSocket[] = [];
  readings.push(
    await watch("32 devices come live", scene, async () => {
      sockets = await openAll(scene);
    }),
  );
  readings.push(
    await watch("100 usual messages to 32 devices", scene, () => bigFlush(scene, sockets, 100, usualBytes)),
  );
  readings.push(
    await watch(`${flushMessages} of the largest messages at once to 32 devices`, scene, () =>
      bigFlush(scene, sockets, flushMessages, largestBytes),
    ),
  );
  for (const socket of sockets) socket.destroy();
  readings.push(await watch("32 devices resume from the beginning at once", scene, () => resumeStorm(scene)));
  const group = await prepareGroup(scene);
  let members: RawSocket[] = [];
  readings.push(
    await watch(`group of ${groupMembersMax}: it wakes, 32 devices come live`, group, async () => {
      members = await openAll(group);
    }),
  );
  readings.push(
    await watch(`group of ${groupMembersMax}: a key for all, and 100 messages`, group, () =>
      groupFlush(group, members, 100),
    ),
  );
  readings.push(
    await watch(`group of ${groupMembersMax}: an operation`, group, async () => {
      const { operation } = operationOn(group.head, actorOf(group.accounts[0]!), createChange.settings(1));
      await post(group, `/api/conversations/${group.conversationId}/operations`, operation);
    }),
  );
  for (const socket of members) socket.destroy();
  readings.push(
    await watch(`group of ${groupMembersMax}: 32 devices resume from the beginning`, group, () =>
      resumeStorm(group),
    ),
  );
  const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1).padStart(7);
  console.log(`${"MB".padEnd(56)}   peak    kept  resident`);
  for (const { name, peakHeapBytes, keptHeapBytes, peakResidentBytes } of readings) {
    console.log(
      `${name.padEnd(54)}${[peakHeapBytes, keptHeapBytes, peakResidentBytes].map(megabytes).join(" ")}`,
    );
  }
  const worst = Math.max(...readings.map(({ peakHeapBytes }) => peakHeapBytes));
  console.log(`goal: a peak below ${goalBytes / 2 ** 20} MB: ${worst < goalBytes ? "met" : "NOT MET"}`);
  console.log("Not measured: as many sockets as members.");
} finally {
  clearInterval(busy);
  await scene.server.close();
}
process.exit(0);
