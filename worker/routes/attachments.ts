/** Attachments: resumable uploads in parts, reading by ranges. Membership is asked from the conversation each time. */
import { blobBytesOf } from "#schema/envelope/attachment-size.ts";
import { SottoError } from "#schema/errors.ts";
import {
  type beginUpload,
  type completeUpload,
  type deleteAttachment,
  type getMediaAllowance,
  partCount,
  partNumberSchema,
  partRange,
  type readAttachment,
  type uploadPart,
} from "#schema/http/attachments.ts";
import { attachmentIdSchema, conversationIdSchema } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import { bytesAnswer } from "../answer.ts";
import type { BytesHandler, Call, Handler } from "../contract.ts";
import type { Env } from "../env.ts";
import { faultOf, logEvent } from "../events.ts";
import {
  abortMultipart,
  beginMultipart,
  type ByteRange,
  deleteBlob,
  joinParts,
  readBlob,
  storePart,
} from "../media-bucket.ts";
import { type AttachmentKey, MediaLedger, type Upload } from "../media-ledger.ts";
import { mediaLimits } from "../settings.ts";
import { callConversation } from "../stubs.ts";

export const handleGetMediaAllowance: Handler<typeof getMediaAllowance> = async ({ env, identity }) => {
  const usedBytes = await new MediaLedger(env.DB).usedBytes(identity.account);
  return { ...mediaLimits(env), usedBytes };
};

export const handleBeginUpload: Handler<typeof beginUpload> = async (call) => {
  const { env, identity, body, param } = call;
  const { blobBytes } = body;
  const { maxFileBytes, quotaBytes } = mediaLimits(env);
  if (blobBytes > blobBytesOf(maxFileBytes)) throw new SottoError("too_large", "The file is too large.");
  const key = { conversation: param("conversation", conversationIdSchema), attachment: body.attachment };
  await assertMember(call, key);
  const ledger = new MediaLedger(env.DB);
  const known = await standing(ledger, key, { account: identity.account, blobBytes });
  if (known !== undefined) return known;
  if ((await ledger.openUploads(identity.account)) >= limits.openUploads) {
    throw new SottoError("rate_limited", "Too many unfinished uploads.", { retryAfterMs: 60_000 });
  }
  const used = await ledger.usedBytes(identity.account);
  if (used + blobBytes > quotaBytes) throw overQuota();
  const upload = { ...key, account: identity.account, blobBytes, uploadId: await beginMultipart(env, key) };
  if (await ledger.addUpload(upload, quotaBytes, Date.now())) return { received: [], complete: false };
  await abortMultipart(env, upload);
  const faster = await standing(ledger, key, { account: identity.account, blobBytes });
  if (faster !== undefined) return faster;
  throw overQuota();
};

export const handleUploadPart: Handler<typeof uploadPart> = async (call) => {
  const { env, request, param } = call;
  const upload = await ownUpload(call);
  const part = param("part", partNumberSchema);
  if (part > partCount(upload.blobBytes)) throw new SottoError("malformed", "There is no such part.");
  const { from, below } = partRange(upload.blobBytes, part);
  if (request.body === null || Number(request.headers.get("content-length")) !== below - from) {
    throw new SottoError("malformed", "A part must have exactly its length.");
  }
  const ledger = new MediaLedger(env.DB);
  // What was taken is kept: two different bytes under one number would make one blob of two files.
  if ((await ledger.parts(upload)).some(({ partNumber }) => partNumber === part)) {
    await request.body.pipeTo(new WritableStream());
    return { received: true };
  }
  await ledger.addPart(upload, await storePart(env, upload, part, request.body), Date.now());
  return { received: true };
};

export const handleCompleteUpload: Handler<typeof completeUpload> = async (call) => {
  const { env, identity } = call;
  const ledger = new MediaLedger(env.DB);
  const key = keyOf(call);
  await assertMember(call, key);
  if ((await ledger.attachment(key))?.account === identity.account) return { complete: true };
  const upload = await ownUpload(call);
  const parts = await ledger.parts(upload);
  if (parts.length !== partCount(upload.blobBytes)) throw new SottoError("malformed", "Parts are missing.");
  if ((await joinParts(env, upload, parts)) === "lost") {
    await ledger.restart(upload, await beginMultipart(env, upload));
    throw new SottoError("unavailable", "Parts were lost; send them again.", { retryAfterMs: 1_000 });
  }
  await ledger.complete(upload, Date.now());
  return { complete: true };
};

