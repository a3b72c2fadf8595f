import { assertWellFormed } from "./envelope-error.ts";
import { type Bytes, Reader, Writer } from "./bytes.ts";
import {
  encodeOneTimePrekey,
  encodePqPrekey,
  encodeSignedPrekey,
  type OneTimePrekey,
  oneTimePrekeyBytes,
  parseOneTimePrekey,
  parsePqPrekey,
  parseSignedPrekey,
  type PqPrekey,
  pqPrekeyBytes,
  type SignedPrekey,
  signedPrekeyBytes,
} from "./prekeys.ts";

/** What a device publishes at once: its first set, a rotation, or a refill. */
export interface PrekeyUpload {
  readonly signed?: SignedPrekey;
  readonly lastResort?: PqPrekey;
  /** At most 200. */
  readonly oneTime: readonly OneTimePrekey[];
  /** At most 100. */
  readonly oneTimePq: readonly PqPrekey[];
}

const oneTimePrekeysMax = 200;
const oneTimePqPrekeysMax = 100;

const version = 1;

/**
 * `ver 1 | hasSigned u8 | [SPK 109] | hasLastResort u8 | [PQ 1646] | n u8 | n × OPK 36 | n u8 | n × PQ 1646`.
 * Its SHA-256 goes into `prekeyUploadMessage`; a server that receives the fields one by one re-encodes them.
 */
export function encodePrekeyUpload(upload: PrekeyUpload): Bytes {
  const writer = new Writer().u8(version).u8(upload.signed === undefined ? 0 : 1);
  if (upload.signed !== undefined) writer.bytes(encodeSignedPrekey(upload.signed));
  writer.u8(upload.lastResort === undefined ? 0 : 1);
  if (upload.lastResort !== undefined) writer.bytes(encodePqPrekey(upload.lastResort));
  writer.u8(upload.oneTime.length);
  for (const prekey of upload.oneTime) writer.bytes(encodeOneTimePrekey(prekey));
  writer.u8(upload.oneTimePq.length);
  for (const prekey of upload.oneTimePq) writer.bytes(encodePqPrekey(prekey));
  return writer.done();
}

/** Throws `EnvelopeError`, also for a repeated key id, a kind in the wrong place and an empty upload. */
export function parsePrekeyUpload(bytes: Uint8Array): PrekeyUpload {
  const reader = new Reader(bytes, "prekey upload");
  reader.version(version);
  const signed = readFlag(reader) ? parseSignedPrekey(reader.take(signedPrekeyBytes)) : undefined;
  const lastResort = readFlag(reader) ? parsePqPrekey(reader.take(pqPrekeyBytes)) : undefined;
  const oneTimeCount = reader.u8();
  assertWellFormed(oneTimeCount <= oneTimePrekeysMax, "prekey upload: too many one-time prekeys");
  const oneTime = Array.from({ length: oneTimeCount }, () =>
    parseOneTimePrekey(reader.take(oneTimePrekeyBytes)),
  );
  const oneTimePqCount = reader.u8();
  assertWellFormed(oneTimePqCount <= oneTimePqPrekeysMax, "prekey upload: too many one-time PQ prekeys");
  const oneTimePq = Array.from({ length: oneTimePqCount }, () => parsePqPrekey(reader.take(pqPrekeyBytes)));
  reader.end();
  assertWellFormed(lastResort?.kind !== "oneTime", "prekey upload: last-resort prekey of another kind");
  assertWellFormed(
    oneTimePq.every((prekey) => prekey.kind === "oneTime"),
    "prekey upload: one-time prekey of another kind",
  );
  assertDistinctIds(oneTime);
  assertDistinctIds(lastResort === undefined ? oneTimePq : [...oneTimePq, lastResort]);
  const upload = { oneTime, oneTimePq, ...(signed && { signed }), ...(lastResort && { lastResort }) };
  assertWellFormed(
    oneTimeCount + oneTimePqCount > 0 || signed !== undefined || lastResort !== undefined,
    "prekey upload: empty",
  );
  return upload;
}

function readFlag(reader: Reader): boolean {
  const flag = reader.u8();
  assertWellFormed(flag <= 1, "prekey upload: unknown flag");
  return flag === 1;
}

function assertDistinctIds(prekeys: readonly { readonly keyId: number }[]): void {
  const ids = new Set(prekeys.map((prekey) => prekey.keyId));
  assertWellFormed(ids.size === prekeys.length, "prekey upload: repeated key id");
}
