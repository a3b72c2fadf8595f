/** Reads a JSON body without ever holding more than it may have. */
import { SottoError } from "#schema/errors.ts";

/** Throws `too_large` as soon as the limit is passed, `malformed` for what is not a JSON object. */
export async function readJson(request: Request, maxBytes: number): Promise<object> {
  const bytes = await readBytes(request, maxBytes);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw new SottoError("malformed", "The body is not JSON.", { cause });
  }
  // A strict object schema whose keys are all optional would take an empty array for an object.
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new SottoError("malformed", "The body is not a JSON object.");
  }
  return value;
}

async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  const tooLarge = () => new SottoError("too_large", "The body is too large.");
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge();
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    length += part.byteLength;
    if (length > maxBytes) throw tooLarge();
    parts.push(part);
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.byteLength;
  }
  return bytes;
}
