/** The calls that attachments need, with the session's token. */
import { type AnswerOf } from "#schema/http/route.ts";
import {
  beginUpload,
  completeUpload,
  deleteAttachment,
  getMediaAllowance,
} from "#schema/http/attachments.ts";
import type { AttachmentId, ConversationId } from "#schema/ids.ts";
import { getRange, putPart } from "../api/bytes.ts";
import { type SessionCall, withAccess } from "../api/session-api.ts";
import type { Tokens } from "../api/tokens.ts";
import type { Environment } from "../environment.ts";

/** Which blob. */
export interface BlobPlace {
  readonly conversationId: ConversationId;
  readonly attachmentId: AttachmentId;
}

export interface Watch {
  readonly signal: AbortSignal;
  readonly progress: (bytes: number) => void;
}

/** Every method throws `SottoError`. */
export class BlobTransfers {
  readonly #environment: Environment;
  readonly #tokens: Tokens;
  readonly #call: SessionCall;

  constructor(environment: Environment, tokens: Tokens, call: SessionCall) {
    this.#environment = environment;
    this.#tokens = tokens;
    this.#call = call;
  }

  allowance(): Promise<AnswerOf<typeof getMediaAllowance>> {
    return this.#call(getMediaAllowance, {});
  }

  begin(place: BlobPlace, blobBytes: number): Promise<AnswerOf<typeof beginUpload>> {
    const { conversationId: conversation, attachmentId: attachment } = place;
    return this.#call(beginUpload, { params: { conversation }, body: { attachment, blobBytes } });
  }

  putPart(place: BlobPlace, part: number, bytes: Uint8Array<ArrayBuffer>, watch: Watch): Promise<void> {
    const params = { ...paramsOf(place), part: String(part) };
    return withAccess(this.#tokens, (accessToken) =>
      putPart(this.#environment, bytes, { params, accessToken, ...watch }),
    );
  }

  async complete(place: BlobPlace): Promise<void> {
    await this.#call(completeUpload, { params: paramsOf(place) });
  }

  async delete(place: BlobPlace): Promise<void> {
    await this.#call(deleteAttachment, { params: paramsOf(place) });
  }

  /** Bytes `from … below-1`. */
  read(
    place: BlobPlace,
    range: { readonly from: number; readonly below: number },
    watch: Watch,
  ): Promise<Uint8Array<ArrayBuffer>> {
    return withAccess(this.#tokens, (accessToken) =>
      getRange(this.#environment, range, { params: paramsOf(place), accessToken, ...watch }),
    );
  }
}

function paramsOf({ conversationId, attachmentId }: BlobPlace): Readonly<Record<string, string>> {
  return { conversation: conversationId, attachment: attachmentId };
}
