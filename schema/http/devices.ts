/** Devices of an account: signed lists, certificates, prekeys and bundles (CRYPTO 2.1, 2.2). */
import * as v from "valibot";
import { accountIdSchema, base64UrlOf, base64UrlUpTo, deviceIdSchema, timestampMsSchema } from "../ids.ts";
import { limits } from "../limits.ts";
import { route } from "./route.ts";

/** Byte sizes of the layouts in schema/envelope, repeated here because they bound what a request may carry. */
const deviceCertBytes = 266;
const deviceListMaxBytes = 1024;
const signedPrekeyBytes = 1 + 4 + 8 + 32 + 64;
const pqPrekeyBytes = 1 + 1 + 4 + 8 + 1568 + 64;
const oneTimePrekeyBytes = 4 + 32;
const signOutBytes = 1 + 16 + 4 + 8 + 64;

/** Shown to its owner only; no control or invisible formatting characters. */
export const deviceNameSchema = v.pipe(
  v.string(),
  v.trim(),
  v.minLength(1),
  v.maxLength(limits.deviceNameChars),
  v.regex(/^\P{C}+$/u),
);
export const signOutStatementSchema = base64UrlOf(signOutBytes);

/** Prekeys of one device. A new signed prekey and last-resort key come together or not at all. */
export const prekeyUploadSchema = v.strictObject({
  signed: v.optional(
    v.strictObject({ signedPrekey: base64UrlOf(signedPrekeyBytes), lastResort: base64UrlOf(pqPrekeyBytes) }),
  ),
  oneTime: v.pipe(v.array(base64UrlOf(oneTimePrekeyBytes)), v.maxLength(limits.oneTimePrekeyBatch)),
  oneTimePq: v.pipe(v.array(base64UrlOf(pqPrekeyBytes)), v.maxLength(limits.oneTimePqPrekeyBatch)),
  /** SIG(DSK) over the upload, layout in schema/envelope/prekeys.ts: a stolen token cannot plant prekeys. */
  signature: base64UrlOf(64),
});
export type PrekeyUpload = v.InferOutput<typeof prekeyUploadSchema>;

/** A device joining its account: the next device list, its certificate and its first prekeys (signed ones required). */
export const deviceEnrolmentSchema = v.strictObject({
  deviceId: deviceIdSchema,
  deviceList: base64UrlUpTo(deviceListMaxBytes, 100),
  certificate: base64UrlOf(deviceCertBytes),
  prekeys: prekeyUploadSchema,
});
export type DeviceEnrolment = v.InferOutput<typeof deviceEnrolmentSchema>;

/** What peers verify before they encrypt: the chain of lists, the certificates, the signed-out devices. */
export const deviceDirectorySchema = v.looseObject({
  account: accountIdSchema,
  username: v.string(),
  /** Device lists in version order; from the requested version on, at least the newest. */
  lists: v.array(v.string()),
  certificates: v.array(v.looseObject({ deviceId: deviceIdSchema, certificate: v.string() })),
  /** Signed statements of devices that signed themselves out (schema/envelope). */
  signOuts: v.array(v.looseObject({ deviceId: deviceIdSchema, statement: v.string() })),
});
export type DeviceDirectory = v.InferOutput<typeof deviceDirectorySchema>;

export const bundleSchema = v.looseObject({
  deviceId: deviceIdSchema,
  signedPrekey: v.string(),
  /** A one-time PQ prekey, or the last-resort one when none is left (its kind byte tells). */
  pqPrekey: v.string(),
  oneTimePrekey: v.optional(v.string()),
});
export type Bundle = v.InferOutput<typeof bundleSchema>;

/** Device lists and certificates; claims nothing. `after` leaves out list versions already known. */
export const getDevices = route({
  method: "GET",
  path: "/api/accounts/:account/devices",
  access: "session",
  request: undefined,
  query: v.strictObject({
    after: v.optional(v.pipe(v.string(), v.regex(/^\d{1,10}$/), v.transform(Number))),
  }),
  answer: deviceDirectorySchema,
  errors: ["not_found"],
});

/** Claims one prekey bundle per named device. Each one-time prekey is handed out at most once. */
export const claimBundles = route({
  method: "POST",
  path: "/api/accounts/:account/bundles",
  access: "session",
  request: v.strictObject({
    devices: v.pipe(v.array(deviceIdSchema), v.minLength(1), v.maxLength(limits.devices)),
  }),
  answer: v.looseObject({ bundles: v.array(bundleSchema) }),
  errors: ["not_found"],
});

/** Adds prekeys of the calling device. */
export const uploadPrekeys = route({
  method: "POST",
  path: "/api/prekeys",
  access: "session",
  request: prekeyUploadSchema,
  answer: v.looseObject({
    oneTime: v.number(),
    oneTimePq: v.number(),
    signedPrekeyCreatedAtMs: timestampMsSchema,
  }),
  errors: ["bad_signature"],
  maxBytes: limits.prekeyRequestBytes,
});

/** The caller's own devices that the newest list calls active, signed-out ones left out. */
export const listOwnDevices = route({
  method: "GET",
  path: "/api/devices",
  access: "session",
  request: undefined,
  answer: v.looseObject({
    devices: v.array(
      v.looseObject({
        deviceId: deviceIdSchema,
        deviceName: v.string(),
        addedAtMs: timestampMsSchema,
        /** Start of the day of its last request; absent without a session. */
        lastActiveDayMs: v.optional(timestampMsSchema),
      }),
    ),
  }),
  errors: [],
});

export const renameDevice = route({
  method: "PUT",
  path: "/api/devices/:device/name",
  access: "session",
  request: v.strictObject({ deviceName: deviceNameSchema }),
  answer: v.looseObject({}),
  errors: ["not_found"],
});

/** The next device list, signed by the account key, that adds no device: it revokes some. Their sessions end with it. */
export const publishDeviceList = route({
  method: "PUT",
  path: "/api/devices/list",
  access: "session",
  request: v.strictObject({ deviceList: base64UrlUpTo(deviceListMaxBytes, 100) }),
  answer: v.looseObject({}),
  errors: ["bad_signature", "device_list_conflict"],
});
