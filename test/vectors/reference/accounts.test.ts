/** The frozen files of accounts and direct messages, read by the second implementation. Password hashing is not part of it. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import {
  checkCert,
  checkList,
  openDirectBody,
  openStoredRecord,
  openVault,
  recoverySecret,
  unwrap,
} from "./accounts.ts";
import { bytesOf, type Hex, hexOf, hkdf, labelled, publicOf, Refused } from "./primitives.ts";

function frozen(file: string): unknown {
  return JSON.parse(readFileSync(path.join(import.meta.dirname, "../frozen", file), "utf8"));
}

test("devices.json: certificates, the chain of lists, and what their hashes name", () => {
  const devices = frozen("devices.json") as {
    devices: { dskSeed: Hex; dikSecret: Hex }[];
    certs: { cert: Hex; certHash: Hex }[];
    lists: { list: Hex; hash: Hex }[];
  };
  devices.certs.forEach(({ cert, certHash }, index) => {
    const checked = checkCert(bytesOf(cert));
    const { dskSeed, dikSecret } = devices.devices[index]!;
    expect([hexOf(checked.hash), checked.numbers["deviceId"]]).toEqual([certHash, index + 1]);
    expect(checked.bytes["dsk"]).toEqual(publicOf("ed25519", bytesOf(dskSeed)));
    expect(checked.bytes["dik"]).toEqual(publicOf("x25519", bytesOf(dikSecret)));
    const forged = bytesOf(cert);
    forged[30]! ^= 1;
    expect(() => checkCert(forged)).toThrow(Refused);
  });
  let before: ReturnType<typeof checkList> | undefined;
  for (const { list, hash } of devices.lists) {
    const forged = bytesOf(list);
    forged[90]! ^= 1;
    expect(() => checkList(forged, before)).toThrow(Refused);
    before = checkList(bytesOf(list), before);
    expect(hexOf(before.hash)).toBe(hash);
  }
  expect(before?.number).toBe(4);
  const genesis = checkList(bytesOf(devices.lists[0]!.list), undefined);
  expect(hexOf(genesis.entries[0]!.certHash)).toBe(devices.certs[0]!.certHash);
});

test("bodies.json: every body opens from its capsule, and says what it is", () => {
  const { sender, bodies } = frozen("bodies.json") as {
    sender: { accountId: Hex; deviceId: number };
    bodies: {
      text: string;
      conversationId: Hex;
      clientMsgId: Hex;
      sentAtMs: number;
      body: Hex;
      capsule: Hex;
    }[];
  };
  for (const each of bodies) {
    const account = bytesOf(sender.accountId);
    expect(openDirectBody(bytesOf(each.body), bytesOf(each.capsule), account)).toMatchObject({
      v: 1,
      t: "text",
      c: bytesOf(each.conversationId),
      m: bytesOf(each.clientMsgId),
      a: account,
      d: sender.deviceId,
      s: each.sentAtMs,
      x: each.text,
    });
    const flipped = bytesOf(each.body);
    flipped[40]! ^= 1;
    expect(() => openDirectBody(flipped, bytesOf(each.capsule), account)).toThrow(Refused);
  }
});

test("account-secrets.json: recovery code, wraps, vault and record", () => {
  const secrets = frozen("account-secrets.json") as {
    password: { salt: Hex; vaultKek: Hex };
    recovery: { secret: Hex; code: string; kek: Hex; authKey: Hex };
    vault: {
      accountId: Hex;
      keyVersion: number;
      vaultKey: Hex;
      vault: Hex;
      recoveryWrap: Hex;
      passwordWrap: Hex;
    };
    record: { store: string; key: string; dmk: Hex; value: Hex; record: Hex };
  };
  const { recovery, password, vault, record } = secrets;
  const secret = recoverySecret(recovery.code);
  const kek = hkdf(bytesOf(password.salt), secret, labelled("recovery"), 32);
  const authKey = hkdf(bytesOf(password.salt), secret, labelled("recovery-auth"), 32);
  const { code: _, ...derived } = recovery;
  expect({ secret: hexOf(secret), kek: hexOf(kek), authKey: hexOf(authKey) }).toEqual(derived);
  const accountId = bytesOf(vault.accountId);
  const keys = [
    unwrap(bytesOf(vault.recoveryWrap), kek, 1, accountId, vault.keyVersion),
    unwrap(bytesOf(vault.passwordWrap), bytesOf(password.vaultKek), 3, accountId, vault.keyVersion),
  ];
  expect(keys.map(hexOf)).toEqual([vault.vaultKey, vault.vaultKey]);
  expect(() => unwrap(bytesOf(vault.recoveryWrap), kek, 2, accountId, vault.keyVersion)).toThrow(Refused);
  expect(openVault(bytesOf(vault.vault), keys[0]!, accountId)).toMatchObject({ device: 2, epoch: 8 });
  const opened = openStoredRecord(bytesOf(record.record), bytesOf(record.dmk), record.store, record.key);
  expect(hexOf(opened)).toBe(record.value);
});
