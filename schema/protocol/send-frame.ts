/**
 * Messages on their way up: the one event that travels in a binary frame, because its size is nearly all ciphertext.
 *
 * ```
 * frame   = u8 type (1) ‖ u16 messages ‖ conversationId (16)        1 to `eventsPerFrame` messages
 * message = clientMessageId (16) ‖ u16 lists ‖ u16 capsules ‖ u32 bodyBytes ‖ list … ‖ capsule … ‖ body
 * list    = account (16) ‖ u32 version
 * capsule = account (16) ‖ u32 device ‖ u16 dataBytes ‖ data
 * ```
 *
 * Integers are big-endian. Identifiers, data, body, and the integers before the next of them are each followed by zeros up
 * to a multiple of three bytes: so the base64url of the whole frame, which runtimes make at once, contains the
 * base64url of every field, and nothing has to be checked character by character.
 */
import type { Bytes } from "../envelope/bytes.ts";
import { decodeBase64url, encodeBase64url } from "../envelope/base64url.ts";
import { assertWellFormed } from "../envelope/envelope-error.ts";
import { groupKeyEntryBytes } from "../envelope/group-body.ts";
import { type AccountId, base64UrlLength, type ClientMessageId, type ConversationId } from "../ids.ts";
import { limits } from "../limits.ts";
import { splitBySize } from "../split.ts";
import type { AddressedCapsule, MessageSend } from "./message.ts";

const sendsType = 1;
const idBytes = 16;
const idChars = base64UrlLength(idBytes);
const paddedIdBytes = 18;
const frameHeadBytes = 3 + paddedIdBytes;
const messageHeadBytes = paddedIdBytes + 9;
const listBytes = paddedIdBytes + 6;
const capsuleHeadBytes = paddedIdBytes + 6;
/** Shorter than any capsule (CRYPTO 2.4). */
const capsuleLeastBytes = 64;

const padded = (bytes: number): number => Math.ceil(bytes / 3) * 3;
const bytesOf = (text: string): number => Math.floor((text.length * 3) / 4);

/** Frames with `messages`, all of one conversation, in order: as few as the limits allow. */
export function packSends(messages: readonly MessageSend[]): Bytes[] {
  return splitBySize(messages, sizeOf, limits.eventsPerFrame, limits.packedChars).map(encodeSends);
}

function sizeOf({ lists, capsules, body }: MessageSend): number {
  let size = messageHeadBytes + lists.length * listBytes + padded(bytesOf(body));
  for (const { data } of capsules) size += capsuleHeadBytes + padded(bytesOf(data));
  return size;
}

function encodeSends(messages: readonly MessageSend[]): Bytes {
  const size = messages.reduce((sum, message) => sum + sizeOf(message), 0);
  const frame = new Uint8Array(frameHeadBytes + size);
  const view = new DataView(frame.buffer);
  let at = 3;
  const put = (text: string): void => {
    const bytes = decodeBase64url(text);
    frame.set(bytes, at);
    at += padded(bytes.length);
  };
  view.setUint8(0, sendsType);
  view.setUint16(1, messages.length);
  put(messages[0]?.conversationId ?? "");
  for (const { clientMessageId, lists, capsules, body } of messages) {
    put(clientMessageId);
    view.setUint16(at, lists.length);
    view.setUint16(at + 2, capsules.length);
    view.setUint32(at + 4, bytesOf(body));
    at += 9;
    for (const { account, version } of lists) {
      put(account);
      view.setUint32(at, version);
      at += 6;
    }
    for (const { account, device, data } of capsules) {
      put(account);
      view.setUint32(at, device);
      view.setUint16(at + 4, bytesOf(data));
      at += 6;
      put(data);
    }
    put(body);
  }
  return frame;
}

