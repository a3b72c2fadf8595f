import { type Bytes, Reader, Writer } from "#schema/envelope/bytes.ts";
import { encodePreBlock, parsePreBlock, preBlockBytes } from "#schema/envelope/capsule-envelope.ts";
import { assertOr, parsing } from "../errors.ts";
import { type PeerRecord } from "./peer-session.ts";
import { readRatchet, writeRatchet } from "./ratchet-codec.ts";
import { type Role, type Session } from "./session.ts";
import { sessionLimits } from "./suite1.ts";

const version = 1;

/** The bytes of a record for the sealed store. Equal records give equal bytes. */
export function encodePeerRecord(record: PeerRecord): Bytes {
  const writer = new Writer().u8(version).u8(record.current === undefined ? 0 : 1);
  if (record.current !== undefined) writeSession(writer, record.current);
  writer.u8(record.archived.length);
  for (const old of record.archived) {
    writer.u64(old.archivedAtMs).u8(old.isRetired ? 1 : 0);
    writeSession(writer, old.session);
  }
  return writer.done();
}

/** Throws `CryptoError` MALFORMED or UNSUPPORTED_VERSION. */
export function decodePeerRecord(bytes: Uint8Array): PeerRecord {
  return parsing(() => {
    const reader = new Reader(bytes, "peer record");
    reader.version(version);
    const current = readFlag(reader) ? readSession(reader) : undefined;
    const count = reader.u8();
    assertOr(count <= sessionLimits.maxArchived, "MALFORMED", "peer record: too many sessions");
    const archived = Array.from({ length: count }, () => {
      const archivedAtMs = reader.u64();
      const isRetired = readFlag(reader);
      return { archivedAtMs, isRetired, session: readSession(reader) };
    });
    reader.end();
    return { ...(current && { current }), archived };
  });
}

function writeSession(writer: Writer, session: Session): void {
  writer
    .u8(session.role)
    .bytes(session.ad, 32)
    .bytes(session.ephemeral, 32)
    .bytes(session.peerCertHash, 32)
    .u64(session.createdAtMs)
    .u64(session.lastReceivedAtMs)
    .u8(session.isLastResort ? 1 : 0)
    .u8(session.pending === undefined ? 0 : 1);
  if (session.pending !== undefined) writer.bytes(encodePreBlock(session.pending), preBlockBytes);
  writeRatchet(writer, session.ratchet);
}

function readSession(reader: Reader): Session {
  const role: Role = readFlag(reader) ? 1 : 0;
  const base = {
    role,
    ad: reader.take(32),
    ephemeral: reader.take(32),
    peerCertHash: reader.take(32),
    createdAtMs: reader.u64(),
    lastReceivedAtMs: reader.u64(),
    isLastResort: readFlag(reader),
  };
  const pending = readFlag(reader) ? parsePreBlock(reader.take(preBlockBytes)) : undefined;
  return { ...base, ...(pending && { pending }), ratchet: readRatchet(reader) };
}

function readFlag(reader: Reader): boolean {
  const flag = reader.u8();
  assertOr(flag <= 1, "MALFORMED", "peer record: unknown flag");
  return flag === 1;
}
