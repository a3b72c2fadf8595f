/** The bucket of sealed blobs. Its names say nothing and cannot be guessed; its failures are `unavailable`. */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { SottoError } from "#schema/errors.ts";
import type { Env } from "./env.ts";
import type { AttachmentKey, Upload, UploadedPart } from "./media-ledger.ts";
import { labelledHmac } from "./secrets.ts";

type BucketEnv = Pick<Env, "MEDIA" | "SERVER_SECRET">;

/** The bucket says that an upload, or a part of it, is not there (any more). */
const lostCodes = /\((10024|10025)\)/;
const behindTheEndCode = /\(10039\)/;

/** Derived under a secret: whoever lists the bucket learns neither conversation nor attachment (SPEC AT6). */
async function objectName(env: BucketEnv, { conversation, attachment }: AttachmentKey): Promise<string> {
  const ids = [decodeBase64url(conversation), decodeBase64url(attachment)];
  return `a/${encodeBase64url(await labelledHmac(env.SERVER_SECRET, "attachment-name", ...ids))}`;
}

export async function beginMultipart(env: BucketEnv, key: AttachmentKey): Promise<string> {
  const name = await objectName(env, key);
  return (await reaching(() => env.MEDIA.createMultipartUpload(name))).uploadId;
}

export async function storePart(
  env: BucketEnv,
  upload: Upload,
  partNumber: number,
  body: ReadableStream,
): Promise<UploadedPart> {
  const name = await objectName(env, upload);
  const { etag } = await reaching(() =>
    env.MEDIA.resumeMultipartUpload(name, upload.uploadId).uploadPart(partNumber, body),
  );
  return { partNumber, etag };
}

/** `lost`: the bucket does not have these parts, they must be sent again. */
export async function joinParts(
  env: BucketEnv,
  upload: Upload,
  parts: readonly UploadedPart[],
): Promise<"joined" | "lost"> {
  const name = await objectName(env, upload);
  try {
    await env.MEDIA.resumeMultipartUpload(name, upload.uploadId).complete([...parts]);
    return "joined";
  } catch (cause) {
    // Joined by an earlier call whose answer got lost.
    const found = await reaching(() => env.MEDIA.head(name));
    if (found?.size === upload.blobBytes) return "joined";
    if (cause instanceof Error && lostCodes.test(cause.message)) return "lost";
    throw unreachable(cause);
  }
}

/** Forgets the parts of an upload. One that the bucket does not have is forgotten already. */
export async function abortMultipart(env: BucketEnv, upload: Upload): Promise<void> {
  const name = await objectName(env, upload);
  try {
    await env.MEDIA.resumeMultipartUpload(name, upload.uploadId).abort();
  } catch (cause) {
    if (!(cause instanceof Error && lostCodes.test(cause.message))) throw unreachable(cause);
  }
}

export async function deleteBlob(env: BucketEnv, key: AttachmentKey): Promise<void> {
  const name = await objectName(env, key);
  await reaching(() => env.MEDIA.delete(name));
}

export interface ByteRange {
  readonly offset: number;
  readonly length?: number;
}

/** Undefined when there is no such blob. Throws `malformed` when the range begins behind its end. */
export async function readBlob(
  env: BucketEnv,
  key: AttachmentKey,
  range: ByteRange | undefined,
): Promise<R2ObjectBody | undefined> {
  const name = await objectName(env, key);
  try {
    return (await env.MEDIA.get(name, range === undefined ? {} : { range })) ?? undefined;
  } catch (cause) {
    if (!(cause instanceof Error && behindTheEndCode.test(cause.message))) throw unreachable(cause);
    throw new SottoError("malformed", "The range begins behind the end.", { cause });
  }
}

async function reaching<Value>(call: () => Promise<Value>): Promise<Value> {
  try {
    return await call();
  } catch (cause) {
    throw unreachable(cause);
  }
}

function unreachable(cause: unknown): SottoError {
  return new SottoError("unavailable", "Not possible right now; try again.", { retryAfterMs: 2_000, cause });
}
