import { type Bytes, concat, Reader, Writer } from "#schema/envelope/bytes.ts";
import { deviceCertBytes } from "#schema/envelope/device-cert.ts";
import { label } from "#schema/envelope/labels.ts";
import { assertOr, parsing } from "../errors.ts";
import { type HpkeContext, hpkeChaCha, hpkeRecipient, hpkeSender } from "../hpke/hpke.ts";
import { type KeyPair, type Provider } from "../provider.ts";
import { type LinkCode } from "./link-code.ts";

/** First message to the new device: the certificate, signed by the account key, that it is to prove its key for. */
export interface LinkOffer {
  readonly accountId: Uint8Array;
  /** 138 bytes, see `encodeDeviceCertTbs`. */
  readonly certTbs: Uint8Array;
  readonly sigAik: Uint8Array;
}

/** Second message: all that makes it a device of the account. */
export interface LinkGrant {
  /** 266 bytes. */
  readonly deviceCert: Uint8Array;
  readonly deviceList: Uint8Array;
  /** What opens the account, as the vault's owner exports it. */
  readonly vault: Uint8Array;
  /** Pointer to a history pack; empty for none. */
  readonly historyPack: Uint8Array;
}

const version = 1;
const types = { offer: 1, grant: 2 } as const;
const certTbsBytes = 138;
const encBytes = 32;
const vaultMaxBytes = 65_536;

/**
 * HPKE mode_psk (RFC 9180) to the key in the code, with `info = L("link") ‖ rendezvous ‖ H(request)` and `psk_id = rendezvous`: only the
 * screen that was scanned can read it, and only for the request that was shown (CRYPTO 2.9).
 */
export function linkSender(
  provider: Provider,
  code: LinkCode,
  sealedRequest: Uint8Array,
): { readonly enc: Bytes; readonly context: HpkeContext } {
  return hpkeSender(provider, hpkeChaCha, code.ephemeral, inputsOf(provider, code, sealedRequest));
}

/** The new device's end. Throws `CryptoError` MALFORMED. */
export function linkRecipient(
  provider: Provider,
  code: LinkCode,
  ephemeral: KeyPair,
  sealedRequest: Uint8Array,
  enc: Uint8Array,
): HpkeContext {
  return hpkeRecipient(provider, hpkeChaCha, ephemeral, enc, inputsOf(provider, code, sealedRequest));
}

/** `enc 32 | HPKE(ver 1 | type 1 | accountId 16 | TBS 138 | sigAIK 64)`: message 0 of the transfer. */
export function sealLinkOffer(
  sender: { readonly enc: Uint8Array; readonly context: HpkeContext },
  offer: LinkOffer,
): Bytes {
  const plaintext = new Writer()
    .u8(version)
    .u8(types.offer)
    .bytes(offer.accountId, 16)
    .bytes(offer.certTbs, certTbsBytes)
    .bytes(offer.sigAik, 64)
    .done();
  return new Writer().bytes(sender.enc, encBytes).bytes(sender.context.seal(plaintext)).done();
}

/** Opens the offer and begins the transfer on the new device. Throws `CryptoError` MALFORMED, BAD_TAG or UNSUPPORTED_VERSION. */
export function openLinkOffer(
  provider: Provider,
  code: LinkCode,
  ephemeral: KeyPair,
  sealedRequest: Uint8Array,
  sealed: Uint8Array,
): { readonly offer: LinkOffer; readonly context: HpkeContext } {
  assertOr(sealed.length > encBytes, "MALFORMED", "link offer: truncated");
  const enc = sealed.subarray(0, encBytes);
  const context = linkRecipient(provider, code, ephemeral, sealedRequest, enc);
  const plaintext = context.open(sealed.subarray(encBytes));
  const offer = parsing(() => {
    const reader = beginReading(plaintext, types.offer);
    const parts = {
      accountId: reader.take(16),
      certTbs: reader.take(certTbsBytes),
      sigAik: reader.take(64),
    };
    reader.end();
    return parts;
  });
  return { offer, context };
}

/** `HPKE(ver 1 | type 2 | cert 266 | len u16 | list | len u32 | vault | len u16 | pack)`: message 1 of the transfer. */
export function sealLinkGrant(context: HpkeContext, grant: LinkGrant): Bytes {
  if (grant.vault.length > vaultMaxBytes) throw new RangeError("link grant: vault too large");
  return context.seal(
    new Writer()
      .u8(version)
      .u8(types.grant)
      .bytes(grant.deviceCert, deviceCertBytes)
      .u16(grant.deviceList.length)
      .bytes(grant.deviceList)
      .u32(grant.vault.length)
      .bytes(grant.vault)
      .u16(grant.historyPack.length)
      .bytes(grant.historyPack)
      .done(),
  );
}

/** Throws `CryptoError` BAD_TAG, MALFORMED or UNSUPPORTED_VERSION; certificate and list are still to be verified. */
export function openLinkGrant(context: HpkeContext, sealed: Uint8Array): LinkGrant {
  const plaintext = context.open(sealed);
  return parsing(() => {
    const reader = beginReading(plaintext, types.grant);
    const deviceCert = reader.take(deviceCertBytes);
    const deviceList = reader.take(reader.u16());
    const vault = reader.take(reader.u32());
    const historyPack = reader.take(reader.u16());
    reader.end();
    return { deviceCert, deviceList, vault, historyPack };
  });
}

function beginReading(plaintext: Uint8Array, type: number): Reader {
  const reader = new Reader(plaintext, "link message");
  reader.version(version);
  assertOr(reader.u8() === type, "MALFORMED", "link message: another type");
  return reader;
}

function inputsOf(provider: Provider, code: LinkCode, sealedRequest: Uint8Array) {
  return {
    info: concat(label("link"), code.rendezvous, provider.sha256(sealedRequest)),
    psk: { key: code.psk, id: code.rendezvous },
  };
}
