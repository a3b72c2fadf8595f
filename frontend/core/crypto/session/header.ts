import { type Bytes, isAllZero, Reader, Writer } from "#schema/envelope/bytes.ts";
import { headerPaddedSizes } from "#schema/envelope/capsule-envelope.ts";
import { assertOr, parsing } from "../errors.ts";
import { type Header } from "./ratchet-state.ts";

const flagOffer = 1;
const flagReply = 2;

/**
 * `flags u8 (1 = EK, 2 = CT) | DHs 32 | PN u32 | N u32 | [ekSeq u32 | ek 1184] | [ctSeq u32 | ct 1088]`, then zeros up to
 * 64, 1280 or 2368 bytes (CRYPTO 2.4).
 */
export function encodeHeader(header: Header): Bytes {
  const { kemOffer, kemReply } = header;
  const writer = new Writer()
    .u8((kemOffer ? flagOffer : 0) | (kemReply ? flagReply : 0))
    .bytes(header.dh, 32)
    .u32(header.previousCount)
    .u32(header.number);
  if (kemOffer !== undefined) writer.u32(kemOffer.seq).bytes(kemOffer.ek, 1184);
  if (kemReply !== undefined) writer.u32(kemReply.seq).bytes(kemReply.ciphertext, 1088);
  return writer.zeros(paddedHeaderLength(writer.length) - writer.length).done();
}

/** Throws `CryptoError` MALFORMED for unknown flags, another size class or non-zero padding. */
export function parseHeader(bytes: Uint8Array): Header {
  return parsing(() => {
    const reader = new Reader(bytes, "header");
    const flags = reader.u8();
    assertOr(flags <= (flagOffer | flagReply), "MALFORMED", "header: unknown flags");
    const base = { dh: reader.take(32), previousCount: reader.u32(), number: reader.u32() };
    const kemOffer = flags & flagOffer ? { seq: reader.u32(), ek: reader.take(1184) } : undefined;
    const kemReply = flags & flagReply ? { seq: reader.u32(), ciphertext: reader.take(1088) } : undefined;
    const isExact = bytes.length === paddedHeaderLength(reader.offset) && isAllZero(reader.rest());
    assertOr(isExact, "MALFORMED", "header: padding");
    return { ...base, ...(kemOffer && { kemOffer }), ...(kemReply && { kemReply }) };
  });
}

function paddedHeaderLength(length: number): number {
  return headerPaddedSizes.find((size) => size >= length) ?? length;
}
