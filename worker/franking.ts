/** The server's tags over messages, made when a member asks: nothing is computed while messages are sent (decision 116). */
import { decodeBase64url, encodeBase64url } from "#schema/envelope/base64url.ts";
import { bodyType, parseBody } from "#schema/envelope/body.ts";
import { frankingDayInput, frankingTagInput } from "#schema/envelope/franking-tag.ts";
import { groupBodyType, parseGroupBody } from "#schema/envelope/group-body.ts";
import type { MessageRecord } from "#schema/protocol/message.ts";
import { frankingKey, importKey } from "./secrets.ts";

/** `ft` of one message of the log, base64url; undefined for an entry without content. */
export async function tryFrankingTag(
  serverSecret: string,
  message: MessageRecord,
): Promise<string | undefined> {
  const commitment = tryCommitment(decodeBase64url(message.body));
  if (commitment === undefined) return undefined;
  const { conversationId, seq, sender, serverTimeMs } = message;
  const key = await importKey(await frankingKey(serverSecret));
  const day = await importKey(await hmac(key, frankingDayInput(serverTimeMs)));
  const input = frankingTagInput({
    commitment,
    conversationId: decodeBase64url(conversationId),
    sequence: seq,
    senderAccountId: decodeBase64url(sender.account),
    senderDeviceId: sender.device,
    serverTimeMs,
  });
  return encodeBase64url(await hmac(day, input));
}

function tryCommitment(body: Uint8Array): Uint8Array | undefined {
  if (body[1] === bodyType) return parseBody(body).commitment;
  return body[1] === groupBodyType ? parseGroupBody(body).commitment : undefined;
}

async function hmac(
  key: Awaited<ReturnType<typeof importKey>>,
  input: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, input));
}
