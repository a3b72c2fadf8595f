import { expect, test } from "vitest";
import { nobleProvider as provider } from "./noble-provider.ts";
import { assertPasswordParams, defaultPasswordParams, derivePasswordKeys } from "./password.ts";
import { openRecord, sealRecord } from "./record-seal.ts";
import { createRecoverySecret, formatRecoveryCode, parseRecoveryCode, recoveryKek } from "./recovery-code.ts";
import { openVault, sealVault, unwrapVaultKey, wrapVaultKey } from "./vault.ts";

const fill = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
const code = (name: string): unknown => expect.objectContaining({ name: "CryptoError", code: name });
const cheapest = { memoryKib: 19_456, passes: 2, lanes: 1 };
const salt = fill(16, 1);

test("password keys: NFKC, one key per purpose, another salt another key", async () => {
  const keys = await derivePasswordKeys(provider, "Caf\u00e9 \ufb01ne", salt, cheapest);
  expect(await derivePasswordKeys(provider, "Cafe\u0301 fine", salt, cheapest)).toEqual(keys);
  expect([keys.authKey.length, keys.vaultKek.length]).toEqual([32, 32]);
  expect(keys.authKey).not.toEqual(keys.vaultKek);
  const other = await derivePasswordKeys(provider, "Caf\u00e9 \ufb01ne", fill(16, 2), cheapest);
  expect(other.authKey).not.toEqual(keys.authKey);
});

test.each([
  { memoryKib: 19_455 },
  { passes: 1 },
  { lanes: 0 },
  { memoryKib: 2 ** 31 },
  { passes: 1000 },
  { memoryKib: Number.NaN },
  { passes: 2.5 },
])("[ATTACK 62] MALFORMED: parameters %j", async (change) => {
  const params = { ...defaultPasswordParams, ...change };
  expect(() => assertPasswordParams(params)).toThrow(code("MALFORMED"));
  await expect(derivePasswordKeys(provider, "x", salt, params)).rejects.toEqual(code("MALFORMED"));
});

test("[ATTACK 62] MALFORMED: a salt of another length", async () => {
  await expect(derivePasswordKeys(provider, "x", fill(8, 1))).rejects.toEqual(code("MALFORMED"));
});

const secret = Uint8Array.from({ length: 24 }, (_, index) => index * 10);
const written = formatRecoveryCode(provider, secret);

test("a recovery code is 8 groups of 5 and reads back", () => {
  expect(written).toMatch(/^([0-9A-HJKMNP-TV-Z]{5}-){7}[0-9A-HJKMNP-TV-Z]{5}$/);
  expect(parseRecoveryCode(provider, written)).toEqual(secret);
  const random = createRecoverySecret(provider);
  expect(parseRecoveryCode(provider, formatRecoveryCode(provider, random))).toEqual(random);
  expect(recoveryKek(provider, salt, secret)).not.toEqual(recoveryKek(provider, fill(16, 2), secret));
});

test("[ATTACK 65] lower case, O for 0, I and L for 1, other separators are normalised", () => {
  const sloppy = written.toLowerCase().replaceAll("0", "o").replaceAll("1", "l").replaceAll("-", " ");
  expect(parseRecoveryCode(provider, ` ${sloppy}\n`)).toEqual(secret);
  expect(parseRecoveryCode(provider, written.replaceAll("0", "O").replaceAll("1", "I"))).toEqual(secret);
});

test("[ATTACK 65] a missing group, a wrong character and a wrong checksum are refused", () => {
  expect(() => parseRecoveryCode(provider, written.slice(6))).toThrow(code("TRUNCATED"));
  expect(() => parseRecoveryCode(provider, "")).toThrow(code("TRUNCATED"));
  expect(() => parseRecoveryCode(provider, `${written}0`)).toThrow(code("MALFORMED"));
  expect(() => parseRecoveryCode(provider, written.replace(/.$/, "U"))).toThrow(code("MALFORMED"));
  const last = written.endsWith("7") ? "8" : "7";
  expect(() => parseRecoveryCode(provider, written.slice(0, -1) + last)).toThrow(code("MALFORMED"));
});

