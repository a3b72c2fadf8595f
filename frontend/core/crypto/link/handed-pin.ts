import type { Reader, Writer } from "#schema/envelope/bytes.ts";
import type { VaultPin } from "../vault.ts";

/** A contact's device list as pinned, and how far the person has come with the account key in it (CRYPTO 2.10). */
export interface HandedPin extends VaultPin {
  readonly mark: keyof typeof marks;
}

const marks = { none: 0, verified: 1, held: 2 } as const;

/** `account 16 | aik 32 | version u32 | hash 32 | mark u8`. */
export function writePin(writer: Writer, { accountId, aik, version, hash, mark }: HandedPin): void {
  writer.bytes(accountId, 16).bytes(aik, 32).u32(version).bytes(hash, 32).u8(marks[mark]);
}

/** Throws `EnvelopeError`. */
export function readPin(reader: Reader): HandedPin {
  return {
    accountId: reader.take(16),
    aik: reader.take(32),
    version: reader.u32(),
    hash: reader.take(32),
    mark: reader.name(marks),
  };
}
