/**
 * Files between real clients (the headless core) and the real server: interruptions, restarts, a server that lies.
 * What this does not show: browsers (test/browser/attachments.test.ts).
 */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AttachmentRef, ClientEvent, MessageView } from "#core/client-api.ts";
import { limits } from "#schema/limits.ts";
import type { ConversationId } from "#schema/ids.ts";
import { allMessages, eventually, type LivePerson, reopen, signUp } from "../support/people.ts";
import { rawRequest } from "../support/raw-account.ts";
import { noiseOf } from "../support/raw-upload.ts";
import { startServer, type TestServer } from "../support/server.ts";

let server: TestServer;
let anna: LivePerson;
let ben: LivePerson;
let conversationId: ConversationId;

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

const print = (bytes: Uint8Array): string =>
  `${bytes.length} ${createHash("sha256").update(bytes).digest("base64url")}`;

function fileOf(bytes: Uint8Array<ArrayBuffer>, name = "noise.bin", mime = "application/x-noise") {
  return { file: new Blob([bytes]), name, mime };
}

/** The message with this text, once it is in its place. */
function arrived(person: LivePerson, text: string): Promise<MessageView> {
  return eventually(`${person.username} sees ${text}`, async () => {
    const messages = await allMessages(person.client, conversationId);
    return messages.find(
      ({ content, seq }) => content.type === "attachments" && content.text === text && seq !== undefined,
    );
  });
}

function refOf(message: MessageView, index = 0): AttachmentRef {
  const { clientMessageId, seq } = message;
  return { conversationId, clientMessageId, seq, index };
}

/** The whole file as a person's client opens it. */
async function contentOf(person: LivePerson, ref: AttachmentRef, sizeBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < sizeBytes; at += 1_000_000) {
    parts.push(await person.client.readAttachment(ref, at, 1_000_000));
  }
  return Buffer.concat(parts);
}

/** Resolves when a transfer of this person has come this far. */
function transferAt(
  person: LivePerson,
  isFar: (event: ClientEvent & { type: "transfer" }) => boolean,
): Promise<void> {
  return new Promise((resolve) => {
    const unsubscribe = person.client.subscribe((event) => {
      if (event.type !== "transfer" || !isFar(event)) return;
      unsubscribe();
      resolve();
    });
  });
}

/** What the server counts for Anna. */
async function usedBytes(): Promise<unknown> {
  const { body } = await rawRequest(server.origin, "GET", "/api/media", { token: anna.network.accessToken });
  return body.success ? Reflect.get(body.data, "usedBytes") : body.error.code;
}

test("[AT20] files of every kind arrive with names, sizes and caption, byte by byte, in one message", async () => {
  const [photo, song, empty] = [noiseOf(300_000, "photo"), noiseOf(70_000, "song"), new Uint8Array(0)];
  const preview = noiseOf(900, "preview");
  await anna.client.sendFiles(conversationId, {
    text: "three files",
    files: [
      { ...fileOf(photo, "harbour.jpg", "image/jpeg"), width: 1_200, height: 800, preview },
      { ...fileOf(song, "song.ogg", "audio/ogg"), durationMs: 4_200 },
      fileOf(empty, "empty.txt", "text/plain"),
    ],
  });
  const message = await arrived(ben, "three files");
  expect(message.content).toEqual({
    type: "attachments",
    text: "three files",
    attachments: [
      {
        name: "harbour.jpg",
        mime: "image/jpeg",
        sizeBytes: 300_000,
        width: 1_200,
        height: 800,
        preview,
        isLocal: false,
      },
      { name: "song.ogg", mime: "audio/ogg", sizeBytes: 70_000, durationMs: 4_200, isLocal: false },
      { name: "empty.txt", mime: "text/plain", sizeBytes: 0, isLocal: false },
    ],
  });
  await ben.client.downloadAttachment(refOf(message));
  const opened = await Promise.all(
    [photo, song, empty].map((file, index) => contentOf(ben, refOf(message, index), file.length)),
  );
  expect(opened.map(print)).toEqual([photo, song, empty].map(print));
  const own = await arrived(anna, "three files");
  expect(print(await contentOf(anna, refOf(own), photo.length))).toBe(print(photo));
});

test("[AT21] a network lost in the middle costs no part that was there: the upload goes on by itself", async () => {
  const file = noiseOf(30_000_000, "thirty");
  const from = anna.network.wire.length;
  const half = transferAt(anna, ({ doneBytes, totalBytes }) => doneBytes > totalBytes * 0.4);
  await anna.client.sendFiles(conversationId, { text: "interrupted", files: [fileOf(file)] });
  await half;
  anna.network.unplug();
  await transferAt(anna, ({ state }) => state === "waiting");
  anna.network.plugIn();
  const message = await arrived(ben, "interrupted");
  expect(print(await contentOf(ben, refOf(message), file.length))).toBe(print(file));
  const sent = anna.network.wire
    .slice(from)
    .flatMap(({ place, path }) =>
      place === "answer" && path.includes("/parts/") ? [path.split("/").at(-1)] : [],
    );
  expect(new Set(sent)).toEqual(new Set(["1", "2", "3", "4"]));
  expect(sent).toHaveLength(4);
});