const vaultKey = fill(32, 5);
const address = { accountId: fill(16, 6), keyVersion: 2 };
const vault = {
  aikSeed: fill(32, 1),
  backupRoot: fill(32, 2),
  profileKey: fill(32, 3),
  pins: [{ accountId: fill(16, 4), aik: fill(32, 5), version: 6, hash: fill(32, 7) }],
  lastDeviceId: 3,
  epoch: 9,
};

test("a vault opens to what was sealed", () => {
  expect(openVault(provider, vaultKey, address, sealVault(provider, vaultKey, address, vault), 9)).toEqual(
    vault,
  );
});

test("[ATTACK 64] a vault of another key version or account, or an older one, is refused", () => {
  const bytes = sealVault(provider, vaultKey, address, vault);
  const open =
    (change: object, minEpoch = 0) =>
    () =>
      openVault(provider, vaultKey, { ...address, ...change }, bytes, minEpoch);
  expect(open({ keyVersion: 3 })).toThrow(code("BAD_TAG"));
  expect(open({ accountId: fill(16, 9) })).toThrow(code("BAD_TAG"));
  expect(open({}, 10)).toThrow(code("STATE_ROLLBACK"));
  expect(() => openVault(provider, fill(32, 6), address, bytes)).toThrow(code("BAD_TAG"));
  expect(() => openVault(provider, vaultKey, address, bytes.subarray(0, 20))).toThrow(code("MALFORMED"));
});

test("[ATTACK 64] a wrap opens only as its own kind, account and key version", () => {
  const kek = fill(32, 8);
  const wrap = wrapVaultKey(provider, kek, "recovery", address, vaultKey);
  expect(wrap.length).toBe(72);
  expect(unwrapVaultKey(provider, kek, "recovery", address, wrap)).toEqual(vaultKey);
  const bad = [
    () => unwrapVaultKey(provider, kek, "password", address, wrap),
    () => unwrapVaultKey(provider, kek, "recovery", { ...address, keyVersion: 1 }, wrap),
    () => unwrapVaultKey(provider, kek, "recovery", { ...address, accountId: fill(16, 7) }, wrap),
    () => unwrapVaultKey(provider, fill(32, 9), "recovery", address, wrap),
  ];
  for (const unwrap of bad) expect(unwrap).toThrow(code("BAD_TAG"));
  expect(() => unwrapVaultKey(provider, kek, "recovery", address, wrap.subarray(1))).toThrow(
    code("MALFORMED"),
  );
});

const dmk = fill(32, 1);
const place = { store: "sessions", key: "a/1" };

test("a record opens where it was sealed, with its generation", () => {
  const record = sealRecord(provider, dmk, { ...place, generation: 7 }, fill(5, 9));
  expect(openRecord(provider, dmk, place, record)).toEqual({ generation: 7, value: fill(5, 9) });
});

test("[ATTACK 42] BAD_TAG: a record moved to another key or store, or of another generation or device key", () => {
  const record = sealRecord(provider, dmk, { ...place, generation: 7 }, fill(5, 9));
  const renumbered = Uint8Array.from(record).fill(8, 7, 8);
  const bad = [
    () => openRecord(provider, dmk, { ...place, key: "a/2" }, record),
    () => openRecord(provider, dmk, { ...place, store: "prekeys" }, record),
    () => openRecord(provider, dmk, { store: "sessionsa", key: "/1" }, record),
    () => openRecord(provider, dmk, place, renumbered),
    () => openRecord(provider, fill(32, 2), place, record),
  ];
  for (const open of bad) expect(open).toThrow(code("BAD_TAG"));
  expect(() => openRecord(provider, dmk, place, record.subarray(0, 31))).toThrow(code("MALFORMED"));
  expect(() => sealRecord(provider, dmk, { store: "\ud800", key: "", generation: 0 }, fill(1, 1))).toThrow(
    RangeError,
  );
});
