/** The wraps of the vault key over HTTP inside workerd: only the account key replaces them. */
import { describe, expect, test } from "vitest";
import { createAccountKey } from "#core/crypto/device-identity.ts";
import { nobleProvider as provider } from "#core/crypto/noble-provider.ts";
import type { KeyPair } from "#core/crypto/provider.ts";
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { encodePasskeyWrap, encodeVaultWraps, vaultWrapsMessage } from "#schema/envelope/vault-wraps.ts";
import type { SealedVault } from "#schema/http/auth.ts";
import { type RawAccount, rawRequest, registerRaw } from "#test/support/raw-account.ts";
import { origin } from "./live-client.ts";
import { newName, tokenOf } from "./pair.ts";

type Wraps = SealedVault["wraps"];

async function ask(method: string, path: string, token: string, json?: unknown): Promise<unknown> {
  const { body } = await rawRequest(origin, method, path, { token, ...(json !== undefined && { json }) });
  return body.success ? body.data : body.error.code;
}

async function wrapsOf(account: RawAccount): Promise<{ version: number; wraps: Wraps }> {
  const answer = await ask("POST", "/api/auth/device/ticket", tokenOf(account));
  const { vault } = answer as { vault: { version: number; wraps: Wraps } };
  return { version: vault.version, wraps: vault.wraps };
}

function passkey(): Wraps[number] {
  const wrap = {
    addedAtMs: Date.now(),
    salt: provider.random(32),
    credentialId: provider.random(20),
    name: new TextEncoder().encode("Chrome on Linux"),
    wrap: provider.random(72),
  };
  return { kind: "passkey", data: encodeBase64url(encodePasskeyWrap(wrap)) };
}

function signed(account: RawAccount, version: number, wraps: Wraps, key: KeyPair = account.aik) {
  const decoded = wraps.map(({ kind, data }) => ({ kind, data: decodeBase64url(data) }));
  const digest = provider.sha256(encodeVaultWraps(decoded));
  const message = vaultWrapsMessage(decodeBase64url(account.account), version + 1, digest);
  return { version, wraps, signature: encodeBase64url(provider.sign(key.secret, message)) };
}

const path = "/api/vault/wraps";

describe("the wraps of the vault key", () => {
  test("[AU60] [LK7] the account key replaces them, and a device of the account and a login are given them", async () => {
    const anna = await registerRaw(origin, newName());
    const before = await wrapsOf(anna);
    expect(before).toEqual({ version: 1, wraps: [{ kind: "recovery", data: expect.any(String) }] });
    const wraps = [...before.wraps, passkey(), passkey()];
    expect(await ask("PUT", path, tokenOf(anna), signed(anna, 1, wraps))).toEqual({ version: 2 });
    expect(await wrapsOf(anna)).toEqual({ version: 2, wraps });
    const fewer = wraps.slice(0, 2);
    expect(await ask("PUT", path, tokenOf(anna), signed(anna, 2, fewer))).toEqual({ version: 3 });
    expect(await wrapsOf(anna)).toEqual({ version: 3, wraps: fewer });
  });

  test("[AU61] nobody else does, neither with a token alone nor with what was signed before", async () => {
    const anna = await registerRaw(origin, newName());
    const ben = await registerRaw(origin, newName());
    const { wraps } = await wrapsOf(anna);
    const more = [...wraps, passkey()];
    const good = signed(anna, 1, more);
    const refused: [unknown, string][] = [
      [signed(anna, 1, more, createAccountKey(provider)), "bad_signature"],
      [signed(ben, 1, more), "bad_signature"],
      [{ ...good, wraps }, "bad_signature"],
      [{ ...good, version: 2 }, "bad_signature"],
      [signed(anna, 2, more), "vault_conflict"],
      [signed(anna, 1, [passkey()]), "malformed"],
      [
        signed(anna, 1, [...wraps, { kind: "passkey", data: encodeBase64url(new Uint8Array(100)) }]),
        "malformed",
      ],
      [signed(anna, 1, [...wraps, ...Array.from({ length: 6 }, passkey)]), "malformed"],
    ];
    for (const [request, code] of refused) expect(await ask("PUT", path, tokenOf(anna), request)).toBe(code);
    expect(await ask("PUT", path, tokenOf(ben), good)).toBe("bad_signature");
    expect(await wrapsOf(anna)).toEqual({ version: 1, wraps });

    expect(await ask("PUT", path, tokenOf(anna), good)).toEqual({ version: 2 });
    expect(await ask("PUT", path, tokenOf(anna), signed(anna, 2, wraps))).toEqual({ version: 3 });
    expect(await ask("PUT", path, tokenOf(anna), good)).toBe("vault_conflict");
  });
});
