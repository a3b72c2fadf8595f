import { describe, expect, test } from "vitest";
import { deviceCertMessage, devicePopMessage, encodeDeviceCertTbs } from "#schema/envelope/device-cert.ts";
import { code as refused, flip } from "#test/support/crypto/expect-refused.ts";
import { startMs } from "#test/support/crypto/peers.ts";
import { createAccountKey, createDeviceKeys, verifyDeviceCert } from "../device-identity.ts";
import { nobleProvider as provider } from "../noble-provider.ts";
import { createLinkCode, formatLinkCode, parseLinkCode } from "./link-code.ts";
import { linkEmoji } from "./link-emoji.ts";
import { openLinkProof, openLinkRequest, sealLinkProof, sealLinkRequest } from "./link-request.ts";
import {
  linkRecipient,
  linkSender,
  openLinkGrant,
  openLinkOffer,
  sealLinkGrant,
  sealLinkOffer,
} from "./link-transfer.ts";

const fill = (length: number, value: number): Uint8Array<ArrayBuffer> => new Uint8Array(length).fill(value);

const { code, ephemeral } = createLinkCode(provider);
const keys = createDeviceKeys(provider);
const request = { dsk: keys.dsk.pub, dik: keys.dik.pub, name: "Firefox on Linux" };
const sealedRequest = sealLinkRequest(provider, code, request);
const offer = { accountId: fill(16, 1), certTbs: fill(138, 2), sigAik: fill(64, 3) };
const grant = {
  deviceCert: fill(266, 4),
  deviceList: fill(200, 5),
  vault: fill(300, 6),
  historyPack: fill(10, 7),
};

test("a link from the code to the grant: both sides hold a certificate that verifies, and see the same emoji", () => {
  const scanned = parseLinkCode(formatLinkCode(code));
  const seen = openLinkRequest(provider, scanned, sealedRequest);
  expect(seen).toEqual(request);
  const aik = createAccountKey(provider);
  const account = { accountId: fill(16, 9), aik: aik.pub };
  const certTbs = encodeDeviceCertTbs({
    ...account,
    deviceId: 2,
    createdAtMs: startMs,
    dsk: seen.dsk,
    dik: seen.dik,
  });
  const sigAik = provider.sign(aik.secret, deviceCertMessage(certTbs));
  const sender = linkSender(provider, scanned, sealedRequest);
  const sealedOffer = sealLinkOffer(sender, { accountId: account.accountId, certTbs, sigAik });

  const opened = openLinkOffer(provider, code, ephemeral, sealedRequest, sealedOffer);
  const sigDsk = provider.sign(keys.dsk.secret, devicePopMessage(opened.offer.certTbs, opened.offer.sigAik));
  const proof = openLinkProof(provider, scanned, sealLinkProof(provider, code, sigDsk));
  const deviceCert = new Uint8Array([...certTbs, ...sigAik, ...proof]);
  expect(verifyDeviceCert(provider, deviceCert, account)).toMatchObject({ deviceId: 2, dsk: keys.dsk.pub });

  const granted = openLinkGrant(opened.context, sealLinkGrant(sender.context, { ...grant, deviceCert }));
  expect(granted).toEqual({ ...grant, deviceCert });
  expect(linkEmoji(opened.context)).toEqual(linkEmoji(sender.context));
  expect(linkEmoji(sender.context).length).toBe(4);
});

test("emoji differ between transfers, and all 64 are different", () => {
  const seen = new Set<string>();
  for (let round = 0; round < 150; round += 1) {
    for (const { emoji, name } of linkEmoji(linkSender(provider, code, sealedRequest).context))
      seen.add(`${emoji} ${name}`);
  }
  expect(seen.size).toBeGreaterThan(50);
  expect(seen.size).toBeLessThanOrEqual(64);
  expect(new Set([...seen].map((each) => each.split(" ")[0])).size).toBe(seen.size);
});

