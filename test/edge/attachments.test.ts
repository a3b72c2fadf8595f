/** Attachments inside workerd, with a real bucket and database. What is in the blobs does not matter here: noise. */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { nobleProvider as provider } from "#core/crypto/noble-provider.ts";
import { blobBytesOf } from "#schema/envelope/attachment-size.ts";
import { encodeBase64url } from "#schema/envelope/base64url.ts";
import { limits } from "#schema/limits.ts";
import { addRawDevice, rawRequest, registerRaw } from "#test/support/raw-account.ts";
import { noiseOf, RawUpload } from "#test/support/raw-upload.ts";
import { cleanUploads } from "#worker/routes/attachments.ts";
import { signAccessToken, verifyAccessToken } from "#worker/tokens.ts";
import { origin } from "./live-client.ts";
import { makePair, newName, type Pair, tokenOf } from "./pair.ts";

const refused = (code: string) => ({
  success: false,
  error: expect.objectContaining({ code, message: expect.any(String), requestId: expect.any(String) }),
});
const accepted = (data: object) => ({ success: true, data });

function newUpload(pair: Pair, fileBytes: number, conversation = pair.id): RawUpload {
  const id = encodeBase64url(provider.random(16));
  return new RawUpload(origin, conversation, id, noiseOf(blobBytesOf(fileBytes), id));
}

/** Large blobs are compared by length and hash: a difference printed byte by byte says nothing. */
async function printOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `${bytes.length} ${encodeBase64url(hash)}`;
}

async function printOfAnswer(answer: Response): Promise<string> {
  return printOf(new Uint8Array(await answer.arrayBuffer()));
}

async function objectNames(): Promise<string[]> {
  return (await env.MEDIA.list()).objects.map(({ key }) => key);
}

async function usedBytes(token: string): Promise<unknown> {
  const { body } = await rawRequest(origin, "GET", "/api/media", { token });
  return body.success ? (body.data as { usedBytes?: unknown }).usedBytes : body;
}

