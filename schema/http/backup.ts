/**
 * The encrypted backup of an account's message keys (CRYPTO 2.13). Every device writes segments and a manifest of its own;
 * every device of the account reads all of them. The server sees sizes and times.
 */
import * as v from "valibot";
import { base64UrlOf, base64UrlUpTo, deviceIdSchema } from "../ids.ts";
import { limits } from "../limits.ts";
import { route } from "./route.ts";

/** 16 random bytes chosen by the writing device. */
export const backupSegmentIdSchema = v.pipe(base64UrlOf(16), v.brand("BackupSegmentId"));
export type BackupSegmentId = v.InferOutput<typeof backupSegmentIdSchema>;

/** Path parameter: the device that wrote it. */
export const backupDeviceSchema = v.pipe(
  v.string(),
  v.regex(/^[1-9]\d{0,9}$/),
  v.transform(Number),
  deviceIdSchema,
);

const manifestVersionSchema = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2 ** 48));

/** What there is, in the order of device ids, and how much of the account's allowance it takes. */
export const getBackup = route({
  method: "GET",
  path: "/api/backup",
  access: "session",
  request: undefined,
  answer: v.looseObject({
    manifests: v.array(v.looseObject({ device: deviceIdSchema, version: v.number() })),
    usedBytes: v.number(),
    quotaBytes: v.number(),
  }),
  errors: [],
});

export const getBackupManifest = route({
  method: "GET",
  path: "/api/backup/manifests/:device",
  access: "session",
  request: undefined,
  answer: v.looseObject({ version: v.number(), data: v.string() }),
  errors: ["not_found"],
});

export const getBackupSegment = route({
  method: "GET",
  path: "/api/backup/segments/:device/:segment",
  access: "session",
  request: undefined,
  answer: v.looseObject({ data: v.string() }),
  errors: ["not_found"],
});

/** Stores a segment of the calling device. One that is there already is left as it is. */
export const putBackupSegment = route({
  method: "PUT",
  path: "/api/backup/segments/:segment",
  access: "session",
  request: v.strictObject({ data: base64UrlUpTo(limits.backupSegmentBytes, 57) }),
  answer: v.looseObject({ stored: v.boolean() }),
  errors: ["quota_exceeded"],
  maxBytes: limits.backupRequestBytes,
});

/**
 * Puts the next manifest of the calling device in the place of version `expected` (0: there is none), and removes every
 * segment of this device that is not in `segments`. Repeated with the same bytes it succeeds again. `signature` is by
 * DSK over `backupWriteMessage`.
 */
export const putBackupManifest = route({
  method: "PUT",
  path: "/api/backup/manifest",
  access: "session",
  request: v.strictObject({
    expected: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 48)),
    version: manifestVersionSchema,
    data: base64UrlUpTo(limits.backupManifestBytes, 400),
    segments: v.pipe(v.array(backupSegmentIdSchema), v.maxLength(limits.backupSegments)),
    signature: base64UrlOf(64),
  }),
  answer: v.looseObject({ version: v.number() }),
  errors: ["backup_conflict", "bad_signature", "not_found"],
  maxBytes: limits.backupRequestBytes,
});