describe("link code", () => {
  const text = formatLinkCode(code);

  test("81 bytes as text", () => {
    expect(text).toMatch(/^sotto:\/\/link#[A-Za-z0-9_-]{108}$/);
    expect(parseLinkCode(text)).toEqual(code);
  });

  test.each([
    ["empty", ""],
    ["another scheme", text.replace("sotto", "https")],
    ["too short", text.slice(0, -4)],
    ["too long", `${text}AAAA`],
    ["a foreign character", text.replace(/.$/, "!")],
    ["version zero", text.replace(/#../, "#AA")],
  ])("MALFORMED: %s", (_, wrong) => {
    expect(() => parseLinkCode(wrong)).toThrow(refused("MALFORMED"));
  });

  test("UNSUPPORTED_VERSION: a newer app's", () => {
    expect(() => parseLinkCode(text.replace(/#../, "#Ag"))).toThrow(refused("UNSUPPORTED_VERSION"));
  });
});

describe("at the rendezvous", () => {
  test("[ATTACK 47] BAD_TAG: a request under a psk that is wrong by one bit, moved to another rendezvous, or changed", () => {
    for (const other of [
      { ...code, psk: flip(code.psk, 5) },
      { ...code, rendezvous: flip(code.rendezvous, 3) },
    ]) {
      expect(() => openLinkRequest(provider, other, sealedRequest)).toThrow(refused("BAD_TAG"));
      expect(() => openLinkProof(provider, other, sealLinkProof(provider, code, fill(64, 1)))).toThrow(
        refused("BAD_TAG"),
      );
    }
    for (let at = 0; at < sealedRequest.length; at += 1) {
      expect(() => openLinkRequest(provider, code, flip(sealedRequest, at))).toThrow(refused("BAD_TAG"));
    }
    expect(() => openLinkRequest(provider, code, fill(24, 1))).toThrow(refused("MALFORMED"));
    expect(() => openLinkProof(provider, code, sealedRequest)).toThrow(refused("MALFORMED"));
  });

  test("[ATTACK 47] BAD_TAG: a transfer to another key, psk, rendezvous, or for another request than the one shown", () => {
    const sealed = sealLinkOffer(linkSender(provider, code, sealedRequest), offer);
    const open = (changed: object = {}, shown = sealedRequest, key = ephemeral): unknown =>
      openLinkOffer(provider, { ...code, ...changed }, key, shown, sealed);
    expect(open()).toMatchObject({ offer });
    expect(() => open({ psk: flip(code.psk, 0) })).toThrow(refused("BAD_TAG"));
    expect(() => open({ rendezvous: flip(code.rendezvous, 0) })).toThrow(refused("BAD_TAG"));
    const later = sealLinkRequest(provider, code, { ...request, name: "Another device" });
    expect(() => open({}, later)).toThrow(refused("BAD_TAG"));
    expect(() => open({}, sealedRequest, createLinkCode(provider).ephemeral)).toThrow(refused("BAD_TAG"));
    for (let at = 0; at < sealed.length; at += 1) {
      expect(() => openLinkOffer(provider, code, ephemeral, sealedRequest, flip(sealed, at))).toThrow(
        expect.objectContaining({ code: expect.toBeOneOf(["BAD_TAG", "MALFORMED"]) }),
      );
    }
  }, 20_000);

  test("[ATTACK 47] an emoji mismatch shows that two transfers are not the same one", () => {
    const emojiOf = (): string =>
      linkEmoji(linkSender(provider, code, sealedRequest).context)
        .map(({ emoji }) => emoji)
        .join("");
    expect(new Set(Array.from({ length: 20 }, emojiOf)).size).toBe(20);
  });
});

describe("messages of a newer app, or that follow no layout", () => {
  const sender = () => linkSender(provider, code, sealedRequest);
  const openOffer = (plaintext: Uint8Array): unknown => {
    const { enc, context } = sender();
    const sealed = new Uint8Array([...enc, ...context.seal(plaintext)]);
    return openLinkOffer(provider, code, ephemeral, sealedRequest, sealed);
  };
  const openGrant = (plaintext: Uint8Array): unknown => {
    const { enc, context } = sender();
    return openLinkGrant(
      linkRecipient(provider, code, ephemeral, sealedRequest, enc),
      context.seal(plaintext),
    );
  };

  test("MALFORMED, UNSUPPORTED_VERSION", () => {
    expect(() => openOffer(fill(220, 2))).toThrow(refused("UNSUPPORTED_VERSION"));
    expect(() => openOffer(fill(221, 1))).toThrow(refused("MALFORMED"));
    expect(() => openOffer(fill(219, 1))).toThrow(refused("MALFORMED"));
    expect(() => openOffer(Uint8Array.from(fill(220, 1)).fill(2, 1, 2))).toThrow(refused("MALFORMED"));
    expect(() => openLinkOffer(provider, code, ephemeral, sealedRequest, fill(32, 1))).toThrow(
      refused("MALFORMED"),
    );
    expect(() => openGrant(fill(300, 1))).toThrow(refused("MALFORMED"));
    expect(() => openGrant(Uint8Array.of(1, 2))).toThrow(refused("MALFORMED"));
    expect(() => openGrant(Uint8Array.of(2, 2))).toThrow(refused("UNSUPPORTED_VERSION"));
  });

  test("a request of a newer app, and one without a name", () => {
    const forge = (first: number) => sealLinkProof(provider, code, fill(64, first));
    expect(() => openLinkRequest(provider, code, forge(2))).toThrow(refused("UNSUPPORTED_VERSION"));
    expect(() => openLinkRequest(provider, code, forge(1))).toThrow(refused("MALFORMED"));
  });

  test("a name that is empty, too long or no text, a vault that is too large", () => {
    for (const name of ["", "x".repeat(61), "\ud800"]) {
      expect(() => sealLinkRequest(provider, code, { ...request, name })).toThrow(RangeError);
    }
    expect(() => sealLinkGrant(sender().context, { ...grant, vault: fill(65_537, 1) })).toThrow(RangeError);
  });
});