/** Strict inverse of `packSends` for one frame. Throws `EnvelopeError` `MALFORMED` for anything else. */
export function decodeSends(frame: Uint8Array): MessageSend[] {
  const reader = new SendsReader(frame);
  const messages: MessageSend[] = [];
  const count = reader.head();
  for (let index = 0; index < count; index += 1) messages.push(reader.message());
  reader.end();
  return messages;
}

class SendsReader {
  readonly #frame: Uint8Array;
  readonly #view: DataView;
  readonly #text: string;
  #conversationId = "" as ConversationId;
  #at = 0;

  constructor(frame: Uint8Array) {
    this.#frame = frame;
    this.#view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    this.#text = encodeBase64url(frame);
  }

  /** Returns how many messages follow. */
  head(): number {
    this.#need(frameHeadBytes);
    assertWellFormed(this.#view.getUint8(0) === sendsType, "sends: unknown type");
    const count = this.#view.getUint16(1);
    assertWellFormed(count > 0 && count <= limits.eventsPerFrame, "sends: impossible number of messages");
    this.#at = 3;
    this.#conversationId = this.#id() as ConversationId;
    return count;
  }

  message(): MessageSend {
    this.#need(messageHeadBytes);
    const clientMessageId = this.#id() as ClientMessageId;
    const at = this.#at;
    const listCount = this.#count(at);
    const capsuleCount = this.#count(at + 2);
    const bodyBytes = this.#view.getUint32(at + 4);
    assertWellFormed(bodyBytes >= groupKeyEntryBytes && bodyBytes <= limits.bodyBytes, "sends: body size");
    this.#zeros(at + 8, 1);
    this.#at = at + 9;
    const lists = [];
    for (let index = 0; index < listCount; index += 1) lists.push(this.#list());
    const capsules = [];
    for (let index = 0; index < capsuleCount; index += 1) capsules.push(this.#capsule());
    const body = this.#bytes(bodyBytes);
    const conversationId = this.#conversationId;
    return { type: "message:send", conversationId, clientMessageId, body, capsules, lists };
  }

  end(): void {
    assertWellFormed(this.#at === this.#frame.length, "sends: trailing bytes");
  }

  #list(): MessageSend["lists"][number] {
    this.#need(listBytes);
    const account = this.#id() as AccountId;
    const version = this.#positive(this.#at);
    this.#zeros(this.#at + 4, 2);
    this.#at += 6;
    return { account, version };
  }

  #capsule(): AddressedCapsule {
    this.#need(capsuleHeadBytes);
    const account = this.#id() as AccountId;
    const device = this.#positive(this.#at);
    const dataBytes = this.#view.getUint16(this.#at + 4);
    assertWellFormed(
      dataBytes >= capsuleLeastBytes && dataBytes <= limits.capsuleBytes,
      "sends: capsule size",
    );
    this.#at += 6;
    return { account, device, data: this.#bytes(dataBytes) };
  }

  #id(): string {
    const start = (this.#at / 3) * 4;
    this.#zeros(this.#at + idBytes, paddedIdBytes - idBytes);
    this.#at += paddedIdBytes;
    return this.#text.slice(start, start + idChars);
  }

  #bytes(length: number): string {
    const size = padded(length);
    this.#need(size);
    const start = (this.#at / 3) * 4;
    this.#zeros(this.#at + length, size - length);
    this.#at += size;
    return this.#text.slice(start, start + base64UrlLength(length));
  }

  #count(at: number): number {
    const count = this.#view.getUint16(at);
    assertWellFormed(count <= limits.capsulesPerMessage, "sends: too many");
    return count;
  }

  #positive(at: number): number {
    const value = this.#view.getUint32(at);
    assertWellFormed(value > 0, "sends: zero");
    return value;
  }

  #zeros(at: number, count: number): void {
    for (let index = at; index < at + count; index += 1) {
      assertWellFormed(this.#frame[index] === 0, "sends: padding is not zero");
    }
  }

  #need(bytes: number): void {
    assertWellFormed(this.#at + bytes <= this.#frame.length, "sends: cut short");
  }
}
