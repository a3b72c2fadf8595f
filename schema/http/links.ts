/**
 * The rendezvous of a link (CRYPTO 2.9): a new device and one of the account leave each other four sealed messages under an id that only
 * the code between them tells. The new device has no account yet, so its side is open to anyone.
 */
import * as v from "valibot";
import { accountIdSchema, base64UrlUpTo, timestampMsSchema } from "../ids.ts";
import { limits } from "../limits.ts";
import { sealedVaultSchema } from "./auth.ts";
import { deviceDirectorySchema } from "./devices.ts";
import { route } from "./route.ts";

/** What a new device says: who it is, then the proof of its key. */
export const newDeviceSlotSchema = v.picklist(["request", "proof"]);
/** What a device of the account says: the certificate it offers, then everything else. */
export const oldDeviceSlotSchema = v.picklist(["offer", "grant"]);

const message = v.strictObject({ data: base64UrlUpTo(limits.linkMessageBytes) });
const written = v.looseObject({ expiresAtMs: timestampMsSchema });
/** Without `data`: not there yet. */
const read = v.looseObject({ data: v.optional(v.string()) });
/** With `wait`, an answer may take `linkWaitMs`. */
const query = v.strictObject({ wait: v.optional(v.literal("1")) });

/** The request opens the rendezvous. Each slot is written once; the same message again is harmless. */
export const writeFromNewDevice = route({
  method: "POST",
  path: "/api/links/:rendezvous/from-new/:slot",
  access: "anyone",
  request: message,
  answer: written,
  errors: ["slot_taken", "link_over", "not_found"],
});

/** The first account to read or write here is the only one. */
export const readFromNewDevice = route({
  method: "GET",
  path: "/api/links/:rendezvous/from-new/:slot",
  access: "session",
  request: undefined,
  query,
  answer: read,
  errors: ["link_over", "forbidden"],
});

export const writeFromOldDevice = route({
  method: "POST",
  path: "/api/links/:rendezvous/from-old/:slot",
  access: "session",
  request: message,
  answer: written,
  errors: ["slot_taken", "link_over", "not_found", "forbidden"],
});

export const readFromOldDevice = route({
  method: "GET",
  path: "/api/links/:rendezvous/from-old/:slot",
  access: "anyone",
  request: undefined,
  query,
  answer: read,
  errors: ["link_over"],
});

/** Either side gives up, or has what it needs: nothing can be left or read here any more. */
export const endLink = route({
  method: "DELETE",
  path: "/api/links/:rendezvous",
  access: "anyone",
  request: undefined,
  answer: v.looseObject({}),
  errors: [],
});

/**
 * What a device needs to let another one join: the vault, to be opened with the recovery code, the newest lists, and a ticket. The ticket
 * alone lets nobody in, because `enrolDevice` asks for a list signed by the account key.
 */
export const prepareLink = route({
  method: "POST",
  path: "/api/auth/device/ticket",
  access: "session",
  request: undefined,
  answer: v.looseObject({
    account: accountIdSchema,
    ticket: v.string(),
    salt: v.string(),
    vault: v.looseObject({ ...sealedVaultSchema.entries }),
    devices: deviceDirectorySchema,
    /** Of the password in force; another one with every change. */
    passwordId: v.string(),
    /** See `putRecoveryKey`. */
    hasRecoveryKey: v.boolean(),
  }),
  errors: ["not_found"],
});
