/** Looks for secrets in heaps of bytes: each needle in every encoding it could have slipped out in. */

/** Texts of fewer characters would be found by chance. */
const fewestBytes = 8;

export interface Needle {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Texts are looked for in UTF-16 and JSON escapes besides. */
  readonly text?: string;
}

export interface Haystack {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface Find {
  readonly needle: string;
  readonly encoding: string;
  readonly haystack: string;
}

export function textNeedle(name: string, text: string): Needle {
  return { name, bytes: Buffer.from(text, "utf8"), text };
}

/** Every form of a needle, by name. A base64 form is what is left of it in a longer text, at each of three offsets. */
export function encodingsOf({ bytes, text }: Needle): [string, Uint8Array][] {
  const raw = Buffer.from(bytes);
  const hex = raw.toString("hex");
  const forms: [string, Uint8Array][] = [
    ["raw", raw],
    ["hex", Buffer.from(hex)],
    ["HEX", Buffer.from(hex.toUpperCase())],
  ];
  for (const alphabet of ["base64", "base64url"] as const) {
    for (const offset of [0, 1, 2]) {
      const length = Math.floor((offset + raw.length) / 3) * 3; // whole groups only
      const shifted = Buffer.concat([Buffer.alloc(offset), raw]).subarray(0, length);
      const encoded = shifted.toString(alphabet).slice(offset === 0 ? 0 : 4);
      forms.push([`${alphabet}+${offset}`, Buffer.from(encoded)]);
    }
  }
  if (text !== undefined) {
    const wide = Buffer.from(text, "utf16le");
    const escaped = text.replace(
      /[^\x20-\x7e]/g,
      (unit) => String.raw`\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
    forms.push(
      ["utf-16le", wide],
      ["utf-16be", Buffer.from(wide).swap16()],
      ["escaped", Buffer.from(escaped)],
    );
    forms.push(["url", Buffer.from(encodeURIComponent(text))]);
  }
  return forms;
}

interface Form {
  readonly needle: string;
  readonly encoding: string;
  readonly bytes: Uint8Array;
}

/** Searches for tens of thousands of forms in one pass per heap, by their first four bytes. */
export class NeedleSearch {
  readonly #byPrefix = new Map<number, Form[]>();
  readonly #seen = new Uint8Array(1 << 22);
  #forms = 0;

  /** Throws `RangeError` for a needle so short that finding it would mean nothing. */
  constructor(needles: readonly Needle[]) {
    for (const needle of needles) {
      if (needle.bytes.length < fewestBytes) throw new RangeError(`the needle ${needle.name} is too short`);
      for (const [encoding, bytes] of encodingsOf(needle)) {
        const prefix = prefixAt(bytes, 0);
        const forms = this.#byPrefix.get(prefix) ?? [];
        if (forms.some((form) => Buffer.compare(form.bytes, bytes) === 0)) continue;
        forms.push({ needle: needle.name, encoding, bytes });
        this.#byPrefix.set(prefix, forms);
        this.#seen[slotOf(prefix)] = 1;
        this.#forms += 1;
      }
    }
  }

  get forms(): number {
    return this.#forms;
  }

  find({ name, bytes }: Haystack): Find[] {
    const found: Find[] = [];
    const heap = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at + 4 <= bytes.length; at += 1) {
      const prefix = prefixAt(bytes, at);
      if (this.#seen[slotOf(prefix)] !== 1) continue;
      for (const form of this.#byPrefix.get(prefix) ?? []) {
        const end = at + form.bytes.length;
        if (end > heap.length || heap.compare(form.bytes, 0, form.bytes.length, at, end) !== 0) continue;
        found.push({ needle: form.needle, encoding: form.encoding, haystack: name });
      }
    }
    return found;
  }
}

function prefixAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

function slotOf(prefix: number): number {
  return (prefix ^ (prefix >>> 11)) & 0x3fffff;
}
