/**
 * A server, or someone on the way, that answers with something else than the file. What this does not show: what the
 * stream itself refuses, chunk by chunk (frontend/core/crypto/attachment).
 */
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { AttachmentRef } from "#core/client-api.ts";
import type { ConversationId } from "#schema/ids.ts";
import { allMessages, eventually, type LivePerson, signUp } from "../support/people.ts";
import { noiseOf } from "../support/raw-upload.ts";
import { startServer, type TestServer } from "../support/server.ts";

const fileBytes = 300_000;
let server: TestServer;
let anna: LivePerson;
let ben: LivePerson;
let conversationId: ConversationId;
const sent: AttachmentRef[] = [];

beforeAll(async () => {
  server = await startServer();
  anna = await signUp(server.origin, "anna");
  ben = await signUp(server.origin, "ben");
  ({ conversationId } = await anna.client.startConversation("ben"));
  await ben.client.startConversation("anna");
});
afterAll(async () => {
  await Promise.all([anna.client.close(), ben.client.close()]);
  await server.close();
});

beforeEach(async () => {
  ben.network.tamperAnswer = (_path, answer) => answer;
  const text = `file ${sent.length}`;
  const file = { file: new Blob([noiseOf(fileBytes, text)]), name: "noise", mime: "" };
  await anna.client.sendFiles(conversationId, { text, files: [file] });
  const message = await eventually("the file arrives", async () => {
    const messages = await allMessages(ben.client, conversationId);
    return messages.find(({ content }) => content.type === "attachments" && content.text === text);
  });
  sent.push({ conversationId, clientMessageId: message.clientMessageId, seq: message.seq, index: 0 });
});

/** Every blob that Ben fetches becomes what `change` makes of it. */
function tamper(change: (bytes: Uint8Array, headers: Headers) => Uint8Array): void {
  ben.network.tamperAnswer = async (path, answer) => {
    if (!/\/attachments\/[^/]+$/.test(path)) return answer;
    const headers = new Headers(answer.headers);
    const bytes = change(new Uint8Array(await answer.arrayBuffer()), headers);
    return new Response(Uint8Array.from(bytes), { status: answer.status, headers });
  };
}

function newest(): AttachmentRef {
  const ref = sent.at(-1);
  if (ref === undefined) throw new Error("nothing was sent");
  return ref;
}

test.each<[string, (bytes: Uint8Array, headers: Headers) => Uint8Array, string]>([
  [
    "one byte altered in the middle",
    (bytes) => bytes.map((byte, at) => (at === 150_000 ? byte ^ 1 : byte)),
    "file_damaged",
  ],
  ["noise of the same length", (bytes) => noiseOf(bytes.length, "other"), "file_damaged"],
  ["more than was asked for", (bytes) => Buffer.concat([bytes, bytes]), "internal"],
  [
    "another range",
    (bytes, headers) => {
      headers.set("content-range", `bytes 5-${bytes.length + 4}/${bytes.length}`);
      return bytes;
    },
    "internal",
  ],
])(
  "[ATTACK 61] %s: refused, nothing of it is kept, the true file can be had afterwards",
  async (_, change, code) => {
    const kept = await ben.storage.blobs.names();
    // What is wrong in form is tried again, as a fault of the server would be: it must never count as the file.
    const outcome = tamperedDownload(change);
    expect(await outcome).toBe(code === "internal" ? "cancelled" : code);
    expect(
      await ben.client.readAttachment(newest(), 0, fileBytes).catch(({ code: refused }) => refused),
    ).toBe(code);
    ben.network.tamperAnswer = (_path, answer) => answer;
    if (code === "file_damaged") expect(await ben.storage.blobs.names()).toEqual(kept);
    await ben.client.downloadAttachment(newest());
    const opened = await ben.client.readAttachment(newest(), 0, fileBytes);
    expect(Buffer.from(opened).equals(noiseOf(fileBytes, `file ${sent.length - 1}`))).toBe(true);
  },
);

async function tamperedDownload(
  change: (bytes: Uint8Array, headers: Headers) => Uint8Array,
): Promise<string | undefined> {
  tamper(change);
  const waiting = new Promise<void>((resolve) => {
    const unsubscribe = ben.client.subscribe((event) => {
      if (event.type !== "transfer" || event.state !== "waiting") return;
      unsubscribe();
      resolve();
    });
  });
  const outcome = ben.client.downloadAttachment(newest()).then(
    () => undefined,
    ({ code }: { code: string }) => code,
  );
  await Promise.race([outcome, waiting]);
  await ben.client.cancelDownload(newest());
  return outcome;
}

test("[ATTACK 61] the blob of another file is refused", async () => {
  const [first] = sent;
  if (first === undefined) throw new Error("nothing was sent");
  let other: string | undefined;
  ben.network.tamperAnswer = async (path, answer) => {
    const found = /\/attachments\/([^/]+)$/.exec(path)?.[1];
    if (found === undefined) return answer;
    other ??= found;
    const { headers } = answer;
    const range = `bytes=0-${Number(headers.get("content-length")) - 1}`;
    const authorization = `Bearer ${ben.network.accessToken}`;
    return fetch(`${server.origin}${path.replace(found, await attachmentOf(first))}`, {
      headers: { authorization, range },
    });
  };
  expect(await ben.client.downloadAttachment(newest()).catch(({ code }) => code)).toBe("file_damaged");
});

/** The id that Anna gave to a file, from the address she sent its parts to. */
async function attachmentOf({ clientMessageId }: AttachmentRef): Promise<string> {
  const place = sent.findIndex((ref) => ref.clientMessageId === clientMessageId);
  const completed = anna.network.wire.filter(
    ({ place: kind, path }) => kind === "url" && path.endsWith("/complete"),
  );
  return completed[place]?.path.split("/").at(-2) ?? "";
}