describe("uploading", () => {
  test("[AT1] a blob goes up in parts in any order, is readable once complete, and for both members", async () => {
    const pair = await makePair();
    const upload = newUpload(pair, 20_000_000);
    expect((await upload.begin(pair.annaToken)).body).toEqual(accepted({ received: [], complete: false }));
    expect(upload.parts).toBe(3);
    for (const part of [3, 1, 2]) {
      expect((await upload.part(pair.annaToken, part)).body).toEqual(accepted({ received: true }));
    }
    expect((await upload.read(pair.benToken)).status).toBe(404);
    expect((await upload.complete(pair.annaToken)).body).toEqual(accepted({ complete: true }));
    for (const token of [pair.annaToken, pair.benToken]) {
      expect(await printOfAnswer(await upload.read(token))).toBe(await printOf(upload.blob));
    }
  });

  test("[AT2] begun again, an upload tells which parts are there; parts sent twice change nothing", async () => {
    const pair = await makePair();
    const upload = newUpload(pair, 10_000_000);
    await upload.begin(pair.annaToken);
    await upload.part(pair.annaToken, 2);
    expect((await upload.begin(pair.annaToken)).body).toEqual(accepted({ received: [2], complete: false }));
    const other = noiseOf(upload.blob.length - limits.attachmentPartBytes, "other bytes");
    expect((await upload.part(pair.annaToken, 2, other)).body).toEqual(accepted({ received: true }));
    await upload.part(pair.annaToken, 1);
    await upload.complete(pair.annaToken);
    expect((await upload.complete(pair.annaToken)).body).toEqual(accepted({ complete: true }));
    expect((await upload.begin(pair.annaToken)).body).toEqual(accepted({ received: [], complete: true }));
    expect(await printOfAnswer(await upload.read(pair.benToken))).toBe(await printOf(upload.blob));
    expect(await usedBytes(pair.annaToken)).toBe(upload.blob.length);
  });

  test("[AT2] a completion whose answer got lost is completed by the next call", async () => {
    const pair = await makePair();
    const upload = newUpload(pair, 5_000);
    await upload.begin(pair.annaToken);
    await upload.part(pair.annaToken, 1);
    const row = await env.DB.prepare("SELECT * FROM uploads WHERE attachment_id = ?")
      .bind(upload.attachment)
      .first<{ upload_id: string }>();
    const parts = await env.DB.prepare("SELECT * FROM upload_parts WHERE attachment_id = ?")
      .bind(upload.attachment)
      .first<{ etag: string }>();
    await upload.complete(pair.annaToken);
    // As if the Worker had died between the bucket and the database.
    await env.DB.batch([
      env.DB.prepare(
        "INSERT INTO uploads SELECT conversation_id, attachment_id, account_id, ?, blob_bytes, ? FROM attachments WHERE attachment_id = ?",
      ).bind(row?.upload_id, Date.now(), upload.attachment),
      env.DB.prepare(
        "INSERT INTO upload_parts SELECT conversation_id, attachment_id, 1, ? FROM attachments WHERE attachment_id = ?",
      ).bind(parts?.etag, upload.attachment),
      env.DB.prepare("DELETE FROM attachments WHERE attachment_id = ?").bind(upload.attachment),
    ]);
    expect((await upload.complete(pair.annaToken)).body).toEqual(accepted({ complete: true }));
    expect(await printOfAnswer(await upload.read(pair.benToken))).toBe(await printOf(upload.blob));
  });

  test("[AT2] parts that the bucket lost are asked for again", async () => {
    const pair = await makePair();
    const upload = newUpload(pair, 5_000);
    await upload.begin(pair.annaToken);
    await upload.part(pair.annaToken, 1);
    await env.DB.prepare("UPDATE upload_parts SET etag = 'another' WHERE attachment_id = ?")
      .bind(upload.attachment)
      .run();
    expect((await upload.complete(pair.annaToken)).body).toEqual(refused("unavailable"));
    expect((await upload.begin(pair.annaToken)).body).toEqual(accepted({ received: [], complete: false }));
    await upload.part(pair.annaToken, 1);
    expect((await upload.complete(pair.annaToken)).body).toEqual(accepted({ complete: true }));
    expect(await printOfAnswer(await upload.read(pair.benToken))).toBe(await printOf(upload.blob));
  });

  test("[AT3] a part of another length, an unknown part and a completion without all parts are malformed", async () => {
    const pair = await makePair();
    const upload = newUpload(pair, 10_000_000);
    await upload.begin(pair.annaToken);
    const answers = [
      await upload.part(pair.annaToken, 1, upload.blob.slice(1, limits.attachmentPartBytes)),
      await upload.part(pair.annaToken, 2, upload.blob.slice(0, limits.attachmentPartBytes)),
      await upload.part(pair.annaToken, 1, new Uint8Array()),
      await upload.part(pair.annaToken, 3, upload.blob.slice(0, 5)),
      await rawRequest(origin, "PUT", `${upload.path}/parts/0`, { token: pair.annaToken, body: "x" }),
      await upload.complete(pair.annaToken),
    ];
    expect(answers.map(({ body }) => body)).toEqual(answers.map(() => refused("malformed")));
    expect((await upload.begin(pair.annaToken)).body).toEqual(accepted({ received: [], complete: false }));
  });

  test("[AT4] lengths that no sealed file has are malformed, files above the limit too large", async () => {
    const pair = await makePair();
    const upload = newUpload(pair, 1_000);
    const begin = async (blobBytes: number) => (await upload.begin(pair.annaToken, blobBytes)).body;
    for (const length of [0, -5, 1.5, 1_000, blobBytesOf(10_000_000) + 1]) {
      expect(await begin(length)).toEqual(refused("malformed"));
    }
    expect(await begin(blobBytesOf(limits.maxFileBytes * 1.2))).toEqual(refused("too_large"));
    expect(await begin(blobBytesOf(limits.maxFileBytes))).toEqual(
      accepted({ received: [], complete: false }),
    );
  });

  test("[AT5] an account's quota counts uploads and attachments, and gets back what is deleted", async () => {
    const pair = await makePair();
    const [first, second] = [newUpload(pair, 3_000), newUpload(pair, 50_000)];
    await first.whole(pair.annaToken);
    await second.begin(pair.annaToken);
    const both = first.blob.length + second.blob.length;
    expect(await usedBytes(pair.annaToken)).toBe(both);
    await env.DB.prepare("UPDATE media_usage SET bytes = ? WHERE account_id = ?")
      .bind(limits.mediaQuotaBytes - 2_000, pair.anna.account)
      .run();
    const third = newUpload(pair, 2_000);
    expect((await third.begin(pair.annaToken)).body).toEqual(refused("quota_exceeded"));
    expect((await newUpload(pair, 3_000).begin(pair.benToken)).body.success).toBe(true);
    await second.delete(pair.annaToken);
    await first.delete(pair.annaToken);
    expect(await usedBytes(pair.annaToken)).toBe(limits.mediaQuotaBytes - 2_000 - both);
    expect((await first.read(pair.benToken)).status).toBe(404);
    expect((await third.begin(pair.annaToken)).body.success).toBe(true);
  });

  test("[AT5] an account has at most `openUploads` unfinished uploads", async () => {
    const pair = await makePair();
    await env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       INSERT INTO uploads SELECT ?, 'upload' || i, ?, 'x', 1096, ? FROM n`,
    )
      .bind(limits.openUploads, pair.id, pair.anna.account, Date.now())
      .run();
    expect((await newUpload(pair, 10).begin(pair.annaToken)).body).toEqual(refused("rate_limited"));
  });

  test("[AT7] an upload that nobody goes on with is removed, parts and quota included; others stay", async () => {
    const pair = await makePair();
    const [idle, finished, going] = [newUpload(pair, 9_000_000), newUpload(pair, 10), newUpload(pair, 20)];
    for (const upload of [idle, going]) {
      await upload.begin(pair.annaToken);
      await upload.part(pair.annaToken, 1);
    }
    await finished.whole(pair.annaToken);
    await env.DB.prepare("UPDATE uploads SET touched_at_ms = ? WHERE attachment_id = ?")
      .bind(Date.now() - limits.uploadIdleMs - 1, idle.attachment)
      .run();
    // An upload of which the bucket knows nothing holds up no other.
    await env.DB.prepare("INSERT INTO uploads VALUES (?, ?, ?, 'unknown', 1096, 0)")
      .bind(pair.id, newUpload(pair, 1).attachment, pair.anna.account)
      .run();
    await cleanUploads(env, Date.now());
    await cleanUploads(env, Date.now());
    expect((await idle.begin(pair.annaToken)).body).toEqual(accepted({ received: [], complete: false }));
    expect((await going.begin(pair.annaToken)).body).toEqual(accepted({ received: [1], complete: false }));
    expect((await finished.read(pair.benToken)).status).toBe(200);
    const sum = [idle, going, finished].reduce((bytes, { blob }) => bytes + blob.length, 0);
    expect(await usedBytes(pair.annaToken)).toBe(sum);
  });
});

describe("who may", () => {
  test("[AT8] a stranger finds nothing: no beginning, part, completion, reading; deleting deletes nothing", async () => {
    const pair = await makePair();
    const stranger = tokenOf(await registerRaw(origin, newName()));
    const [open, done] = [newUpload(pair, 100), newUpload(pair, 200)];
    await open.begin(pair.annaToken);
    await open.part(pair.annaToken, 1);
    await done.whole(pair.annaToken);
    const answers = [
      await newUpload(pair, 5).begin(stranger),
      await open.begin(stranger),
      await open.part(stranger, 1),
      await open.complete(stranger),
      await done.complete(stranger),
    ];
    expect(answers.map(({ body }) => body)).toEqual(answers.map(() => refused("not_found")));
    expect(await (await done.read(stranger)).json()).toEqual(refused("not_found"));
    for (const upload of [open, done]) await upload.delete(stranger);
    expect((await open.begin(pair.annaToken)).body).toEqual(accepted({ received: [1], complete: false }));
    expect((await done.read(pair.benToken)).status).toBe(200);
  });

  test("[AT8] the other member can neither go on with an upload, nor end it, nor delete what was sent", async () => {
    const pair = await makePair();
    const [open, done] = [newUpload(pair, 100), newUpload(pair, 200)];
    await open.begin(pair.annaToken);
    await done.whole(pair.annaToken);
    expect((await open.begin(pair.benToken)).body).toEqual(refused("forbidden"));
    expect((await open.part(pair.benToken, 1)).body).toEqual(refused("not_found"));
    expect((await open.complete(pair.benToken)).body).toEqual(refused("not_found"));
    for (const upload of [open, done]) await upload.delete(pair.benToken);
    expect((await open.begin(pair.annaToken)).body).toEqual(accepted({ received: [], complete: false }));
    expect((await done.read(pair.benToken)).status).toBe(200);
  });

  test("[AT8] an attachment is in its own conversation only", async () => {
    const [one, two] = [await makePair(), await makePair()];
    const upload = newUpload(one, 100);
    await upload.whole(one.annaToken);
    const elsewhere = new RawUpload(origin, two.id, upload.attachment, upload.blob);
    expect((await elsewhere.read(two.annaToken)).status).toBe(404);
    expect((await elsewhere.read(one.annaToken)).status).toBe(404);
  });

  test("[AT8] who is no longer a member reads nothing and finishes nothing", async () => {
    const pair = await makePair();
    const [open, done] = [newUpload(pair, 100), newUpload(pair, 200)];
    await open.begin(pair.benToken);
    await open.part(pair.benToken, 1);
    await done.whole(pair.annaToken);
    const stub = env.CONVERSATION.getByName(pair.id);
    await runInDurableObject(stub, (_object, state) => {
      state.storage.sql.exec("DELETE FROM members WHERE account = ?", pair.ben.account);
    });
    await evictDurableObject(stub);
    expect((await done.read(pair.benToken)).status).toBe(404);
    expect((await open.complete(pair.benToken)).body).toEqual(refused("not_found"));
    expect((await newUpload(pair, 5).begin(pair.benToken)).body).toEqual(refused("not_found"));
    expect((await done.read(pair.annaToken)).status).toBe(200);
  });

  test("[AT9] a revoked device, an expired token and no token read nothing", async () => {
    const pair = await makePair();
    const upload = newUpload(pair, 100);
    await upload.whole(pair.annaToken);
    const [old] = pair.ben.devices;
    await addRawDevice(origin, pair.ben, [old?.own.cert.deviceId ?? 0]);
    const { identity } = await verifyAccessToken(env, pair.annaToken);
    const expired = await signAccessToken(env, identity, Date.now() - 3_600_000);
    const cases = [
      [pair.benToken, "session_revoked"],
      [expired.token, "token_expired"],
      [undefined, "unauthenticated"],
    ] as const;
    for (const [token, code] of cases) {
      expect(await (await upload.read(token)).json()).toEqual(refused(code));
    }
  });
});

describe("reading", () => {
  test.each([
    ["bytes=0-0", 0, 1],
    ["bytes=56-65607", 56, 65_552],
    ["bytes=65608-", 65_608, undefined],
    ["bytes=100-99999999", 100, undefined],
  ])("[AT10] %s is answered with exactly that", async (range, from, length) => {
    const pair = await makePair();
    const upload = newUpload(pair, 100_000);
    await upload.whole(pair.annaToken);
    const answer = await upload.read(pair.benToken, range);
    const below = length === undefined ? upload.blob.length : from + length;
    expect([answer.status, answer.headers.get("content-range")]).toEqual([
      206,
      `bytes ${from}-${below - 1}/${upload.blob.length}`,
    ]);
    expect(await printOfAnswer(answer)).toBe(await printOf(upload.blob.slice(from, below)));
  });

  test.each(["bytes=5-2", "bytes=-5", "items=0-5", "bytes=0-5,7-9", "bytes=999999999-", "bytes=x-"])(
    "[AT10] %s is malformed",
    async (range) => {
      const pair = await makePair();
      const upload = newUpload(pair, 100);
      await upload.whole(pair.annaToken);
      expect(await (await upload.read(pair.benToken, range)).json()).toEqual(refused("malformed"));
    },
  );

  test("[AT6] bucket and database hold lengths and ids, under names that say nothing; answers are never shown or kept", async () => {
    const pair = await makePair();
    const upload = newUpload(pair, 3_000);
    await upload.whole(pair.annaToken);
    const names = await objectNames();
    expect(names).toEqual(names.map(() => expect.stringMatching(/^a\/[\w-]{43}$/)));
    const about = [upload.attachment, pair.id, pair.anna.account, pair.anna.username];
    expect(names.filter((name) => about.some((word) => name.includes(word)))).toEqual([]);
    const head = await env.MEDIA.head(names[0] ?? "");
    expect([head?.customMetadata, head?.httpMetadata]).toEqual([{}, {}]);
    const answer = await upload.read(pair.benToken);
    expect(Object.fromEntries(answer.headers)).toEqual({
      "accept-ranges": "bytes",
      "cache-control": "no-store",
      "content-disposition": "attachment",
      "content-length": String(upload.blob.length),
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "content-type": "application/octet-stream",
      "cross-origin-resource-policy": "same-origin",
      "referrer-policy": "no-referrer",
      "strict-transport-security": "max-age=63072000; includeSubDomains",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "x-request-id": expect.any(String),
    });
    await answer.body?.cancel();
  });
});
