/**
 * Messages that share a row, because a row each costs more than what is in it: lists of ids and heads, each separated by commas, which
 * none of them contains, and bodies. How bodies are kept, and what a head says, is up to the table; its fields are separated by dots.
 */
import type { ClientMessageId, Sequence } from "../ids.ts";
import { splitBySize } from "../split.ts";

/** Messages of one row, and characters of their bodies: what has to be read to get one of them. */
export const packedMessages = 64;
const packedChars = 128 * 1024;

interface Packable {
  readonly seq: Sequence;
  readonly clientMessageId: ClientMessageId;
  readonly body: string;
}

export interface MessagePack {
  readonly firstSeq: Sequence;
  readonly lastSeq: Sequence;
  readonly ids: string;
  readonly heads: string;
  readonly bodies: readonly string[];
}

/** Packs `messages`, whose sequence numbers have no holes; the same messages always make the same packs. */
export function packMessages<Message extends Packable>(
  messages: readonly Message[],
  encodeHead: (message: Message) => string,
): MessagePack[] {
  return splitBySize(messages, ({ body }) => body.length, packedMessages, packedChars).map((part) => ({
    firstSeq: part[0]?.seq ?? 0,
    lastSeq: part.at(-1)?.seq ?? 0,
    ids: part.map(({ clientMessageId }) => clientMessageId).join(","),
    heads: part.map(encodeHead).join(","),
    bodies: part.map(({ body }) => body),
  }));
}

/** The messages of a pack from `first` to `last`, each with what `decodeHead` reads. */
export function unpackMessages<Head>(
  { firstSeq, ids, heads, bodies }: Omit<MessagePack, "lastSeq">,
  [first, last]: readonly [Sequence, Sequence],
  decodeHead: (head: string) => Head,
): (Head & Packable)[] {
  const [idList, headList] = [ids.split(","), heads.split(",")];
  const messages: (Head & Packable)[] = [];
  const end = Math.min(bodies.length, last - firstSeq + 1);
  for (let index = Math.max(0, first - firstSeq); index < end; index += 1) {
    messages.push({
      ...decodeHead(headList[index] ?? ""),
      seq: firstSeq + index,
      clientMessageId: (idList[index] ?? "") as ClientMessageId,
      body: bodies[index] ?? "",
    });
  }
  return messages;
}
