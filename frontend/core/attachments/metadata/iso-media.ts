/**
 * MP4 and MOV (ISO/IEC 14496-12): phones write the place into `udta` and `meta` boxes. Those become `free` boxes of the
 * same length, filled with zeros, so that no offset into the media moves and nothing has to be copied but `moov`.
 */
const headBytes = 16;
/** The index of a film of hours is a few MiB; more is not looked into. */
const moovMaxBytes = 64 * 1024 * 1024;
const containers: ReadonlySet<string> = new Set(["moov", "trak"]);
const removed: ReadonlySet<string> = new Set(["udta", "meta", "uuid"]);
const brands = /^(?:isom|iso\d|mp4\d|avc1|qt {2}|M4V |M4A |dash|MSNV|3gp\d)$/;

interface Box {
  readonly type: string;
  readonly from: number;
  readonly contentFrom: number;
  readonly end: number;
}

/** The film without what its maker's device wrote about it; undefined when the file is no such film. */
export async function tryStripIsoMedia(file: Blob): Promise<Blob | undefined> {
  const first = new DataView(await file.slice(0, headBytes).arrayBuffer());
  if (first.byteLength < headBytes || tagAt(first, 4) !== "ftyp" || !brands.test(tagAt(first, 8))) {
    return undefined;
  }
  const parts: Blob[] = [];
  for (let at = 0; at < file.size;) {
    const head = new DataView(await file.slice(at, at + headBytes).arrayBuffer());
    const box = boxAt(head, at, 0, file.size);
    if (box === undefined) return undefined;
    parts.push(await stripped(file, box));
    at = box.end;
  }
  return new Blob(parts, { type: file.type });
}

async function stripped(file: Blob, box: Box): Promise<Blob> {
  const whole = file.slice(box.from, box.end);
  const isRemoved = removed.has(box.type);
  if ((!isRemoved && box.type !== "moov") || whole.size > moovMaxBytes) return whole;
  const bytes = new Uint8Array(await whole.arrayBuffer());
  clean(bytes, 0, bytes.length);
  return new Blob([bytes]);
}

function clean(bytes: Uint8Array, from: number, end: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = from; at + 8 <= end;) {
    const box = boxAt(view, at, at, end);
    if (box === undefined) return;
    if (containers.has(box.type)) clean(bytes, box.contentFrom, box.end);
    if (removed.has(box.type)) {
      bytes.set([0x66, 0x72, 0x65, 0x65], at + 4); // free
      bytes.fill(0, box.contentFrom, box.end);
    }
    at = box.end;
  }
}

/** The box that begins at `from`; its head lies at `at` in `view`. */
function boxAt(view: DataView, from: number, at: number, fileEnd: number): Box | undefined {
  if (at + 8 > view.byteLength) return undefined;
  const short = view.getUint32(at);
  const isLong = short === 1;
  if (isLong && at + 16 > view.byteLength) return undefined;
  const length = isLong ? view.getUint32(at + 8) * 2 ** 32 + view.getUint32(at + 12) : short;
  const end = short === 0 ? fileEnd : from + length;
  const contentFrom = from + (isLong ? 16 : 8);
  if (end < contentFrom || end > fileEnd) return undefined;
  return { type: tagAt(view, at + 4), from, contentFrom, end };
}

function tagAt(view: DataView, at: number): string {
  return String.fromCharCode(...new Uint8Array(view.buffer, view.byteOffset + at, 4));
}
