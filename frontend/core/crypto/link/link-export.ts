import { type Bytes, Reader, Writer } from "#schema/envelope/bytes.ts";
import { deviceCertBytes } from "#schema/envelope/device-cert.ts";
import { assertOr, parsing } from "../errors.ts";
import { type HandedPin, readPin, writePin } from "./handed-pin.ts";

/** What a new device gets of the vault: everything but the account key, which no device keeps (CRYPTO 2.1, 2.9). */
export interface LinkExport {
  readonly username: string;
  /** With it and the granted list the server takes the device. */
  readonly ticket: string;
  /** Backup root and profile key, 32 bytes each. */
  readonly backupRoot: Uint8Array;
  readonly profileKey: Uint8Array;
  /** At most `limits.linkPins`: what the new device must not fall behind, and what its person has compared already. */
  readonly pins: readonly HandedPin[];
  /** Certificates of the other active devices, 266 bytes each; the granted list names their hashes. */
  readonly certificates: readonly Uint8Array[];
}

const version = 2;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * `ver 2 | backupRoot 32 | profileKey 32 | len u16 | username | len u16 | ticket | n u8 | n × cert 266 | n u8 |
 * n × (account 16 | aik 32 | version u32 | hash 32 | mark u8)`.
 */
export function encodeLinkExport(content: LinkExport): Bytes {
  const [username, ticket] = [encoder.encode(content.username), encoder.encode(content.ticket)];
  const writer = new Writer()
    .u8(version)
    .bytes(content.backupRoot, 32)
    .bytes(content.profileKey, 32)
    .u16(username.length)
    .bytes(username)
    .u16(ticket.length)
    .bytes(ticket)
    .u8(content.certificates.length);
  for (const certificate of content.certificates) writer.bytes(certificate, deviceCertBytes);
  writer.u8(content.pins.length);
  for (const pin of content.pins) writePin(writer, pin);
  return writer.done();
}

/** Throws `CryptoError` MALFORMED or UNSUPPORTED_VERSION. The certificates are still to be verified. */
export function decodeLinkExport(bytes: Uint8Array): LinkExport {
  return parsing(() => {
    const reader = new Reader(bytes, "link export");
    reader.version(version);
    const keys = { backupRoot: reader.take(32), profileKey: reader.take(32) };
    const username = decodeText(reader.take(reader.u16()));
    const ticket = decodeText(reader.take(reader.u16()));
    const certificates = Array.from({ length: reader.u8() }, () => reader.take(deviceCertBytes));
    const pins = Array.from({ length: reader.u8() }, () => readPin(reader));
    reader.end();
    return { ...keys, username, ticket, certificates, pins };
  });
}

function decodeText(bytes: Uint8Array): string {
  let text = "";
  try {
    text = decoder.decode(bytes);
  } catch {
    // no UTF-8: as wrong as an empty text
  }
  assertOr(text.length > 0, "MALFORMED", "link export: text");
  return text;
}
