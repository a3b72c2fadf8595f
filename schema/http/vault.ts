/** The keys to the vault: what opens it besides the recovery code (CRYPTO 2.13). */
import * as v from "valibot";
import { base64UrlOf } from "../ids.ts";
import { limits } from "../limits.ts";
import { sealedVaultSchema } from "./auth.ts";
import { route } from "./route.ts";

/**
 * Replaces every wrap of the vault key by the ones given, which follow `version`. The account key signs them
 * (schema/envelope/vault-wraps.ts), so that a stolen token can neither add nor remove one.
 */
export const putVaultWraps = route({
  method: "PUT",
  path: "/api/vault/wraps",
  access: "session",
  request: v.strictObject({
    /** A u32 also when it has been raised. */
    version: v.pipe(sealedVaultSchema.entries.version, v.maxValue(0xffff_fffe)),
    wraps: sealedVaultSchema.entries.wraps,
    signature: base64UrlOf(64),
  }),
  answer: v.looseObject({ version: v.number() }),
  errors: ["bad_signature", "vault_conflict", "not_found"],
  maxBytes: limits.vaultWraps * limits.vaultWrapBytes * 2,
});

/**
 * Makes the recovery code of the vault of `version` known, for accounts whose code was made before the server knew any. The account key signs it
 * (schema/envelope/account-statements.ts), so that a stolen token plants none.
 */
export const putRecoveryKey = route({
  method: "PUT",
  path: "/api/vault/recovery",
  access: "session",
  request: v.strictObject({
    version: v.pipe(sealedVaultSchema.entries.version, v.maxValue(0xffff_ffff)),
    recoveryKey: base64UrlOf(32),
    signature: base64UrlOf(64),
  }),
  answer: v.looseObject({}),
  errors: ["bad_signature", "vault_conflict", "not_found"],
});
