/**
 * Recognises well-formed `message:send` frames several times faster than their schema does. It may refuse what the
 * schema takes (the schema then decides), never the reverse; fast-parse.test.ts holds the two together.
 */
import { groupKeyEntryBytes } from "#schema/envelope/group-body.ts";
import { base64UrlLength } from "#schema/ids.ts";
import { limits } from "#schema/limits.ts";
import type { MessageSend } from "#schema/protocol/message.ts";

type Fields = Readonly<Record<string, unknown>>;

const base64Url = /^[A-Za-z0-9_-]*$/;
/** The characters after which one (after two characters) or two (after three) bytes end without stray bits. */
const endsAfterTwo = "AQgw";
const endsAfterThree = "AEIMQUYcgkosw048";
const idChars = base64UrlLength(16);

export function tryMessageSend(json: unknown): MessageSend | undefined {
  if (!isObject(json, 6) || json["type"] !== "message:send") return undefined;
  const { conversationId, clientMessageId, body, capsules, lists } = json;
  const isMessage =
    isId(conversationId) &&
    isId(clientMessageId) &&
    isBytes(body, groupKeyEntryBytes, limits.bodyBytes) &&
    Array.isArray(capsules) &&
    capsules.length <= limits.capsulesPerMessage &&
    Array.isArray(lists) &&
    lists.length <= limits.capsulesPerMessage &&
    capsules.every(isCapsuleField) &&
    lists.every(isListField);
  // Every field was just checked to be what the type says.
  return isMessage ? (json as unknown as MessageSend) : undefined;
}

function isCapsuleField(value: unknown): boolean {
  return (
    isObject(value, 3) &&
    isId(value["account"]) &&
    isPositiveU32(value["device"]) &&
    isBytes(value["data"], 64, limits.capsuleBytes)
  );
}

function isListField(value: unknown): boolean {
  return isObject(value, 2) && isId(value["account"]) && isPositiveU32(value["version"]);
}

/** An object with exactly `keys` keys; together with that many required fields, it has no others. */
function isObject(value: unknown, keys: number): value is Fields {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === keys
  );
}

function isId(value: unknown): boolean {
  return typeof value === "string" && value.length === idChars && isCanonical(value);
}

function isBytes(value: unknown, minBytes: number, maxBytes: number): boolean {
  return (
    typeof value === "string" &&
    value.length >= base64UrlLength(minBytes) &&
    value.length <= base64UrlLength(maxBytes) &&
    isCanonical(value)
  );
}

function isCanonical(text: string): boolean {
  const last = text.charAt(text.length - 1);
  const rest = text.length % 4;
  if (rest === 1 || (rest === 2 && !endsAfterTwo.includes(last))) return false;
  return (rest !== 3 || endsAfterThree.includes(last)) && base64Url.test(text);
}

function isPositiveU32(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= 0xffffffff;
}