test("[AT21] a client that ends in the middle goes on when it is opened again; the message is there once", async () => {
  const file = noiseOf(20_000_000, "twenty");
  const begun = transferAt(anna, ({ doneBytes }) => doneBytes > 0);
  await anna.client.sendFiles(conversationId, { text: "reopened", files: [fileOf(file)] });
  await begun;
  anna = await reopen(server.origin, anna);
  const message = await arrived(ben, "reopened");
  await ben.client.downloadAttachment(refOf(message));
  expect(print(await contentOf(ben, refOf(message), file.length))).toBe(print(file));
  const all = await allMessages(ben.client, conversationId);
  expect(
    all.filter(({ content }) => content.type === "attachments" && content.text === "reopened"),
  ).toHaveLength(1);
});

test("[AT21] a server killed in the middle gets the rest after its restart", async () => {
  const file = noiseOf(25_000_000, "killed");
  const begun = transferAt(anna, ({ doneBytes }) => doneBytes > 0);
  await anna.client.sendFiles(conversationId, { text: "killed", files: [fileOf(file)] });
  await begun;
  await server.kill();
  await transferAt(anna, ({ state }) => state === "waiting");
  await server.restart();
  for (const person of [anna, ben]) person.network.announceOnline();
  const message = await arrived(ben, "killed");
  expect(print(await contentOf(ben, refOf(message), file.length))).toBe(print(file));
});

test("[AT24] what is discarded while it goes up is gone: no message, no bytes counted", async () => {
  const before = await anna.client.listMessages(conversationId, { limit: 100 });
  const [blobs, bytes] = [await anna.storage.blobs.names(), await usedBytes()];
  const begun = transferAt(anna, ({ doneBytes }) => doneBytes > 0);
  const id = await anna.client.sendFiles(conversationId, {
    text: "never",
    files: [fileOf(noiseOf(30_000_000, "never"))],
  });
  await begun;
  await anna.client.discardMessage(conversationId, id);
  await anna.client.sendText(conversationId, "after it");
  await eventually("the text after it", async () => {
    const all = await allMessages(ben.client, conversationId);
    return all.some(({ content }) => content.type === "text" && content.text === "after it");
  });
  const after = await anna.client.listMessages(conversationId, { limit: 100 });
  expect(after.messages.length).toBe(before.messages.length + 1);
  expect(await anna.storage.blobs.names()).toEqual(blobs);
  await eventually("the bytes are given back", async () => (await usedBytes()) === bytes);
});

test("[AT26] a file that cannot be read to its end leaves nothing: no message, no pieces, no bytes counted", async () => {
  const before = await anna.client.listMessages(conversationId, { limit: 100 });
  const [blobs, bytes] = [await anna.storage.blobs.names(), await usedBytes()];
  const file = fileOf(noiseOf(30_000_000, "torn"));
  const { promise: torn, reject: tear } = Promise.withResolvers<ArrayBuffer>();
  torn.catch(() => undefined);
  const slice = file.file.slice.bind(file.file);
  file.file.slice = (from, to) => {
    const part = slice(from, to);
    return (from ?? 0) < 20_000_000 ? part : Object.assign(part, { arrayBuffer: () => torn });
  };
  const sending = anna.client.sendFiles(conversationId, { text: "torn", files: [file] });
  await eventually("its upload is counted", async () => (await usedBytes()) !== bytes);
  tear(new Error("the disk is gone"));
  await expect(sending).rejects.toMatchObject({ code: "file_unreadable" });
  expect(await anna.storage.blobs.names()).toEqual(blobs);
  await eventually("the bytes are given back", async () => (await usedBytes()) === bytes);
  expect((await anna.client.listMessages(conversationId, { limit: 100 })).messages).toEqual(before.messages);
});

test("[AT25] a file above the server's limit is refused before anything is sealed or sent", async () => {
  expect(await anna.client.maxFileBytes()).toBe(limits.maxFileBytes);
  const [names, sent] = [await anna.storage.blobs.names(), anna.network.wire.length];
  const huge = { file: hugeBlob(limits.maxFileBytes + 1), name: "huge.bin", mime: "" };
  const small = fileOf(noiseOf(10, "small"));
  await expect(
    anna.client.sendFiles(conversationId, { text: "", files: [small, huge] }),
  ).rejects.toMatchObject({ code: "file_too_large" });
  await expect(anna.client.sendFiles(conversationId, { text: "", files: [] })).rejects.toMatchObject({
    code: "too_many_files",
  });
  const uploads = anna.network.wire.slice(sent).filter(({ path }) => path.includes("attachments"));
  expect([await anna.storage.blobs.names(), uploads]).toEqual([names, []]);
});

/** Says that it is that long; nobody may come to read it. */
function hugeBlob(size: number): Blob {
  return new Proxy(new Blob(), { get: (blob, key) => (key === "size" ? size : Reflect.get(blob, key)) });
}
