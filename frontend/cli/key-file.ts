/** The file that holds the device master key: bare, or sealed by a passphrase. */
import { derivePasswordKeys } from "#core/crypto/password.ts";
import { nobleProvider } from "#core/crypto/noble-provider.ts";
import { openRecord, sealRecord } from "#core/crypto/record-seal.ts";

const keyBytes = 32;
const saltBytes = 16;
const place = { store: "key-file", key: "device-master-key" };

/** The key cannot be had: no passphrase was given, or a wrong one. */
export class KeyFileError extends Error {
  override readonly name = "KeyFileError";
}

/** `key 32`, or `salt 16 | sealed record` under a key stretched from the passphrase. */
export async function sealKeyFile(key: Uint8Array, passphrase: string | undefined): Promise<Uint8Array> {
  if (passphrase === undefined) return key;
  const salt = nobleProvider.random(saltBytes);
  const { vaultKek } = await derivePasswordKeys(nobleProvider, passphrase, salt);
  const sealed = sealRecord(nobleProvider, vaultKek, { ...place, generation: 1 }, key);
  vaultKek.fill(0);
  return Buffer.concat([salt, sealed]);
}

/** Throws `KeyFileError`. */
export async function openKeyFile(file: Uint8Array, passphrase: string | undefined): Promise<Uint8Array> {
  if (file.length === keyBytes) return Uint8Array.from(file);
  if (passphrase === undefined) throw new KeyFileError("the key is sealed: set SOTTO_PASSPHRASE");
  const salt = Uint8Array.from(file.subarray(0, saltBytes));
  const { vaultKek } = await derivePasswordKeys(nobleProvider, passphrase, salt);
  try {
    return openRecord(nobleProvider, vaultKek, place, Uint8Array.from(file.subarray(saltBytes))).value;
  } catch (cause) {
    throw new KeyFileError("SOTTO_PASSPHRASE does not open the key", { cause });
  } finally {
    vaultKek.fill(0);
  }
}
