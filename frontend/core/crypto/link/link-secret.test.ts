import { describe, expect, test } from "vitest";
import { code as refused, flip } from "#test/support/crypto/expect-refused.ts";
import { nobleProvider as provider } from "../noble-provider.ts";
import { decodeLinkExport, encodeLinkExport } from "./link-export.ts";
import {
  createLinkSecret,
  formatLinkSecret,
  isScannedSecret,
  joinRequest,
  linkCodeOf,
  parseLinkSecret,
  rendezvousOf,
  splitRequest,
} from "./link-secret.ts";
import { openLinkRequest, sealLinkRequest } from "./link-request.ts";

const fill = (length: number, value: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(value);
const request = { dsk: fill(32, 1), dik: fill(32, 2), name: "Firefox on Linux" };

describe("a secret as a code", () => {
  test("typed: four groups of five, forgiving about case, look-alikes and separators", () => {
    const secret = createLinkSecret(provider, "type");
    const text = formatLinkSecret(provider, secret);
    expect(text).toMatch(/^([0-9A-HJKMNP-TV-Z]{5}-){3}[0-9A-HJKMNP-TV-Z]{5}$/);
    const sloppy = text.toLowerCase().replaceAll("-", " ").replaceAll("0", "o").replaceAll("1", "l");
    expect([parseLinkSecret(provider, text), parseLinkSecret(provider, sloppy)]).toEqual([secret, secret]);
    expect(isScannedSecret(text)).toBe(false);
  });

  test("scanned: 33 bytes as text", () => {
    const secret = createLinkSecret(provider, "scan");
    const text = formatLinkSecret(provider, secret);
    expect(text).toMatch(/^sotto:\/\/join#[A-Za-z0-9_-]{44}$/);
    expect([parseLinkSecret(provider, text), isScannedSecret(text)]).toEqual([secret, true]);
  });

  test("MALFORMED, TRUNCATED, UNSUPPORTED_VERSION: what is no code, or of a newer app", () => {
    const typed = formatLinkSecret(provider, fill(12, 7));
    const scanned = formatLinkSecret(provider, fill(32, 7));
    const parse = (text: string) => () => parseLinkSecret(provider, text);
    for (const short of ["", "ABCDE", typed.slice(0, -1)]) expect(parse(short)).toThrow(refused("TRUNCATED"));
    const lastChanged = typed.replace(/.$/, (char) => (char === "0" ? "1" : "0"));
    for (const wrong of [
      `${typed}A`,
      typed.replace(/^./, "U"),
      lastChanged,
      `${scanned}AA`,
      scanned.slice(0, -4),
    ]) {
      expect(parse(wrong)).toThrow(refused("MALFORMED"));
    }
    expect(parse(scanned.replace(/#../, "#Ag"))).toThrow(refused("UNSUPPORTED_VERSION"));
  });
});

test("[ATTACK 47] BAD_TAG: a secret wrong by one bit meets elsewhere and opens nothing; so does another key than the one that asked", () => {
  const secret = createLinkSecret(provider, "type");
  const ephemeral = provider.x25519PublicKey(fill(32, 9));
  const code = linkCodeOf(provider, secret, ephemeral);
  const message = joinRequest(ephemeral, sealLinkRequest(provider, code, request));
  const parts = splitRequest(message);
  expect(openLinkRequest(provider, linkCodeOf(provider, secret, parts.ephemeral), parts.sealed)).toEqual(
    request,
  );
  for (let byte = 0; byte < secret.length; byte += 1) {
    const other = flip(secret, byte);
    expect(rendezvousOf(provider, other)).not.toEqual(code.rendezvous);
    const wrong = { ...linkCodeOf(provider, other, ephemeral), rendezvous: code.rendezvous };
    expect(() => openLinkRequest(provider, wrong, parts.sealed)).toThrow(refused("BAD_TAG"));
  }
  const swapped = linkCodeOf(provider, secret, provider.x25519PublicKey(fill(32, 8)));
  expect(() => openLinkRequest(provider, swapped, parts.sealed)).toThrow(refused("BAD_TAG"));
  expect(() => splitRequest(fill(32, 1))).toThrow(refused("MALFORMED"));
});

test("MALFORMED, UNSUPPORTED_VERSION: an export that is cut, longer, without a name, or of a newer app", () => {
  const content = {
    username: "anna",
    ticket: "a.b.c",
    backupRoot: fill(32, 1),
    profileKey: fill(32, 2),
    certificates: [fill(266, 3), fill(266, 4)],
    pins: (["verified", "held", "none"] as const).map((mark, at) => {
      return { accountId: fill(16, at), aik: fill(32, at), version: at + 1, hash: fill(32, at), mark };
    }),
  };
  const bytes = encodeLinkExport(content);
  expect(decodeLinkExport(bytes)).toEqual(content);
  for (const wrong of [
    bytes.slice(0, -1),
    new Uint8Array([...bytes, 0]),
    encodeLinkExport({ ...content, username: "" }),
    Uint8Array.from(bytes).fill(3, -1),
  ]) {
    expect(() => decodeLinkExport(wrong)).toThrow(refused("MALFORMED"));
  }
  expect(() => decodeLinkExport(Uint8Array.from(bytes).fill(1, 0, 1))).toThrow(
    refused("UNSUPPORTED_VERSION"),
  );
});
