/**
 * Attachments: sealed blobs that belong to a conversation (CRYPTO 2.11). The server learns their length and nothing
 * else: names, types, sizes to the byte and keys travel in the messages that point to them.
 */
import * as v from "valibot";
import { isBlobLength } from "../envelope/attachment-size.ts";
import { attachmentIdSchema } from "../ids.ts";
import { limits } from "../limits.ts";
import { route } from "./route.ts";

const bytes = v.pipe(v.number(), v.integer(), v.minValue(0));
const conversationPath = "/api/conversations/:conversation/attachments" as const;
const attachmentPath = `${conversationPath}/:attachment` as const;

/** 1, 2, 3 … in a path. */
export const partNumberSchema = v.pipe(
  v.string(),
  v.regex(/^[1-9]\d{0,4}$/),
  v.transform(Number),
  v.maxValue(10_000),
);

/** Parts of a blob; all but the last have `limits.attachmentPartBytes`. */
export function partCount(blobBytes: number): number {
  return Math.ceil(blobBytes / limits.attachmentPartBytes);
}

/** Where part `part` (from 1) lies in a blob. */
export function partRange(
  blobBytes: number,
  part: number,
): { readonly from: number; readonly below: number } {
  const from = (part - 1) * limits.attachmentPartBytes;
  return { from, below: Math.min(from + limits.attachmentPartBytes, blobBytes) };
}

/** What may still be sent, so that a person is told before an upload begins. Files count with their padding. */
export const getMediaAllowance = route({
  method: "GET",
  path: "/api/media",
  access: "session",
  request: undefined,
  answer: v.looseObject({ maxFileBytes: bytes, quotaBytes: bytes, usedBytes: bytes }),
  errors: [],
});

/**
 * Begins an upload, or tells how far it is: the same call with the same values is repeated after every interruption.
 * Refuses with `too_large` above the file limit, `quota_exceeded` above the account's, `forbidden` when the id belongs
 * to another upload.
 */
export const beginUpload = route({
  method: "POST",
  path: conversationPath,
  access: "session",
  request: v.strictObject({
    attachment: attachmentIdSchema,
    blobBytes: v.pipe(
      v.number(),
      v.check((length) => isBlobLength(length), "no length of a sealed file"),
    ),
  }),
  answer: v.looseObject({
    /** Numbers of the parts that are there. */
    received: v.array(v.number()),
    /** The whole blob is there and can be read. */
    complete: v.boolean(),
  }),
  errors: ["not_found", "forbidden", "quota_exceeded"],
});

/** One part, exactly as long as `partRange` says. Sending one again changes nothing. */
export const uploadPart = route({
  method: "PUT",
  path: `${attachmentPath}/parts/:part`,
  access: "session",
  request: undefined,
  binary: "request",
  answer: v.looseObject({ received: v.literal(true) }),
  errors: ["not_found"],
});

/** Makes the blob readable. `malformed` while parts are missing; repeated it changes nothing. */
export const completeUpload = route({
  method: "POST",
  path: `${attachmentPath}/complete`,
  access: "session",
  request: undefined,
  answer: v.looseObject({ complete: v.literal(true) }),
  errors: ["not_found"],
});

/** Ends an upload, or removes an attachment, of the calling account. What is not there is removed already. */
export const deleteAttachment = route({
  method: "DELETE",
  path: attachmentPath,
  access: "session",
  request: undefined,
  answer: v.looseObject({ deleted: v.literal(true) }),
  errors: [],
});

/** The blob, or with `Range: bytes=FROM-TO` the part of it (206). For members of the conversation. */
export const readAttachment = route({
  method: "GET",
  path: attachmentPath,
  access: "session",
  request: undefined,
  binary: "answer",
  answer: v.unknown(),
  errors: ["not_found"],
});
