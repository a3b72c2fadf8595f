import { type Bytes, Reader, Writer } from "#schema/envelope/bytes.ts";
import { assertOr, parsing } from "../errors.ts";
import { type HandedPin, readPin, writePin } from "../link/handed-pin.ts";
import { encodeSyncItems, parseSyncItems } from "../sync.ts";
import type { SyncItem } from "../sync-item.ts";

/** What a device knows of contacts' keys (CRYPTO 2.10, 2.13, decision 141). */
export interface BackedUpContacts {
  readonly pins: readonly HandedPin[];
  /** Marks as own devices tell them, so that the later change counts here as well. */
  readonly marks: readonly SyncItem[];
}

/** Pins and marks at most, each. */
export const contactsMax = 100;
/** A block of that many is below. */
export const contactsMaxBytes = 24_576;

/** `n u16 × pin 85 | CBOR [mark …]`. Throws `RangeError` for too many. */
export function encodeContacts({ pins, marks }: BackedUpContacts): Bytes {
  if (pins.length > contactsMax || marks.length > contactsMax) throw new RangeError("contacts: too many");
  const writer = new Writer().u16(pins.length);
  for (const pin of pins) writePin(writer, pin);
  return writer.bytes(encodeSyncItems(marks)).done();
}

/** Throws `CryptoError` MALFORMED. */
export function parseContacts(block: Uint8Array): BackedUpContacts {
  return parsing(() => {
    const reader = new Reader(block, "contacts");
    const count = reader.u16();
    assertOr(count <= contactsMax, "MALFORMED", "contacts: too many");
    const pins = Array.from({ length: count }, () => readPin(reader));
    const marks = parseSyncItems(reader.rest(), contactsMaxBytes);
    assertOr(marks.length <= contactsMax, "MALFORMED", "contacts: too many");
    return { pins, marks };
  });
}
