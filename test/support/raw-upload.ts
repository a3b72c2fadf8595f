/** Uploads and reads of sealed blobs over plain HTTP, without the client. */
import { partCount, partRange } from "#schema/http/attachments.ts";
import { type RawAnswer, rawRequest } from "./raw-account.ts";

/** Bytes that no other seed gives, as a sealed blob looks like: xorshift32. */
export function noiseOf(length: number, seed: string): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = new TextEncoder().encode(seed).reduce((sum, byte) => (Math.imul(sum, 31) + byte) | 1, 1);
  for (let index = 0; index < words.length; index += 1) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[index] = state;
  }
  return new Uint8Array(words.buffer, 0, length).slice();
}

/** One upload as a caller with a token sees it. */
export class RawUpload {
  readonly attachment: string;
  readonly blob: Uint8Array<ArrayBuffer>;
  readonly #origin: string;
  readonly #conversation: string;

  constructor(origin: string, conversation: string, attachment: string, blob: Uint8Array<ArrayBuffer>) {
    this.#origin = origin;
    this.#conversation = conversation;
    this.attachment = attachment;
    this.blob = blob;
  }

  get parts(): number {
    return partCount(this.blob.length);
  }

  begin(token: string, blobBytes = this.blob.length): Promise<RawAnswer> {
    const json = { attachment: this.attachment, blobBytes };
    return rawRequest(this.#origin, "POST", this.#collection, { token, json });
  }

  part(token: string, part: number, bytes?: Uint8Array<ArrayBuffer>): Promise<RawAnswer> {
    const { from, below } = partRange(this.blob.length, part);
    const body = bytes ?? this.blob.slice(from, below);
    return rawRequest(this.#origin, "PUT", `${this.path}/parts/${part}`, { token, body });
  }

  complete(token: string): Promise<RawAnswer> {
    return rawRequest(this.#origin, "POST", `${this.path}/complete`, { token });
  }

  delete(token: string): Promise<RawAnswer> {
    return rawRequest(this.#origin, "DELETE", this.path, { token });
  }

  /** Everything, one step after another. */
  async whole(token: string): Promise<void> {
    const answers = [await this.begin(token)];
    for (let part = 1; part <= this.parts; part += 1) answers.push(await this.part(token, part));
    answers.push(await this.complete(token));
    for (const { body } of answers) if (!body.success) throw new Error(`upload: ${body.error.code}`);
  }

  /** The answer as it stands: a refusal is JSON, the rest bytes. */
  read(token: string | undefined, range?: string): Promise<Response> {
    const headers = new Headers(token === undefined ? {} : { authorization: `Bearer ${token}` });
    if (range !== undefined) headers.set("range", range);
    return fetch(`${this.#origin}${this.path}`, { headers });
  }

  get path(): string {
    return `${this.#collection}/${this.attachment}`;
  }

  get #collection(): string {
    return `/api/conversations/${this.#conversation}/attachments`;
  }
}
