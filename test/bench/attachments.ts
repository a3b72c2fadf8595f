/**
 * A file of 100 MB from one client to another over loopback: sealed, uploaded, downloaded, opened, each client with its
 * blobs on disk. Both clients share one thread and the machine with the server. Memory is what this process holds at most
 * beyond what it held before: the file must not be in it.
 */
import { openSync, closeSync, mkdtempSync, openAsBlob, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { FileBlobStore } from "#cli/file-blob-store.ts";
import { nodeCrypto } from "#cli/node-provider.ts";
import { putBytes } from "#cli/put-bytes.ts";
import { Client } from "#core/client.ts";
import type { AttachmentRef, MessageView } from "#core/client-api.ts";
import { platformEnvironment } from "#core/platform-environment.ts";
import type { ConversationId } from "#schema/ids.ts";
import { testStorage } from "../support/client/people.ts";
import { eventually, quickPasswordProvider } from "../support/people.ts";
import { noiseOf } from "../support/raw-upload.ts";
import type { BenchContext } from "./context.ts";
import { atLeast, type BenchResult, compare, under } from "./result.ts";

const fileBytes = 100_000_000;
const readBytes = 1_048_576;
const memoryGoalMb = 96;

export async function benchAttachments({ ours }: Pick<BenchContext, "ours">): Promise<BenchResult[]> {
  const folder = mkdtempSync(path.join(tmpdir(), "sotto-bench-files-"));
  const [anna, ben] = [
    await signUp(ours.server.origin, "bench.files.anna", folder),
    await signUp(ours.server.origin, "bench.files.ben", folder),
  ];
  const { conversationId } = await anna.startConversation("bench.files.ben");
  await ben.startConversation("bench.files.anna");
  const file = await openAsBlob(writeNoise(path.join(folder, "noise")));
  const memory = watchMemory();
  const times = [performance.now()];
  await anna.sendFiles(conversationId, { text: "", files: [{ file, name: "noise", mime: "" }] });
  times.push(performance.now());
  const ref = await eventually("the file arrives", () => arrived(ben, conversationId), 120_000);
  times.push(performance.now());
  await ben.downloadAttachment(ref);
  times.push(performance.now());
  for (let at = 0; at < fileBytes; at += readBytes) await ben.readAttachment(ref, at, readBytes);
  times.push(performance.now());
  const peakMb = memory.stop();
  await Promise.all([anna.close(), ben.close()]);
  rmSync(folder, { recursive: true, force: true });
  const phases = ["seal", "upload", "download", "open"].map((name, index) => {
    const seconds = ((times[index + 1] ?? 0) - (times[index] ?? 0)) / 1_000;
    return `${name} ${seconds.toFixed(2)} s`;
  });
  console.log(`attachment of 100 MB: ${phases.join(", ")}; ${peakMb.toFixed(0)} MB of memory at most`);
  const seconds = ((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1_000;
  const rate = compare(
    "attachment 100 MB, encrypt + upload + download + decrypt, MB/s",
    fileBytes / 1e6 / seconds,
  );
  const held = compare("attachment 100 MB, memory of both clients at most, MB", peakMb);
  return [atLeast(60, "MB/s", rate), under(memoryGoalMb, "MB", held)];
}

async function signUp(origin: string, username: string, folder: string): Promise<Client> {
  const { provider, ...crypto } = nodeCrypto();
  const environment = platformEnvironment({
    ...crypto,
    provider: { ...provider, argon2id: (...given) => quickPasswordProvider.argon2id(...given) },
    origin,
    refreshTransport: "body",
    putBytes,
  });
  const storage = { ...testStorage(), blobs: new FileBlobStore(path.join(folder, username)) };
  const client = await Client.open(environment, storage);
  await client.register({ username, password: `the password of ${username}`, deviceName: "bench" });
  return client;
}

function writeNoise(file: string): string {
  const descriptor = openSync(file, "w");
  for (let at = 0; at < fileBytes; at += 1_000_000) writeSync(descriptor, noiseOf(1_000_000, String(at)));
  closeSync(descriptor);
  return file;
}

async function arrived(client: Client, conversationId: ConversationId): Promise<AttachmentRef | undefined> {
  const { messages } = await client.listMessages(conversationId, { limit: 5 });
  const found = messages.find((message: MessageView) => message.content.type === "attachments");
  if (found === undefined) return undefined;
  return { conversationId, clientMessageId: found.clientMessageId, seq: found.seq, index: 0 };
}

/** Peak of everything that V8 and its buffers hold, beyond the beginning. */
function watchMemory(): { stop(): number } {
  const held = (): number => {
    const { heapUsed, external } = process.memoryUsage();
    return (heapUsed + external) / 1e6;
  };
  globalThis.gc?.();
  const before = held();
  let peak = before;
  const timer = setInterval(() => (peak = Math.max(peak, held())), 20);
  return {
    stop() {
      clearInterval(timer);
      return peak - before;
    },
  };
}
