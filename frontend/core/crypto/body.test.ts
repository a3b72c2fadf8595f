import { expect, test } from "vitest";
import { encodeBodyHead, parseBody } from "#schema/envelope/body.ts";
import { concat } from "#schema/envelope/bytes.ts";
import { label } from "#schema/envelope/labels.ts";
import { openBody, sealBody } from "./body.ts";
import { type CborValue, decodeCbor, encodeCbor } from "./cbor.ts";
import { encodeContent, parseContent } from "./content.ts";
import { nobleProvider as provider } from "./noble-provider.ts";
import { pad, unpad } from "./padded.ts";

const fill = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
const code = (name: string): unknown => expect.objectContaining({ name: "CryptoError", code: name });

const content = {
  conversationId: fill(16, 1),
  clientMsgId: fill(16, 2),
  senderAccountId: fill(16, 3),
  senderDeviceId: 4,
  sentAtMs: 5,
  payload: { type: "text" as const, text: "Grüße \u{1f44b}" },
};
const sender = { accountId: content.senderAccountId, deviceId: 4 };
const sealed = sealBody(provider, content);
const key = {
  ...sealed,
  conversationId: content.conversationId,
  clientMsgId: content.clientMsgId,
  sentAtMs: 5,
};

test("a body opens to its content", () => {
  expect(openBody(provider, sealed.body, key, sender)).toEqual(content);
  const answer = { ...content, payload: { ...content.payload, replyTo: fill(16, 9) } };
  const other = sealBody(provider, answer);
  expect(openBody(provider, other.body, { ...key, ...other }, sender)).toEqual(answer);
  expect(parseBody(other.body).commitment).toEqual(other.commitment);
});

test("the same content sealed twice shares nothing", () => {
  const again = sealBody(provider, content);
  expect(again.bodyKey).not.toEqual(sealed.bodyKey);
  expect(again.commitment).not.toEqual(sealed.commitment);
});

test("a short message is 362 bytes whatever its length", () => {
  for (const length of [0, 1, 60, 120]) {
    const text = "x".repeat(length);
    expect(sealBody(provider, { ...content, payload: { type: "text", text } }).body.length).toBe(362);
  }
});

test.each([
  ["conversation in the capsule", { key: { conversationId: fill(16, 7) } }],
  ["message in the capsule", { key: { clientMsgId: fill(16, 7) } }],
  ["time in the capsule", { key: { sentAtMs: 6 } }],
  ["body hash", { key: { bodyHash: fill(32, 7) } }],
  ["sender's device", { sender: { deviceId: 5 } }],
])("[ATTACK 10] BAD_BINDING: another %s", (_, change: { key?: object; sender?: object }) => {
  expect(() =>
    openBody(provider, sealed.body, { ...key, ...change.key }, { ...sender, ...change.sender }),
  ).toThrow(code("BAD_BINDING"));
});

test("[ATTACK 10] another sender account opens no commitment", () => {
  expect(() => openBody(provider, sealed.body, key, { ...sender, accountId: fill(16, 7) })).toThrow(
    code("BAD_COMMITMENT"),
  );
});

test("[ATTACK 10] a relabelled head is another body, also for a peer who renews the hash", () => {
  const changed = Uint8Array.from(sealed.body);
  changed[2]! ^= 1;
  expect(() => openBody(provider, changed, key, sender)).toThrow(code("BAD_BINDING"));
  const bodyHash = provider.sha256(changed);
  expect(() => openBody(provider, changed, { ...key, bodyHash }, sender)).toThrow(code("BAD_BINDING"));
  const conversationId = changed.slice(2, 18);
  expect(() => openBody(provider, changed, { ...key, bodyHash, conversationId }, sender)).toThrow(
    code("BAD_TAG"),
  );
});

test("[ATTACK 5] every flipped byte of a body is refused", () => {
  for (let at = 0; at < sealed.body.length; at += 1) {
    const changed = Uint8Array.from(sealed.body);
    changed[at]! ^= 1 << (at % 8);
    expect(() => openBody(provider, changed, key, sender)).toThrow();
    const bodyHash = provider.sha256(changed);
    expect(() => openBody(provider, changed, { ...key, bodyHash }, sender)).toThrow();
  }
});

/** A body by a peer who follows no rule but the AEAD. */
function forge(plaintext: Uint8Array, commitment = fill(32, 0)): () => unknown {
  const nonce = fill(24, 1);
  const head = encodeBodyHead({ ...content, commitment, nonce });
  const body = concat(head, provider.seal(sealed.bodyKey, nonce, plaintext, concat(label("body"), head)));
  return () => openBody(provider, body, { ...key, bodyHash: provider.sha256(body) }, sender);
}

test("[ATTACK 14] BAD_PADDING: wrong bucket, wrong length, non-zero tail inside a valid AEAD", () => {
  const good = pad(fill(10, 1));
  const tail = Uint8Array.from(good).fill(1, 255);
  const length = Uint8Array.from(good).fill(255, 0, 4);
  const zero = concat(fill(512, 0));
  for (const plaintext of [tail, length, zero]) expect(forge(plaintext)).toThrow(code("BAD_PADDING"));
  expect(forge(fill(300, 0))).toThrow(code("MALFORMED"));
});

test("[ATTACK 67] BAD_COMMITMENT: a body whose commitment does not open is not shown", () => {
  const encoded = encodeContent(content);
  expect(forge(pad(concat(encoded, fill(32, 9))))).toThrow(code("BAD_COMMITMENT"));
  expect(forge(pad(fill(5, 0)))).toThrow(code("BAD_COMMITMENT"));
});

test("padding inverts at every length around a bucket", () => {
  for (const length of [0, 1, 251, 252, 253, 507, 508, 509, 1020, 1021, 65_536]) {
    const padded = pad(fill(length, 7));
    expect(unpad(padded)).toEqual(fill(length, 7));
  }
  expect(() => unpad(fill(3, 0))).toThrow(code("BAD_PADDING"));
});

const map = decodeCbor(encodeContent(content)) as ReadonlyMap<string, CborValue>;
const encodeWith = (changes: [string, CborValue][]): Uint8Array => encodeCbor(new Map([...map, ...changes]));

test("content: unknown keys are ignored, unknown types are named, a higher schema is UNSUPPORTED_VERSION", () => {
  expect(parseContent(encodeWith([["zz", 1]]))).toEqual(content);
  expect(parseContent(encodeWith([["t", "hologram"]])).payload).toEqual({
    type: "unsupported",
    typeName: "hologram",
  });
  expect(() => parseContent(encodeWith([["v", 2]]))).toThrow(code("UNSUPPORTED_VERSION"));
});

test.each<[string, CborValue]>([
  ["v", 0],
  ["v", "1"],
  ["c", fill(15, 1)],
  ["d", -1],
  ["d", 2 ** 32],
  ["s", "now"],
  ["x", fill(2, 1)],
  ["r", fill(15, 1)],
  ["t", 3],
])("content: MALFORMED for %s = %j", (name, value) => {
  expect(() => parseContent(encodeWith([[name, value]]))).toThrow(code("MALFORMED"));
});

test("content that is no map is MALFORMED", () => {
  expect(() => parseContent(encodeCbor([1]))).toThrow(code("MALFORMED"));
});