export const handleDeleteAttachment: Handler<typeof deleteAttachment> = async (call) => {
  const { env, identity } = call;
  const ledger = new MediaLedger(env.DB);
  const key = keyOf(call);
  const upload = await ledger.upload(key);
  const owner = upload?.account ?? (await ledger.attachment(key))?.account;
  if (owner !== identity.account) return { deleted: true };
  // The bucket first: as long as the row is there, the call can be repeated.
  if (upload !== undefined) await abortMultipart(env, upload);
  await deleteBlob(env, key);
  await ledger.remove(key);
  return { deleted: true };
};

export const handleReadAttachment: BytesHandler<typeof readAttachment> = async (call) => {
  const { env, request } = call;
  const key = keyOf(call);
  const range = parseRange(request.headers.get("range"));
  await assertMember(call, key);
  const blob = await readBlob(env, key, range);
  if (blob === undefined) throw notFound();
  const from = range?.offset ?? 0;
  const length = Math.min(range?.length ?? blob.size, blob.size - from);
  return bytesAnswer(blob.body, { from, length, whole: blob.size, partial: range !== undefined });
};

/** Removes what nobody went on with for `limits.uploadIdleMs`; what fails is tried again the next time. */
export async function cleanUploads(env: Env, nowMs: number): Promise<void> {
  const ledger = new MediaLedger(env.DB);
  for (const upload of await ledger.abandoned(nowMs - limits.uploadIdleMs, 500)) {
    try {
      await abortMultipart(env, upload);
      await ledger.remove(upload);
    } catch (error) {
      logEvent("warn", { event: "upload_not_cleaned", fault: faultOf(error) });
    }
  }
}

type AnyCall = Call<unknown, unknown>;

function keyOf({ param }: Pick<AnyCall, "param">): AttachmentKey {
  return {
    conversation: param("conversation", conversationIdSchema),
    attachment: param("attachment", attachmentIdSchema),
  };
}

/** To a stranger and a former member there is nothing here. */
async function assertMember(
  { env, identity }: Pick<AnyCall, "env" | "identity">,
  { conversation }: AttachmentKey,
): Promise<void> {
  await callConversation(env, conversation, (object) => object.assertMember(identity));
}

/** How far an upload of the same account and length is; undefined when the id is free. */
async function standing(
  ledger: MediaLedger,
  key: AttachmentKey,
  wanted: Pick<Upload, "account" | "blobBytes">,
): Promise<{ received: number[]; complete: boolean } | undefined> {
  const upload = await ledger.upload(key);
  const known = upload ?? (await ledger.attachment(key));
  if (known === undefined) return undefined;
  if (known.account !== wanted.account || known.blobBytes !== wanted.blobBytes) {
    throw new SottoError("forbidden", "This id belongs to another upload.");
  }
  if (upload === undefined) return { received: [], complete: true };
  return { received: (await ledger.parts(key)).map(({ partNumber }) => partNumber), complete: false };
}

async function ownUpload(call: Pick<AnyCall, "env" | "identity" | "param">): Promise<Upload> {
  const upload = await new MediaLedger(call.env.DB).upload(keyOf(call));
  if (upload === undefined || upload.account !== call.identity.account) throw notFound();
  return upload;
}

/** `bytes=FROM-TO` or `bytes=FROM-`; other forms of ranges are not served. */
function parseRange(header: string | null): ByteRange | undefined {
  if (header === null) return undefined;
  const match = /^bytes=(\d{1,15})-(\d{0,15})$/.exec(header);
  const offset = Number(match?.[1]);
  const last = match?.[2] === "" ? undefined : Number(match?.[2]);
  if (match === null || (last !== undefined && last < offset)) {
    throw new SottoError("malformed", "The range is not understood.");
  }
  return last === undefined ? { offset } : { offset, length: last - offset + 1 };
}

function notFound(): SottoError {
  return new SottoError("not_found", "There is no such attachment.");
}

function overQuota(): SottoError {
  return new SottoError("quota_exceeded", "Your storage here is full.");
}
